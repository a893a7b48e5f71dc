import { sole } from "../part.js";
import { path } from "../parts/addresses.js";
import { step } from "../word.js";

export const removeFile = step({
  key: "remove-file",
  target: "files",
  describe: "A file is removed. It must exist: else the run is inconclusive.",
  example: "remove-file: /etc/stas/stafd.conf",
  says: sole("path", path),
});

import { sole } from "../part.js";
import { path } from "../parts/addresses.js";
import { step } from "../word.js";

export const removeFile = step({
  key: "remove-file",
  target: "files",
  describe: "A file is removed.",
  example: "remove-file: /etc/stas/stafd.conf",
  says: sole("path", path),
});

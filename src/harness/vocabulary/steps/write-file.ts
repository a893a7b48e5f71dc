import { path } from "../parts/addresses.js";
import { anyText } from "../parts/scalars.js";
import { record } from "../record.js";
import { step } from "../word.js";

export const writeFile = step({
  key: "write-file",
  target: "files",
  describe: "A file is written.",
  example: 'write-file: { path: /etc/stas/stafd.conf, text: "[Controllers]\\n" }',
  says: record({ path, text: anyText("the text of the file") }),
});

import { sole } from "../part.js";
import { choice } from "../parts/scalars.js";
import { step } from "../word.js";

export const disk = step({
  key: "disk",
  target: "files",
  describe: "full: writes fail with ENOSPC. torn: a kill in mid-write leaves the temporary file torn. ok: neither.",
  example: "disk: full",
  says: sole("state", choice(["ok", "full", "torn"])),
});

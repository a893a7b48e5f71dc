import { sole } from "../part.js";
import { choice } from "../parts/scalars.js";
import { step } from "../word.js";

export const disk = step({
  key: "disk",
  target: "files",
  describe:
    "full: writes fail with ENOSPC. read-only: they fail with EROFS. torn: a kill during a write leaves a torn temporary " +
    "file. ok: none of these.",
  example: "disk: full",
  says: sole("state", choice(["ok", "full", "read-only", "torn"])),
});

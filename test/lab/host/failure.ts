/** The lab cannot run (no packages, no emulator). The message is for a person; the run never passes. */
export class LabFailure extends Error {
  override readonly name = "LabFailure";
}

/** The lab cannot run at all (no packages, no emulator): a reason for a person, never a passed run. */
export class LabFailure extends Error {
  override readonly name = "LabFailure";
}

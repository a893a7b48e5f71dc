/** NVMe statuses of commands, as text (NVMe Base 2.1, figures 102 to 104; Connect: NVMe over Fabrics 1.1, figure 19). */

/** Status code and type; the bits above are CRD, More and Do Not Retry. */
const CODE_MASK = 0x7ff;

const MEANINGS: ReadonlyMap<number, string> = new Map([
  [0x001, "it does not know the command"],
  [0x002, "a field is not valid"],
  [0x004, "the data could not be transferred"],
  [0x006, "it has an internal error"],
  [0x007, "the command was aborted"],
  [0x00c, "the commands came in the wrong order"],
  [0x015, "the operation is denied"],
  [0x109, "it does not have this log page"],
  [0x12f, "the discovery information is not valid"],
  [0x132, "it has no room for more hosts"],
  [0x180, "the command's format does not fit"],
  [0x181, "it has no controller free"],
  [0x182, "it has no such subsystem at this address and port, or a parameter is not valid"],
  [0x183, "the discovery is to start again"],
  [0x184, "it does not admit this host"],
  [0x191, "it requires authentication"],
]);

/** Status code type 3: the host itself made it, on the way to a lost controller. */
export function isHostPathStatus(status: number): boolean {
  return (status & 0x700) === 0x300;
}

/** Why a controller refused a command, with the status as a number: `it has no controller free (NVMe status 0x4181)`. */
export function statusText(status: number): string {
  const lost = isHostPathStatus(status) ? "the connection was lost" : undefined;
  const words =
    lost ?? MEANINGS.get(status & CODE_MASK) ?? "the reason is not known: look at the log of the controller";
  return `${words} (NVMe status 0x${status.toString(16)})`;
}

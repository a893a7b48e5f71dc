/** Numbers shared by the structures of an NVMe Boot Firmware Table (Boot Specification, figures 5 and 7). */

/** Structure IDs: the first byte of each structure. */
export const NBFT_STRUCTURE = {
  control: 1,
  host: 2,
  hfi: 3,
  subsystem: 4,
  security: 5,
  discovery: 6,
  hfiTransportInfo: 7,
  subsystemExtendedInfo: 9,
  hfiExtendedInfo: 10,
} as const;

/** The only transport that the specification defines. */
export const NBFT_TRTYPE_TCP = 3;

/** A two-bit field of a flags word. */
export function twoBits(flags: number, shift: number): 0 | 1 | 2 | 3 {
  const value = (flags >>> shift) & 3;
  return value === 0 || value === 1 || value === 2 ? value : 3;
}

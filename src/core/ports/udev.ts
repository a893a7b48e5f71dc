/** A kernel uevent as the netlink socket gave it (group 1): NUL-separated text. */
export interface UeventEvent {
  readonly kind: "uevent";
  readonly message: Uint8Array;
}

/** The netlink socket overran: some uevents are lost for good (ENOBUFS or a truncated message). */
export interface UeventOverflowEvent {
  readonly kind: "uevent-overflow";
}

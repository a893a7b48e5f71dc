/** A kernel uevent as received from the netlink socket (group 1): NUL-separated text. */
export interface UeventEvent {
  readonly kind: "uevent";
  readonly message: Uint8Array;
}

/** The netlink socket overflowed: some uevents are lost for good (ENOBUFS or a truncated message). */
export interface UeventOverflowEvent {
  readonly kind: "uevent-overflow";
}

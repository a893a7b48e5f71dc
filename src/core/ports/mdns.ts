/** Multicast DNS as datagrams (RFC 6762): the group 224.0.0.251 or ff02::fb, port 5353. */
export interface MdnsPort {
  /**
   * Sends one datagram to the mDNS group on an interface. The first on an interface and family opens a socket there, which
   * joins the group and hears it until `leave`. One that cannot be sent is lost, as any datagram may be.
   */
  send(hostIface: string, family: "ipv4" | "ipv6", datagram: Uint8Array): void;
  /** Closes the sockets of an interface; without effect where there is none. */
  leave(hostIface: string): void;
}

/**
 * A datagram arrived from port 5353: our own, looped back, among them. What came from another port is no answer that counts
 * (RFC 6762, 6), and the adapter drops it.
 */
export interface MdnsDatagramEvent {
  readonly kind: "mdns-datagram";
  readonly hostIface: string;
  readonly family: "ipv4" | "ipv6";
  /** Source address, without scope. */
  readonly from: string;
  readonly datagram: Uint8Array;
}

/** Multicast DNS as datagrams (RFC 6762): the group 224.0.0.251 or ff02::fb, port 5353. */
export interface MdnsPort {
  /**
   * Sends one datagram to the mDNS group on an interface. The first one on an interface and family opens a socket, which
   * joins the group and receives until `leave`. A datagram that cannot be sent is lost, as any datagram may be.
   */
  send(hostIface: string, family: "ipv4" | "ipv6", datagram: Uint8Array): void;
  /** Closes the sockets of an interface. Does nothing if there are none. */
  leave(hostIface: string): void;
}

/**
 * A datagram arrived from port 5353. Our own datagrams, looped back, are among them. A response from another port is not
 * valid (RFC 6762, 6), so the adapter drops it.
 */
export interface MdnsDatagramEvent {
  readonly kind: "mdns-datagram";
  readonly hostIface: string;
  readonly family: "ipv4" | "ipv6";
  /** Source address, without scope. */
  readonly from: string;
  readonly datagram: Uint8Array;
}

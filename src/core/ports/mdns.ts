/** Multicast DNS as datagrams. */
export interface MdnsPort {
  /** Sends one datagram to the mDNS group on an interface. */
  send(hostIface: string, family: "ipv4" | "ipv6", datagram: Uint8Array): void;
}

export interface MdnsDatagramEvent {
  readonly kind: "mdns-datagram";
  readonly hostIface: string;
  /** Source address. */
  readonly from: string;
  readonly datagram: Uint8Array;
}

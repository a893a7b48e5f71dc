/** One entry of a discovery log page (NVMe-oF 1.1, 5.3; TP8009). */
import type { Transport } from "./transport-id.js";

/** Length of the page's header and of each entry, in bytes. */
export const DISCOVERY_RECORD_BYTES = 1024;

/** What the entry describes. Other values stay numbers. */
export type EntrySubtype = "referral" | "nvme" | "current-discovery" | number;

/** EFLAGS bit 2 of TP8010: No CDC Connectivity. */
export const EFLAG_NCC = 1 << 2;

export interface DiscoveryLogEntry {
  /** A transport that this project connects over, or the raw TRTYPE. */
  readonly trtype: Transport | number;
  /** 1 IPv4, 2 IPv6, 3 InfiniBand, 4 Fibre Channel. */
  readonly adrfam: number;
  readonly subtype: EntrySubtype;
  readonly treq: number;
  readonly portid: number;
  readonly cntlid: number;
  readonly asqsz: number;
  readonly eflags: number;
  /** Text fields without their padding (NUL or space). */
  readonly trsvcid: string;
  readonly subnqn: string;
  readonly traddr: string;
  /** TSAS as raw bytes in hex, trailing zeros cut. */
  readonly tsas: string;
}

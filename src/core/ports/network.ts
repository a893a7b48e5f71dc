import type { Milliseconds } from "../domain/units.js";
import type { OsFailure, RequestId } from "./request.js";

export interface NetworkInterface {
  readonly name: string;
  /** Lower case, colon-separated; empty if the interface has none. */
  readonly mac: string;
  /** Addresses without prefix length, primary first. A link-local address has no scope. */
  readonly addresses: readonly string[];
  /** Present if the interface is switched off or has no carrier. It keeps its addresses. */
  readonly down?: true;
}

export interface ProbeTarget {
  readonly traddr: string;
  readonly trsvcid: string;
  /** Source address to bind to, or empty. */
  readonly hostTraddr: string;
  /** Interface to bind to, or empty. */
  readonly hostIface: string;
  /** `tcp`: a TCP connect. `nvme-tcp`: also the NVMe/TCP ICReq/ICResp exchange. */
  readonly depth: "tcp" | "nvme-tcp";
  readonly timeout: Milliseconds;
}

export interface HostInfo {
  readonly hostName: string;
  /** `Linux 6.12.48`. */
  readonly kernel: string;
  /** NAME (or PRETTY_NAME) and VERSION_ID of os-release, for registration. */
  readonly osName: string;
  readonly osVersion: string;
}

export interface NetworkPort {
  interfaces(): readonly NetworkInterface[];
  hostInfo(): HostInfo;
  /** Resolves a host name to its addresses. */
  resolve(request: RequestId, name: string): void;
  /** Probes an address from user space, so that a silent peer never blocks the kernel's connect queue. */
  probe(request: RequestId, target: ProbeTarget): void;
}

/** Interfaces or addresses changed. */
export interface NetworkChangedEvent {
  readonly kind: "network-changed";
}

export interface ResolvedEvent {
  readonly kind: "resolved";
  readonly request: RequestId;
  readonly result: { readonly ok: true; readonly addresses: readonly string[] } | OsFailure;
}

/** A probe ended. EBADMSG (74): the peer answered, but not like an NVMe/TCP target. */
export interface ProbedEvent {
  readonly kind: "probed";
  readonly request: RequestId;
  readonly result: { readonly ok: true } | OsFailure;
}

/**
 * The spec of a simulated world, as plain records. The scenario language (src/harness/vocabulary) decodes into these.
 * actions.ts lists what can be done to a world.
 */
import type { Transport } from "../../core/domain/transport-id.js";
import type { Milliseconds } from "../../core/domain/units.js";
import type { ServiceName } from "../../core/ports/bus.js";

export const KERNEL_VERSIONS = ["5.14", "6.1", "6.12"] as const;

export type KernelVersion = (typeof KERNEL_VERSIONS)[number];

/** A name given in the scenario (`dc1`, `vol1`). */
export type FabricId = string;

export interface WorldSpec {
  readonly seed: number;
  readonly host: HostSpec;
  readonly network: NetworkSpec;
  readonly fabric: FabricSpec;
}

export interface HostSpec {
  readonly kernel: KernelSpec;
  readonly nqn: string;
  readonly id: string;
  readonly name: string;
  /** `one`: staf and stac in one process. `two`: one process each, over D-Bus. */
  readonly processes: "one" | "two";
  /** `udev-rule`: unless overridden, the rule follows discovery controllers and its unit connects what they list. */
  readonly nvmeCli: "absent" | "udev-rule";
  readonly interfaces: readonly InterfaceSpec[];
  /** Absolute path to text. */
  readonly files: Readonly<Record<string, string>>;
  /** Absolute path to bytes in hex: boot firmware tables. */
  readonly binaryFiles: Readonly<Record<string, string>>;
}

export interface KernelSpec {
  readonly version: KernelVersion;
  readonly controllers: readonly InitialControllerSpec[];
  /** Absent: `/dev/nvme-fabrics` is there from the start. */
  readonly fabricsDevice?: "absent";
  /** How many uevents fit in the netlink socket of a process before it overflows. */
  readonly ueventBuffer: number;
  /** How long the attributes take to fill in after `add`, beyond the nominal connect. */
  readonly attributesAfter: Milliseconds;
  /** Each latency is drawn from nominal +- this share. 0: always nominal. */
  readonly jitter: number;
}

/** Who wrote the connect string. */
export type MadeBy = "stas" | "nvme-cli" | "administrator" | "nbft" | "bios";

/** A controller that exists before the daemon starts. */
export type InitialControllerSpec =
  | {
      readonly kind: "connected";
      readonly madeBy: MadeBy;
      /** A discovery controller or subsystem of the fabric. */
      readonly to: FabricId;
      readonly hostNqn?: string;
      readonly hostId?: string;
      readonly hostTraddr?: string;
      readonly hostIface?: string;
      /** The NQN in the connect string, if it is not the peer's own: the well-known instead of a unique discovery NQN. */
      readonly nqn?: string;
      readonly state: "live" | "connecting";
    }
  | {
      readonly kind: "sysfs";
      readonly madeBy: MadeBy;
      readonly name: string;
      /** Attributes as a real kernel showed them. The simulation serves the text unchanged. */
      readonly attributes: Readonly<Record<string, string>>;
    };

export interface InterfaceSpec {
  readonly name: string;
  readonly mac: string;
  /** Other names that the kernel accepts for it, but getifaddrs does not show. Absent: none. */
  readonly altnames?: readonly string[];
  /** With prefix length: `192.168.1.10/24`. */
  readonly addresses: readonly string[];
}

/** `down` fails at once (no route). `silent` loses every packet. */
export type LinkState = "up" | "down" | "silent";

export interface NetworkSpec {
  /** Links by host interface. An interface that is not listed is up. `latency`: one way. */
  readonly links: readonly {
    readonly hostIface: string;
    readonly state: LinkState;
    readonly latency: Milliseconds;
  }[];
  /** Routes to destinations outside the subnets. */
  readonly routes: readonly {
    readonly to: string;
    readonly hostIface: string;
    readonly state: LinkState;
  }[];
  readonly names: Readonly<Record<string, NameAnswer>>;
  readonly responders: readonly ResponderSpec[];
  readonly avahi: "up" | "down" | "absent";
}

/** The resolver's answer for a name. `rotate`: each answer starts one address later. */
export type NameAnswer =
  | {
      readonly kind: "addresses";
      readonly addresses: readonly string[];
      readonly rotate: boolean;
      readonly after: Milliseconds;
    }
  | { readonly kind: "fails"; readonly after: Milliseconds }
  | { readonly kind: "silent" };

/** A service that is announced over mDNS on a link. */
export interface ResponderSpec {
  readonly id: string;
  /** How many hosts announce it, at the same addresses. Each numbers its instance and host name, from 1. */
  readonly hosts: number;
  /** Whether the answer for a PTR record brings the service's other records too. */
  readonly additional: boolean;
  readonly hostIface: string;
  readonly instance: string;
  readonly type: "_nvme-disc._tcp" | "_nvme-disc._udp";
  readonly hostName: string;
  readonly addresses: readonly string[];
  readonly port: number;
  readonly txt: readonly string[];
  readonly ttl: Milliseconds;
  readonly announced: boolean;
}

/** How a listening address treats a TCP connection. */
export type ListenerState = "up" | "refuses" | "silent" | "closes" | "garbage" | "unreachable";

export interface ListenSpec {
  readonly transport: Transport;
  readonly traddr: string;
  readonly trsvcid: string;
  readonly state: ListenerState;
}

export interface FabricSpec {
  readonly discoveryControllers: readonly DiscoveryControllerSpec[];
  readonly subsystems: readonly SubsystemSpec[];
}

export interface DiscoveryControllerSpec {
  readonly id: FabricId;
  /** `plain`: dctype none, as on the kernel's own target. */
  readonly kind: "plain" | "cdc" | "ddc";
  readonly listen: readonly ListenSpec[];
  /** A unique NQN (TP8013). Absent: the well-known NQN. */
  readonly nqn?: string;
  readonly entries: readonly EntrySpec[];
  readonly answers: readonly AnswerSpec[];
  /** PLEOS in Supported Log Pages. False: rejects that page, as the kernel's target does. */
  readonly pleo: boolean;
  readonly extdlpes: boolean;
  readonly padding: "nul" | "space";
  /** Whether it sends AENs. Absent: it does. */
  readonly aens?: boolean;
  /** `ignored`: it answers no keep-alive. `refused`: it rejects a Connect with a keep-alive timeout. Absent: it answers. */
  readonly keepAlive?: "ignored" | "refused";
  /** Absent: it authenticates no host. */
  readonly dhchap?: DhchapKeys;
}

/** One record of a discovery log page. */
export type EntrySpec =
  | {
      readonly kind: "subsystem";
      readonly id: FabricId;
      readonly ncc: boolean;
      readonly listen?: number;
    }
  | { readonly kind: "referral"; readonly id: FabricId }
  | { readonly kind: "raw"; readonly fields: RawEntryFields };

/** Missing fields default to those of an NVM subsystem entry over TCP. Numbers go onto the wire unchanged. */
export interface RawEntryFields {
  readonly trtype?: number;
  readonly adrfam?: number;
  readonly subtype?: number;
  readonly treq?: number;
  readonly portid?: number;
  readonly cntlid?: number;
  readonly asqsz?: number;
  readonly eflags?: number;
  readonly trsvcid?: string;
  readonly subnqn?: string;
  readonly traddr?: string;
  /** Total length that the entry claims if extended entries are requested (TP8010). Absent: the true length. */
  readonly tel?: number;
}

/** A scripted answer to an admin command. */
export interface AnswerSpec {
  /** Log page identifier, for Get Log Page. */
  readonly lid?: number;
  readonly opcode?: number;
  /** NVMe status of the answer, such as 0x6002. */
  readonly status?: number;
  /** errno of the answer. */
  readonly errno?: number;
  /** Delay before the answer. */
  readonly after?: Milliseconds;
  /** The number of records that the header claims. */
  readonly numrec?: number;
  /** How many times the generation counter changes between two reads. */
  readonly genctrMoves?: number;
  /** How many times this answer is given. Absent: always. */
  readonly times?: number;
}

export interface SubsystemSpec {
  readonly id: FabricId;
  readonly nqn: string;
  readonly listen: readonly ListenSpec[];
  /** Host NQNs that may connect. Absent: any. */
  readonly allowedHosts?: readonly string[];
  readonly namespaces: number;
  /** How many controllers it has for all hosts together. Absent: enough. */
  readonly controllers?: number;
  /** `per-address`: each address numbers its controllers on its own. Absent: no two have the same controller id. */
  readonly cntlids?: "per-address";
  /** Absent: it authenticates no host. */
  readonly dhchap?: DhchapKeys;
}

/** The keys of DH-HMAC-CHAP that a target knows: the host's, and its own if the host may ask for it. */
export interface DhchapKeys {
  readonly secret: string;
  readonly ctrlSecret?: string;
}

/** How a Connect command fails: by an NVMe status such as 0x4181, or on the host. */
export type ConnectFailure =
  { readonly kind: "status"; readonly status: number } | { readonly kind: "errno"; readonly errno: number };

/** A fault on the way of uevents to the daemon. */
export type UeventFault =
  | { readonly kind: "pass" }
  | {
      readonly kind: "lose";
      readonly count: number;
      readonly device?: string;
      readonly action?: string;
    }
  | {
      readonly kind: "delay";
      readonly by: Milliseconds;
      readonly count: number;
    }
  | { readonly kind: "double"; readonly count: number }
  | { readonly kind: "truncate"; readonly count: number }
  /** Uevents of other subsystems and of foreign block devices, all at once. */
  | { readonly kind: "flood"; readonly count: number }
  /** The socket overruns now and loses what waits in it. */
  | { readonly kind: "overflow" };

/**
 * A fault on the way of mDNS datagrams to the daemon. Later datagrams overtake a delayed one. `thin` loses a share of all
 * datagrams, queries too, until the next fault.
 */
export type MdnsFault =
  | { readonly kind: "pass" }
  | { readonly kind: "lose"; readonly count: number }
  | { readonly kind: "thin"; readonly percent: number }
  | { readonly kind: "double"; readonly count: number }
  | { readonly kind: "delay"; readonly by: Milliseconds; readonly count: number };

export type ProcessTarget = ServiceName | "both";

/**
 * What a simulated world is made of. Plain records: the scenario language (src/harness/vocabulary) decodes into these.
 * What can be done to a world: actions.ts.
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
  /** `one`: staf and stac in one process; `two`: apart, over D-Bus. */
  readonly processes: "one" | "two";
  /** `udev-rule`: its rule follows discovery controllers while nothing overrides it, and its unit connects what they list. */
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
  /** How many uevents fit the netlink socket of a process before it overflows. */
  readonly ueventBuffer: number;
  /** How long after `add` the attributes fill in, beyond the nominal connect. */
  readonly attributesAfter: Milliseconds;
  /** Each latency is drawn from nominal +- this share (0: nominal). */
  readonly jitter: number;
}

/** Who wrote the connect string. */
export type MadeBy = "stas" | "nvme-cli" | "administrator" | "nbft" | "bios";

/** A controller that is there before the daemon starts. */
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
      /** NQN asked for, where it is not the peer's own (well-known against unique discovery NQN). */
      readonly nqn?: string;
      readonly state: "live" | "connecting";
    }
  | {
      readonly kind: "sysfs";
      readonly madeBy: MadeBy;
      readonly name: string;
      /** Attributes as a real kernel showed them; the listed text is served unchanged. */
      readonly attributes: Readonly<Record<string, string>>;
    };

export interface InterfaceSpec {
  readonly name: string;
  readonly mac: string;
  /** With prefix length: `192.168.1.10/24`. */
  readonly addresses: readonly string[];
}

/** `up`; `down` fails loudly (no route); `silent` loses every packet. */
export type LinkState = "up" | "down" | "silent";

export interface NetworkSpec {
  /** Links by host interface; one that is not named is up. `latency`: one way. */
  readonly links: readonly {
    readonly hostIface: string;
    readonly state: LinkState;
    readonly latency: Milliseconds;
  }[];
  /** Destinations beyond the subnets. */
  readonly routes: readonly {
    readonly to: string;
    readonly hostIface: string;
    readonly state: LinkState;
  }[];
  readonly names: Readonly<Record<string, NameAnswer>>;
  readonly responders: readonly ResponderSpec[];
  readonly avahi: "up" | "down" | "absent";
}

/** What the resolver answers for a name. `rotate`: each answer starts one address later. */
export type NameAnswer =
  | {
      readonly kind: "addresses";
      readonly addresses: readonly string[];
      readonly rotate: boolean;
      readonly after: Milliseconds;
    }
  | { readonly kind: "fails"; readonly after: Milliseconds }
  | { readonly kind: "silent" };

/** A service announced over mDNS on a link. */
export interface ResponderSpec {
  readonly id: string;
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
  /** `plain`: dctype none, as the kernel's own target. */
  readonly kind: "plain" | "cdc" | "ddc";
  readonly listen: readonly ListenSpec[];
  /** A unique NQN (TP8013), or the well-known one where absent. */
  readonly nqn?: string;
  readonly entries: readonly EntrySpec[];
  readonly answers: readonly AnswerSpec[];
  /** PLEOS in Supported Log Pages; where false the page is rejected as the kernel's target does. */
  readonly pleo: boolean;
  readonly extdlpes: boolean;
  readonly padding: "nul" | "space";
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

/** Fields that are not given are those of an NVM subsystem entry over TCP. Numbers go onto the wire as they are. */
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
  /** Total length that it claims where extended entries are asked for (TP8010); the truth where absent. */
  readonly tel?: number;
}

/** An answer out of the ordinary to an admin command of a controller. */
export interface AnswerSpec {
  /** Log page identifier, for Get Log Page. */
  readonly lid?: number;
  readonly opcode?: number;
  /** NVMe status to answer with, such as 0x6002. */
  readonly status?: number;
  /** errno to answer with. */
  readonly errno?: number;
  /** The command is answered only after this long. */
  readonly after?: Milliseconds;
  /** The header claims this many records. */
  readonly numrec?: number;
  /** The generation counter changes between two reads, this many times. */
  readonly genctrMoves?: number;
  /** How often this answer is given; absent: always. */
  readonly times?: number;
}

export interface SubsystemSpec {
  readonly id: FabricId;
  readonly nqn: string;
  readonly listen: readonly ListenSpec[];
  /** Host NQNs that may connect; absent: any. */
  readonly allowedHosts?: readonly string[];
  readonly namespaces: number;
}

/** What a step does to uevents on their way to the daemon. */
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
  /** The socket overruns now: what waits in it is lost. */
  | { readonly kind: "overflow" };

/** What a step does to mDNS datagrams on their way to the daemon; a delayed one is overtaken by those that follow. */
export type MdnsFault =
  | { readonly kind: "pass" }
  | { readonly kind: "lose"; readonly count: number }
  | { readonly kind: "double"; readonly count: number }
  | { readonly kind: "delay"; readonly by: Milliseconds; readonly count: number };

export type ProcessTarget = ServiceName | "both";

/**
 * The NVMe Boot Firmware Table: what firmware that boots over a fabric tells the operating system of its own connections
 * (NVM Express Boot Specification 1.0 and 1.1). An empty string means "not given", and index 0 "none". Addresses are in
 * their canonical spelling (see `canonicalAddress`).
 */
import type { Seconds } from "./units.js";

export interface NbftTable {
  /** Minor revision of the specification; the major one is 1. */
  readonly minorRevision: number;
  readonly host: NbftHost;
  readonly hfis: readonly NbftHfi[];
  readonly securityProfiles: readonly NbftSecurityProfile[];
  readonly discoveryControllers: readonly NbftDiscoveryController[];
  readonly subsystems: readonly NbftSubsystem[];
  /** Descriptors that are marked valid and cannot be read. They are in no list above. */
  readonly faults: readonly NbftFault[];
}

/** Which list of the table a descriptor stands in. */
export type NbftList = "HFI" | "security" | "discovery" | "subsystem";

export interface NbftFault {
  readonly list: NbftList;
  /** Place in its list, from 1; a descriptor's own index may be what cannot be read. */
  readonly position: number;
  /** A phrase of ours: `NBFT discovery descriptor: its URI lies outside the heap`. */
  readonly problem: string;
}

/** Whether this table is the one to follow where a host has several. */
export type NbftPrimary = "not-indicated" | "unselected" | "selected" | "reserved";

export interface NbftHost {
  readonly nqn: string;
  /** An administrator gave the NQN; otherwise it is the firmware's own default. */
  readonly nqnConfigured: boolean;
  /**
   * UUID, its bytes in the order of the table, as libnvme prints it. EDK2 writes it as UEFI stores a GUID, so it can read
   * otherwise than the UUID within the NQN; connections that were made from the table carry it as it is here.
   */
  readonly id: string;
  readonly idConfigured: boolean;
  readonly primary: NbftPrimary;
}

/** A host fabric interface, as the firmware had it set up. The specification knows NVMe/TCP alone. */
export interface NbftHfi {
  /** Other descriptors name it by this number, which need not be its place in the list. */
  readonly index: number;
  readonly transport: "tcp";
  /** As sysfs spells a PCI function: `0000:40:00.0`. */
  readonly pci: string;
  /** PCIe segment in flit mode (1.1); 0: not in flit mode. */
  readonly pcieSegment: number;
  /** Lower case, colon separated. */
  readonly mac: string;
  /** 0: none. */
  readonly vlan: number;
  /** NL_PREFIX_ORIGIN of Windows: 1 manual, 3 DHCP, 4 router advertisement; 0: not used. */
  readonly ipOrigin: number;
  readonly address: string;
  readonly prefixLength: number;
  readonly gateway: string;
  /** 0: the firmware does not route. */
  readonly routeMetric: number;
  readonly primaryDns: string;
  readonly secondaryDns: string;
  /** Who gave the address; empty unless `dhcp`. */
  readonly dhcpServer: string;
  readonly hostName: string;
  /** The firmware's default route went through this interface. */
  readonly defaultRoute: boolean;
  readonly dhcp: boolean;
  /** Set up by router advertisement or the like (1.1). */
  readonly autoconfigured: boolean;
  /** With which identity the firmware asked for its lease (1.1). */
  readonly dhcpClient: NbftDhcpClient | undefined;
}

/** RFC 4361. */
export interface NbftDhcpClient {
  readonly iaid: number | undefined;
  /** Hex, in the table's order of bytes. */
  readonly duid: string;
}

/** How far a subsystem goes with a kind of protection, as the firmware saw it. */
export type NbftRequirement = "not-supported" | "not-required" | "required" | "reserved";

/** Who made the list of allowed values. */
export type NbftPolicy = "none" | "driver" | "administrator" | "reserved";

/**
 * What a connection must do to be let in. Where the key lies is told by the table and is not read: only that it does.
 */
export interface NbftSecurityProfile {
  readonly index: number;
  /** DH-HMAC-CHAP and its like. */
  readonly authentication: NbftRequirement;
  readonly authenticationPolicy: NbftPolicy;
  readonly authenticationProtocols: readonly number[];
  /** TLS. */
  readonly secureChannel: NbftRequirement;
  readonly secureChannelPolicy: NbftPolicy;
  /** SECTYPE of the NVMe/TCP transport. */
  readonly secureChannelAlgorithms: readonly number[];
  /** The list's bytes; empty: any will do. So with the next two. */
  readonly cipherSuites: readonly number[];
  readonly dhGroups: readonly number[];
  readonly hashFunctions: readonly number[];
  /** Bits; 1 << 1: the key is an object that Redfish serves. */
  readonly secretType: number;
  readonly hasSecretKeypath: boolean;
}

/** The address of a controller in an NVMe-oF URI: `nvme+tcp://192.168.1.20:8009/` (Boot Specification, 1.5.7). */
export interface NvmeUri {
  /** What follows `nvme+`, in lower case; it may be one that nothing here connects over. */
  readonly transport: string;
  /** An address, or a host name in lower case. Never with user information. */
  readonly host: string;
  readonly port: number | undefined;
}

export interface NbftDiscoveryController {
  readonly index: number;
  readonly hfi: number;
  readonly securityProfile: number;
  readonly uri: NvmeUri | undefined;
  /** Empty: the well-known one. */
  readonly nqn: string;
}

/** Of which namespace a record speaks. */
export type NbftNamespaceId =
  | { readonly kind: "none" }
  /** Hex: 16 digits of an EUI-64, 32 of an NGUID. */
  | { readonly kind: "eui64" | "nguid"; readonly hex: string }
  | { readonly kind: "uuid"; readonly uuid: string }
  /** A type that has no name yet: its number and all 16 bytes. */
  | { readonly kind: "other"; readonly type: number; readonly hex: string };

export type NbftAvailability = "not-indicated" | "available" | "unavailable" | "reserved";

/** A namespace that the firmware was to boot from, and its subsystem (SSNS). */
export interface NbftSubsystem {
  readonly index: number;
  readonly transport: "tcp";
  readonly traddr: string;
  readonly trsvcid: string;
  readonly subsysnqn: string;
  readonly portId: number;
  /** 0: `namespaceId` says which. */
  readonly nsid: number;
  readonly namespaceId: NbftNamespaceId;
  /** HFIs that lead to it, the primary one first, each once. */
  readonly hfis: readonly number[];
  /** The discovery controller that listed it. */
  readonly discoveryController: number;
  readonly securityProfile: number;
  readonly hdrDigest: boolean;
  readonly dataDigest: boolean;
  /** Not for booting from: for later. */
  readonly nonBootable: boolean;
  /** Told by a DHCP root path. */
  readonly fromDhcpRootPath: boolean;
  /** Its discovery controller is at another address. */
  readonly separateDiscovery: boolean;
  readonly discovered: boolean;
  readonly availability: NbftAvailability;
  readonly extended: NbftSubsystemExtended | undefined;
}

export interface NbftSubsystemExtended {
  /** 0: not given. */
  readonly cntlid: number;
  readonly asqsz: number;
  /** An administrator gave `asqsz`; otherwise it was found or assumed. */
  readonly asqszConfigured: boolean;
  readonly dhcpRootPath: string;
  /** Why it was not available (1.1). */
  readonly diagnostic: NbftDiagnostic | undefined;
}

/** Codes of the Boot Specification 1.1, figure of the SSNS extended information. */
export interface NbftDiagnostic {
  /** Namespace availability. */
  readonly naed: number;
  /** Connect invalid parameters. */
  readonly cipeec: number;
  /** Network and connection. */
  readonly nceec: number;
  readonly connectTimeout: Seconds | undefined;
}

/** The HFI of that index; `undefined` where there is none, or several, so that none is meant. */
export function nbftHfi(table: NbftTable, index: number): NbftHfi | undefined {
  return theOnly(table.hfis, index);
}

/** The security profile of that index; `undefined` where there is none, or several, so that none is meant. */
export function nbftSecurityProfile(table: NbftTable, index: number): NbftSecurityProfile | undefined {
  return theOnly(table.securityProfiles, index);
}

function theOnly<T extends { readonly index: number }>(list: readonly T[], index: number): T | undefined {
  const found = index === 0 ? [] : list.filter((one) => one.index === index);
  return found.length === 1 ? found[0] : undefined;
}

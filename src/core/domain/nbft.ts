/**
 * The NVMe Boot Firmware Table: firmware that boots over a fabric describes its connections to the operating system
 * (NVM Express Boot Specification 1.0 and 1.1). An empty string means "not given", and index 0 means "none". Addresses
 * are in their canonical spelling (see `canonicalAddress`).
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
  /** Descriptors that are marked valid but cannot be read. The lists above leave them out. */
  readonly faults: readonly NbftFault[];
}

/** The list that holds a descriptor. */
export type NbftList = "HFI" | "security" | "discovery" | "subsystem";

export interface NbftFault {
  readonly list: NbftList;
  /** Position in its list, from 1. The descriptor's own index may be the part that cannot be read. */
  readonly position: number;
  /** A phrase from this project: `NBFT discovery descriptor: its URI lies outside the heap`. */
  readonly problem: string;
}

/** Whether to follow this table if a host has several. */
export type NbftPrimary = "not-indicated" | "unselected" | "selected" | "reserved";

export interface NbftHost {
  readonly nqn: string;
  /** True if an administrator set the NQN, false if it is the firmware's default. */
  readonly nqnConfigured: boolean;
  /**
   * UUID, with its bytes in table order, as libnvme prints it. EDK2 writes it as UEFI stores a GUID, so it can differ
   * from the UUID in the NQN. Connections made from the table carry it as shown here.
   */
  readonly id: string;
  readonly idConfigured: boolean;
  readonly primary: NbftPrimary;
}

/** A host fabric interface, as the firmware configured it. The specification covers NVMe/TCP only. */
export interface NbftHfi {
  /** Other descriptors refer to it by this number, which need not be its position in the list. */
  readonly index: number;
  readonly transport: "tcp";
  /** A PCI function in sysfs notation: `0000:40:00.0`. */
  readonly pci: string;
  /** PCIe segment in flit mode (1.1); 0: not in flit mode. */
  readonly pcieSegment: number;
  /** Lower case, colon-separated. */
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
  /** The server that assigned the address; empty unless `dhcp`. */
  readonly dhcpServer: string;
  readonly hostName: string;
  /** The firmware's default route went through this interface. */
  readonly defaultRoute: boolean;
  readonly dhcp: boolean;
  /** Configured automatically, by router advertisement for example (1.1). */
  readonly autoconfigured: boolean;
  /** The identity that the firmware used to request its lease (1.1). */
  readonly dhcpClient: NbftDhcpClient | undefined;
}

/** RFC 4361. */
export interface NbftDhcpClient {
  readonly iaid: number | undefined;
  /** Hex, in table byte order. */
  readonly duid: string;
}

/** How a subsystem treats one kind of protection, as the firmware saw it. */
export type NbftRequirement = "not-supported" | "not-required" | "required" | "reserved";

/** Who set the list of allowed values. */
export type NbftPolicy = "none" | "driver" | "administrator" | "reserved";

/** What a connection must do to be admitted. The table gives the path of the key; only its presence is read. */
export interface NbftSecurityProfile {
  readonly index: number;
  /** In-band authentication, such as DH-HMAC-CHAP. */
  readonly authentication: NbftRequirement;
  readonly authenticationPolicy: NbftPolicy;
  readonly authenticationProtocols: readonly number[];
  /** TLS. */
  readonly secureChannel: NbftRequirement;
  readonly secureChannelPolicy: NbftPolicy;
  /** SECTYPE of the NVMe/TCP transport. */
  readonly secureChannelAlgorithms: readonly number[];
  /** The bytes of the list; empty: any value is allowed. The next two work the same way. */
  readonly cipherSuites: readonly number[];
  readonly dhGroups: readonly number[];
  readonly hashFunctions: readonly number[];
  /** A bit mask; 1 << 1: the key is an object that Redfish serves. */
  readonly secretType: number;
  readonly hasSecretKeypath: boolean;
}

/** The address of a controller in an NVMe-oF URI: `nvme+tcp://192.168.1.20:8009/` (Boot Specification, 1.5.7). */
export interface NvmeUri {
  /** The text after `nvme+`, in lower case. This project may not support the transport. */
  readonly transport: string;
  /** An address, or a host name in lower case. Never holds user information. */
  readonly host: string;
  readonly port: number | undefined;
}

export interface NbftDiscoveryController {
  readonly index: number;
  readonly hfi: number;
  readonly securityProfile: number;
  readonly uri: NvmeUri | undefined;
  /** Empty: the well-known discovery NQN. */
  readonly nqn: string;
}

/** The namespace that a record means. */
export type NbftNamespaceId =
  | { readonly kind: "none" }
  /** Hex: 16 digits of an EUI-64, 32 of an NGUID. */
  | { readonly kind: "eui64" | "nguid"; readonly hex: string }
  | { readonly kind: "uuid"; readonly uuid: string }
  /** A type without a name yet: its number and all 16 bytes. */
  | { readonly kind: "other"; readonly type: number; readonly hex: string };

export type NbftAvailability = "not-indicated" | "available" | "unavailable" | "reserved";

/** A namespace that the firmware was configured to boot from, and its subsystem (SSNS). */
export interface NbftSubsystem {
  readonly index: number;
  readonly transport: "tcp";
  readonly traddr: string;
  readonly trsvcid: string;
  readonly subsysnqn: string;
  readonly portId: number;
  /** 0: `namespaceId` identifies the namespace. */
  readonly nsid: number;
  readonly namespaceId: NbftNamespaceId;
  /** HFIs that reach it, the primary one first, without duplicates. */
  readonly hfis: readonly number[];
  /** The discovery controller that listed it. */
  readonly discoveryController: number;
  readonly securityProfile: number;
  readonly hdrDigest: boolean;
  readonly dataDigest: boolean;
  /** Not meant for booting, but for use after boot. */
  readonly nonBootable: boolean;
  /** It comes from a DHCP root path. */
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
  /** True if an administrator set `asqsz`, false if the firmware discovered or assumed it. */
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

/** The HFI with that index; `undefined` if there is none, or more than one (ambiguous). */
export function nbftHfi(table: NbftTable, index: number): NbftHfi | undefined {
  return theOnly(table.hfis, index);
}

/** The security profile with that index; `undefined` if there is none, or more than one (ambiguous). */
export function nbftSecurityProfile(table: NbftTable, index: number): NbftSecurityProfile | undefined {
  return theOnly(table.securityProfiles, index);
}

function theOnly<T extends { readonly index: number }>(list: readonly T[], index: number): T | undefined {
  const found = index === 0 ? [] : list.filter((one) => one.index === index);
  return found.length === 1 ? found[0] : undefined;
}

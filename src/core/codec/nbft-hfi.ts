/** HFI descriptors of an NVMe Boot Firmware Table and their TCP transport information (Boot Specification, 3.1.2.4). */
import type { NbftDhcpClient, NbftHfi } from "../domain/nbft.js";
import type { NbftDescriptor } from "./nbft-descriptor.js";
import { NBFT_STRUCTURE, NBFT_TRTYPE_TCP } from "./nbft-structures.js";
import { toHex } from "./text.js";

export const HFI_BYTES = 32;

/** The longest host name, with its domain (RFC 1035). */
const HOST_NAME_BYTES_MAX = 255;

/** A DUID is at most 128 bytes, after a type of 2 bytes (RFC 8415, 11.1). */
const DUID_BYTES_MAX = 130;
const IAID_BYTES = 4;

/** 802.1Q: 12 bits, of which 4095 is reserved. */
const VLAN_MAX = 4094;

const HFI = { structure: 0, index: 1, flags: 2, trtype: 3, transportInfo: 16 } as const;
const HFI_VALID = 1 << 0;

const INFO = {
  structure: 0,
  version: 1,
  trtype: 2,
  infoVersion: 3,
  flags: 6,
  sbdf: 7,
  mac: 11,
  vlan: 17,
  ipOrigin: 19,
  address: 20,
  prefixLength: 36,
  gateway: 37,
  routeMetric: 54,
  primaryDns: 56,
  secondaryDns: 72,
  dhcpServer: 88,
  hostName: 104,
  extendedInfo: 110,
  pcieSegment: 116,
} as const;
const MAC_BYTES = 6;
const INFO_VALID = 1 << 0;
const INFO_DEFAULT_ROUTE = 1 << 1;
const INFO_DHCP = 1 << 2;
const INFO_AUTOCONFIGURED = 1 << 3;

/** Revision 1.1 has fields where 1.0 has reserved bytes. */
const INFO_VERSION_1_1 = 2;

const EXTENDED = { structure: 0, version: 1, flags: 4, iaid: 8, duid: 14 } as const;
const EXTENDED_VALID = 1 << 0;
const EXTENDED_DHCP_CLIENT = 1 << 1;

/**
 * Decodes one; `undefined` if it is marked as not valid. Throws DecodeError if the HFI cannot be used. The HFI index
 * inside the transport information is ignored, as in libnvme: the reference to it decides.
 */
export function decodeHfi(hfi: NbftDescriptor): NbftHfi | undefined {
  if ((hfi.u8(HFI.flags) & HFI_VALID) === 0) return undefined;
  if (hfi.u8(HFI.structure) !== NBFT_STRUCTURE.hfi) hfi.fail("it has the wrong structure ID");
  const trtype = hfi.u8(HFI.trtype);
  if (trtype !== NBFT_TRTYPE_TCP) hfi.fail(`its transport type ${String(trtype)} is unknown`);
  const info =
    hfi.nested(HFI.transportInfo, "HFI transport information") ?? hfi.fail("it has no transport information");
  return decodeTransportInfo(info, hfi.u8(HFI.index));
}

function decodeTransportInfo(info: NbftDescriptor, index: number): NbftHfi {
  const infoVersion = info.u8(INFO.infoVersion);
  const flags = info.u8(INFO.flags);
  if (info.u8(INFO.structure) !== NBFT_STRUCTURE.hfiTransportInfo) info.fail("it has the wrong structure ID");
  if ((flags & INFO_VALID) === 0) info.fail("it is not marked as valid");
  if (info.u8(INFO.version) !== 1) info.fail(`its version ${String(info.u8(INFO.version))} is unknown`);
  if (infoVersion < 1 || infoVersion > INFO_VERSION_1_1)
    info.fail(`its transport version ${String(infoVersion)} is unknown`);
  if (info.u8(INFO.trtype) !== NBFT_TRTYPE_TCP) info.fail("its transport differs from that of its HFI");
  const vlan = info.u16(INFO.vlan);
  if (vlan > VLAN_MAX) info.fail("its VLAN ID is not valid");
  const dhcp = (flags & INFO_DHCP) !== 0;
  const since11 = infoVersion >= INFO_VERSION_1_1;
  return {
    index,
    transport: "tcp",
    pci: pciText(info.u32(INFO.sbdf)),
    pcieSegment: since11 ? info.u8(INFO.pcieSegment) : 0,
    mac: macText(info.bytes(INFO.mac, MAC_BYTES)),
    vlan,
    ipOrigin: info.u8(INFO.ipOrigin),
    address: info.address(INFO.address),
    prefixLength: info.u8(INFO.prefixLength),
    gateway: info.address(INFO.gateway),
    routeMetric: info.u16(INFO.routeMetric),
    primaryDns: info.address(INFO.primaryDns),
    secondaryDns: info.address(INFO.secondaryDns),
    dhcpServer: dhcp ? info.address(INFO.dhcpServer) : "",
    hostName: info.text(INFO.hostName, "host name", HOST_NAME_BYTES_MAX),
    defaultRoute: (flags & INFO_DEFAULT_ROUTE) !== 0,
    dhcp,
    autoconfigured: since11 && (flags & INFO_AUTOCONFIGURED) !== 0,
    dhcpClient: since11 ? decodeDhcpClient(info) : undefined,
  };
}

function decodeDhcpClient(info: NbftDescriptor): NbftDhcpClient | undefined {
  const extended = info.nested(INFO.extendedInfo, "HFI extended information");
  if (extended === undefined) return undefined;
  const flags = extended.u32(EXTENDED.flags);
  if ((flags & EXTENDED_VALID) === 0 || (flags & EXTENDED_DHCP_CLIENT) === 0) return undefined;
  if (extended.u8(EXTENDED.structure) !== NBFT_STRUCTURE.hfiExtendedInfo)
    extended.fail("it has the wrong structure ID");
  if (extended.u8(EXTENDED.version) !== 1) extended.fail(`its version ${String(extended.u8(1))} is unknown`);
  const iaid = extended.nested(EXTENDED.iaid, "DHCP IAID");
  if (iaid !== undefined && iaid.length !== IAID_BYTES) iaid.fail(`it is not ${String(IAID_BYTES)} bytes long`);
  const duid = extended.nested(EXTENDED.duid, "DHCP DUID");
  if (duid !== undefined && duid.length > DUID_BYTES_MAX)
    duid.fail(`it is longer than ${String(DUID_BYTES_MAX)} bytes`);
  return { iaid: iaid?.u32(0), duid: duid === undefined ? "" : toHex(duid.bytes(0, duid.length)) };
}

/** Segment, bus, device and function have 16, 8, 5 and 3 bits. */
function pciText(sbdf: number): string {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
  const [bus, device, fn] = [(sbdf >>> 8) & 0xff, (sbdf >>> 3) & 0x1f, sbdf & 0x07];
  return `${hex(sbdf >>> 16, 4)}:${hex(bus, 2)}:${hex(device, 2)}.${String(fn)}`;
}

function macText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => toHex(Uint8Array.of(byte))).join(":");
}

/** Controllers and log page entries as D-Bus clients read them. All values are text. */
import { readField, readOptional, readString, type JsonCursor } from "./json.js";
import { DecodeError } from "./error.js";
import type { DiscoveryLogEntry, EntrySubtype } from "../domain/discovery-log.js";
import { TRANSPORTS, type Transport, type TransportId } from "../domain/transport-id.js";

/** The seven fields of a transport id, in the order of the bus interface. */
export function transportFields(tid: TransportId): readonly string[] {
  return [tid.transport, tid.traddr, tid.trsvcid, tid.subsysnqn, tid.hostTraddr, tid.hostIface, tid.hostNqn];
}

/** A controller as a dictionary. The device is `nvme?` if there is none. */
export function controllerToBus(tid: TransportId, device: string | undefined): { readonly [key: string]: string } {
  return {
    transport: tid.transport,
    traddr: tid.traddr,
    trsvcid: tid.trsvcid,
    subsysnqn: tid.subsysnqn,
    "host-traddr": tid.hostTraddr,
    "host-iface": tid.hostIface,
    "host-nqn": tid.hostNqn,
    device: device ?? "nvme?",
  };
}

const ADDRESS_FAMILIES: readonly (readonly [number, string])[] = [
  [1, "ipv4"],
  [2, "ipv6"],
  [3, "infiniband"],
  [4, "fibre-channel"],
  [254, "loop"],
];

const SUBTYPES: readonly (readonly [EntrySubtype, string])[] = [
  ["referral", "referral"],
  ["nvme", "nvme"],
  ["current-discovery", "discovery"],
];

/** A log page entry as a dictionary. */
export function entryToBus(entry: DiscoveryLogEntry): { readonly [key: string]: string } {
  return {
    trtype: String(entry.trtype),
    adrfam: ADDRESS_FAMILIES.find(([code]) => code === entry.adrfam)?.[1] ?? String(entry.adrfam),
    traddr: entry.traddr,
    trsvcid: entry.trsvcid,
    subnqn: entry.subnqn,
    subtype: SUBTYPES.find(([subtype]) => subtype === entry.subtype)?.[1] ?? String(entry.subtype),
    treq: String(entry.treq),
    tsas: entry.tsas,
    portid: String(entry.portid),
    cntlid: String(entry.cntlid),
    asqsz: String(entry.asqsz),
    eflags: String(entry.eflags),
  };
}

/** Decodes a controller's dictionary. Throws DecodeError. */
export function controllerFromBus(cursor: JsonCursor): TransportId {
  const text = (key: string): string => {
    const field = readOptional(cursor, key);
    return field === undefined ? "" : readString(field);
  };
  return {
    transport: readTransport(readString(readField(cursor, "transport"))),
    traddr: text("traddr"),
    trsvcid: text("trsvcid"),
    subsysnqn: text("subsysnqn"),
    hostTraddr: text("host-traddr"),
    hostIface: text("host-iface"),
    hostNqn: text("host-nqn"),
  };
}

function readTransport(text: string): Transport {
  const transport = TRANSPORTS.find((name) => name === text);
  if (transport === undefined) throw new DecodeError("controller", "its transport is unknown");
  return transport;
}

/** Decodes an entry's dictionary. Throws DecodeError. */
export function entryFromBus(cursor: JsonCursor): DiscoveryLogEntry {
  const text = (key: string): string => readString(readField(cursor, key));
  const whole = (key: string): number => {
    const value = Number(text(key));
    if (!Number.isSafeInteger(value) || value < 0)
      throw new DecodeError("log page entry", `${key} is not a whole number`);
    return value;
  };
  const trtype = text("trtype");
  const adrfam = text("adrfam");
  const subtype = text("subtype");
  return {
    trtype: TRANSPORTS.find((name) => name === trtype) ?? whole("trtype"),
    adrfam: ADDRESS_FAMILIES.find(([, name]) => name === adrfam)?.[0] ?? whole("adrfam"),
    subtype: SUBTYPES.find(([, name]) => name === subtype)?.[0] ?? whole("subtype"),
    treq: whole("treq"),
    portid: whole("portid"),
    cntlid: whole("cntlid"),
    asqsz: whole("asqsz"),
    eflags: whole("eflags"),
    trsvcid: text("trsvcid"),
    subnqn: text("subnqn"),
    traddr: text("traddr"),
    tsas: text("tsas"),
  };
}

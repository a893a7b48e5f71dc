/**
 * Discovery Information Management, opcode 21h: a host tells a discovery controller who it is (NVMe Base 2.1, 5.3.3; TP8010).
 * The layout is compared with bytes that libnvme sent (test/fixtures/dim).
 */
import { DISCOVERY_RECORD_BYTES } from "../domain/discovery-log.js";
import type { Milliseconds } from "../domain/units.js";
import type { AdminCommand } from "../ports/fabrics.js";
import { OPCODE } from "./admin.js";
import { DecodeError, EncodeError } from "./error.js";
import {
  ATTRIBUTE,
  decodeAttributes,
  extendedLengthAt,
  extendEntry,
  paddedText,
  type ExtendedAttribute,
} from "./extended-entry.js";
import { fromHex, readTextField, toHex, writeTextField } from "./text.js";
import { cutUtf8 } from "../domain/utf8.js";
import type { TextField } from "./text.js";

/** Who a host says that it is. */
export interface Registration {
  readonly hostNqn: string;
  /** A UUID. */
  readonly hostId: string;
  /** ENAME, such as the host's name; what does not fit its 256 bytes is cut. */
  readonly entityName: string;
  /** EVER, such as the operating system; what does not fit its 64 bytes is cut. */
  readonly entityVersion: string;
  /** A name that an administrator gave the host; empty: none. What does not fit 256 bytes is cut. */
  readonly symname: string;
  /** Of the address that is registered: the one that the connection comes from. */
  readonly family: "ipv4" | "ipv6";
}

/** TAS, the task of a command. */
export const DIM_TASK = { register: 0, deregister: 1, update: 2 } as const;

const WHAT = "registration";

const HEADER_BYTES = 1024;
const HOST_ID_BYTES = 16;
/** A symbolic name is as long as a field of 256 bytes, at most. */
export const SYMNAME_BYTES_MAX = 256;

const EXTENDED_FORMAT = 2;
const ENTITY_HOST = 1;
/** EKTYPE of a host: fixed by the specification. */
const KEY_TYPE = 0x5f;
const TRTYPE_TCP = 3;
const ADRFAM = { ipv4: 1, ipv6: 2 } as const;

const EID: TextField = { name: "eid", offset: 24, length: 256 };
const ENAME: TextField = { name: "ename", offset: 280, length: 256 };
const EVER: TextField = { name: "ever", offset: 536, length: 64 };
/** Of the entry. */
const NQN: TextField = { name: "nqn", offset: 256, length: 256 };

/** The command that registers a host; the address is left empty, so that the controller takes the connection's. Throws EncodeError. */
export function registerHost(registration: Registration, timeout: Milliseconds): AdminCommand {
  return {
    opcode: OPCODE.discoveryInformationManagement,
    nsid: 0,
    cdw10: DIM_TASK.register,
    cdw11: 0,
    cdw12: 0,
    cdw13: 0,
    cdw14: 0,
    cdw15: 0,
    data: { direction: "to-controller", bytes: encodeRegistration(registration) },
    timeout,
  };
}

/** Header and one extended entry. Throws EncodeError where the host id is no UUID, or the host NQN is longer than its field. */
export function encodeRegistration(registration: Registration): Uint8Array {
  const entry = encodeEntry(registration);
  const bytes = new Uint8Array(HEADER_BYTES + entry.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setBigUint64(8, 1n, true);
  view.setUint16(16, EXTENDED_FORMAT, true);
  view.setUint16(18, ENTITY_HOST, true);
  view.setUint16(22, KEY_TYPE, true);
  writeTextField(bytes, EID, registration.hostNqn, "nul");
  writeTextField(bytes, ENAME, cutUtf8(registration.entityName, ENAME.length), "nul");
  writeTextField(bytes, EVER, cutUtf8(registration.entityVersion, EVER.length), "nul");
  bytes.set(entry, HEADER_BYTES);
  return bytes;
}

/** What a subsystem's entry has beside these (TREQ, PORTID, TRSVCID and the like) is 0 in a host's. */
function encodeEntry({ hostNqn, hostId, family, symname }: Registration): Uint8Array {
  const basic = new Uint8Array(DISCOVERY_RECORD_BYTES);
  basic[0] = TRTYPE_TCP;
  basic[1] = ADRFAM[family];
  writeTextField(basic, NQN, hostNqn, "nul");
  const attributes: ExtendedAttribute[] = [{ type: ATTRIBUTE.hostId, value: uuidBytes(hostId) }];
  const name = paddedText(cutUtf8(symname, SYMNAME_BYTES_MAX));
  if (name.length > 0) attributes.push({ type: ATTRIBUTE.symname, value: name });
  return extendEntry(basic, attributes);
}

function uuidBytes(uuid: string): Uint8Array {
  const digits = uuid.replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/i.test(digits)) throw new EncodeError(WHAT, "the host id is no UUID");
  return fromHex(digits);
}

/** Reads a host's registration back, as a discovery controller does. Throws DecodeError for what it must reject. */
export function decodeRegistration(bytes: Uint8Array): Registration {
  const length = extendedLengthAt(bytes, HEADER_BYTES);
  if (length === undefined) throw new DecodeError(WHAT, "it is cut short");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isHost =
    view.getUint16(16, true) === EXTENDED_FORMAT &&
    view.getUint16(18, true) === ENTITY_HOST &&
    view.getUint16(22, true) === KEY_TYPE;
  if (!isHost) throw new DecodeError(WHAT, "it is none of a host with an extended entry");
  if (view.getUint32(0, true) !== bytes.length || length !== bytes.length - HEADER_BYTES)
    throw new DecodeError(WHAT, "its lengths are not those of the data");
  if (view.getBigUint64(8, true) !== 1n) throw new DecodeError(WHAT, "it has more or fewer entries than one");
  const entry = bytes.subarray(HEADER_BYTES);
  if ([...entry.subarray(2, 10), ...entry.subarray(32, 64)].some((byte) => byte !== 0))
    throw new DecodeError(WHAT, "its entry has fields of a subsystem");
  const attributes = decodeAttributes(entry);
  const hostId = attributes.find(({ type }) => type === ATTRIBUTE.hostId)?.value;
  if (hostId?.length !== HOST_ID_BYTES) throw new DecodeError(WHAT, "it has no host identifier");
  const symname = attributes.find(({ type }) => type === ATTRIBUTE.symname)?.value ?? new Uint8Array(0);
  return {
    hostNqn: readTextField(bytes, EID),
    hostId: toHex(hostId).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
    entityName: readTextField(bytes, ENAME),
    entityVersion: readTextField(bytes, EVER),
    symname: readTextField(symname, { name: "symname", offset: 0, length: symname.length }),
    family: entry[1] === ADRFAM.ipv6 ? "ipv6" : "ipv4",
  };
}

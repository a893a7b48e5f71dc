/**
 * Discovery Information Management, opcode 21h: a host registers with a discovery controller (NVMe Base 2.1, 5.3.3;
 * TP8010). Tests compare the layout with bytes that libnvme sent (test/fixtures/dim).
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

/** How a host describes itself. */
export interface Registration {
  readonly hostNqn: string;
  /** A UUID. */
  readonly hostId: string;
  /** ENAME, such as the host name. Truncated to 256 bytes. */
  readonly entityName: string;
  /** EVER, such as the operating system. Truncated to 64 bytes. */
  readonly entityVersion: string;
  /** A name that an administrator gave the host; empty: none. Truncated to 256 bytes. */
  readonly symname: string;
  /** Family of the registered address, which is the source address of the connection. */
  readonly family: "ipv4" | "ipv6";
}

/** TAS, the task that a command requests. */
export const DIM_TASK = { register: 0, deregister: 1, update: 2 } as const;

const WHAT = "registration";

const HEADER_BYTES = 1024;
const HOST_ID_BYTES = 16;
/** The longest symbolic name, in bytes. */
export const SYMNAME_BYTES_MAX = 256;

const EXTENDED_FORMAT = 2;
const ENTITY_HOST = 1;
/** EKTYPE of a host, fixed by the specification. */
const KEY_TYPE = 0x5f;
const TRTYPE_TCP = 3;
const ADRFAM = { ipv4: 1, ipv6: 2 } as const;

const EID: TextField = { name: "eid", offset: 24, length: 256 };
const ENAME: TextField = { name: "ename", offset: 280, length: 256 };
const EVER: TextField = { name: "ever", offset: 536, length: 64 };
/** A field of the entry. */
const NQN: TextField = { name: "nqn", offset: 256, length: 256 };

/**
 * The command that registers a host. The address stays empty, so that the controller uses the connection's address.
 *
 * Throws EncodeError as `encodeRegistration` does.
 */
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

/** Header and one extended entry. Throws EncodeError if the host id is not a UUID or the host NQN does not fit its field. */
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

/** All fields that only a subsystem's entry uses (TREQ, PORTID, TRSVCID and so on) are 0 in a host's entry. */
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
  if (!/^[0-9a-f]{32}$/i.test(digits)) throw new EncodeError(WHAT, "the host id is not a UUID");
  return fromHex(digits);
}

/** Decodes a host's registration, as a discovery controller does. Throws DecodeError if a controller must reject it. */
export function decodeRegistration(bytes: Uint8Array): Registration {
  const length = extendedLengthAt(bytes, HEADER_BYTES);
  if (length === undefined) throw new DecodeError(WHAT, "it is cut short");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isHost =
    view.getUint16(16, true) === EXTENDED_FORMAT &&
    view.getUint16(18, true) === ENTITY_HOST &&
    view.getUint16(22, true) === KEY_TYPE;
  if (!isHost) throw new DecodeError(WHAT, "it is not a host's registration with an extended entry");
  if (view.getUint32(0, true) !== bytes.length || length !== bytes.length - HEADER_BYTES)
    throw new DecodeError(WHAT, "its lengths do not match the data");
  if (view.getBigUint64(8, true) !== 1n) throw new DecodeError(WHAT, "it does not hold exactly one entry");
  const entry = bytes.subarray(HEADER_BYTES);
  if ([...entry.subarray(2, 10), ...entry.subarray(32, 64)].some((byte) => byte !== 0))
    throw new DecodeError(WHAT, "its entry sets fields that only a subsystem may set");
  const attributes = decodeAttributes(entry);
  const hostId = attributes.find(({ type }) => type === ATTRIBUTE.hostId)?.value;
  if (hostId?.length !== HOST_ID_BYTES) throw new DecodeError(WHAT, "it has no host identifier of 16 bytes");
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

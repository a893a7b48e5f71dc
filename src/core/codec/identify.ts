/** Identify Controller data (NVMe Base 2.0, 5.17.2.1; 6.12-cloud.s1.log): the fields that this project uses. */
import { IDENTIFY_BYTES } from "./admin.js";
import { DecodeError, EncodeError } from "./error.js";
import { readTextField, writeTextField } from "./text.js";
import type { TextField } from "./text.js";

/** The controller type; `unknown` if it is not reported. */
export type ControllerType = "io" | "discovery" | "admin" | "reserved" | "unknown";

export interface Identify {
  readonly cntlid: number;
  readonly serial: string;
  readonly model: string;
  readonly firmware: string;
  /** Supported asynchronous events; bit 31 is the discovery log page change. */
  readonly oaes: number;
  /** Byte 111, raw; see `controllerType`. */
  readonly cntrltype: number;
  /** Byte 1806, raw; see `discoveryControllerType`. */
  readonly dctype: number;
  readonly subnqn: string;
}

const WHAT = "identify controller";

const SERIAL: TextField = { name: "serial", offset: 4, length: 20 };
const MODEL: TextField = { name: "model", offset: 24, length: 40 };
const FIRMWARE: TextField = { name: "firmware", offset: 64, length: 8 };
const SUBNQN: TextField = { name: "subnqn", offset: 768, length: 256 };
const CNTLID_OFFSET = 78;
const OAES_OFFSET = 92;
const CNTRLTYPE_OFFSET = 111;
const DCTYPE_OFFSET = 1806;

/** Names CNTRLTYPE: 0 means not reported (before NVMe 1.4), hence `unknown`. */
export function controllerType(cntrltype: number): ControllerType {
  switch (cntrltype) {
    case 0:
      return "unknown";
    case 1:
      return "io";
    case 2:
      return "discovery";
    case 3:
      return "admin";
    default:
      return "reserved";
  }
}

/** Names DCTYPE as sysfs does: `none` (not reported), `ddc`, `cdc`, `reserved`. */
export function discoveryControllerType(dctype: number): "none" | "ddc" | "cdc" | "reserved" {
  return dctype === 0 ? "none" : dctype === 1 ? "ddc" : dctype === 2 ? "cdc" : "reserved";
}

/** Decodes the page. Throws DecodeError unless it is 4096 bytes long. */
export function decodeIdentify(bytes: Uint8Array): Identify {
  if (bytes.length !== IDENTIFY_BYTES) throw new DecodeError(WHAT, "it is not 4096 bytes long");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    cntlid: view.getUint16(CNTLID_OFFSET, true),
    serial: readTextField(bytes, SERIAL),
    model: readTextField(bytes, MODEL),
    firmware: readTextField(bytes, FIRMWARE),
    oaes: view.getUint32(OAES_OFFSET, true),
    cntrltype: view.getUint8(CNTRLTYPE_OFFSET),
    dctype: view.getUint8(DCTYPE_OFFSET),
    subnqn: readTextField(bytes, SUBNQN),
  };
}

/** Encodes the page: spaces pad serial, model and firmware, NULs the NQN. Throws EncodeError if a value does not fit. */
export function encodeIdentify(identify: Identify): Uint8Array {
  const bytes = new Uint8Array(IDENTIFY_BYTES);
  const view = new DataView(bytes.buffer);
  const checked = (value: number, max: number): number => {
    if (!Number.isInteger(value) || value < 0 || value > max)
      throw new EncodeError(WHAT, "a number does not fit its field");
    return value;
  };
  view.setUint16(CNTLID_OFFSET, checked(identify.cntlid, 0xffff), true);
  view.setUint32(OAES_OFFSET, checked(identify.oaes, 0xffff_ffff), true);
  view.setUint8(CNTRLTYPE_OFFSET, checked(identify.cntrltype, 0xff));
  view.setUint8(DCTYPE_OFFSET, checked(identify.dctype, 0xff));
  writeTextField(bytes, SERIAL, identify.serial, "space");
  writeTextField(bytes, MODEL, identify.model, "space");
  writeTextField(bytes, FIRMWARE, identify.firmware, "space");
  writeTextField(bytes, SUBNQN, identify.subnqn, "nul");
  return bytes;
}

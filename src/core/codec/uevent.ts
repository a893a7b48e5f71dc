/** Kernel uevents: netlink group 1, NUL-separated text with a trailing NUL (6.1-cloud.s1.log, 6.12-cloud.s1.log). */
import { DecodeError, EncodeError } from "./error.js";
import { decodeLatin1, encodeLatin1 } from "./text.js";

/** One kernel uevent. Text has one character per byte, so that all bytes survive. */
export interface Uevent {
  /** `add`, `change`, `remove`, ... */
  readonly action: string;
  /** `/devices/virtual/nvme-fabrics/ctl/nvme0` */
  readonly devpath: string;
  /** `nvme` for a controller. */
  readonly subsystem: string;
  readonly seqnum: number;
  /** All other keys, in message order: `NVME_AEN`, `DEVNAME`, `NVME_TRADDR`, ... */
  readonly properties: ReadonlyMap<string, string>;
}

/** The longest message accepted, in bytes. The kernel's own buffer has 2048, after a header of one path. */
export const UEVENT_BYTES_MAX = 8192;

/** Digits of the largest sequence number accepted: 31 years at a million events per second. */
const SEQNUM_DIGITS_MAX = 15;

const WHAT = "uevent";

/** `SUBSYSTEM=nvme`, as bytes: S U B S Y S T E M = n v m e. */
const SUBSYSTEM_NVME = encodeLatin1("SUBSYSTEM=nvme");

/** Length of `SUBSYSTEM=`. */
const SUBSYSTEM_KEY_BYTES = 10;

function startsWithAt(bytes: Uint8Array, at: number, prefix: Uint8Array, length: number): boolean {
  if (at + length > bytes.length) return false;
  for (let i = 0; i < length; i++) {
    if (bytes[at + i] !== prefix[i]) return false;
  }
  return true;
}

/**
 * False if the message certainly belongs to a subsystem other than `nvme`. Does not decode the message. Also true for a
 * message that is cut short before its subsystem: `decodeUevent` then reports the problem.
 */
export function isNvmeUevent(bytes: Uint8Array): boolean {
  let nul = bytes.indexOf(0);
  while (nul !== -1) {
    const at = nul + 1;
    nul = bytes.indexOf(0, at);
    if (bytes[at] !== SUBSYSTEM_NVME[0] || !startsWithAt(bytes, at, SUBSYSTEM_NVME, SUBSYSTEM_KEY_BYTES)) continue;
    if (nul === -1) return true;
    return nul - at === SUBSYSTEM_NVME.length && startsWithAt(bytes, at, SUBSYSTEM_NVME, SUBSYSTEM_NVME.length);
  }
  return true;
}

function parseSeqnum(text: string): number {
  if (text.length > SEQNUM_DIGITS_MAX || !/^[0-9]+$/.test(text)) {
    throw new DecodeError(WHAT, "SEQNUM is not a number");
  }
  return Number(text);
}

/**
 * Decodes one message. Throws DecodeError if it is too long, cut short (no NUL at its end, or no SEQNUM, which the kernel
 * writes last) or malformed (a header that does not match ACTION and DEVPATH, a part that is not `KEY=value`).
 */
export function decodeUevent(bytes: Uint8Array): Uevent {
  if (bytes.length > UEVENT_BYTES_MAX) throw new DecodeError(WHAT, "it is longer than any that the kernel sends");
  const text = decodeLatin1(bytes);
  if (!text.endsWith("\0")) throw new DecodeError(WHAT, "it is cut short");
  const headerEnd = text.indexOf("\0");
  let action: string | undefined;
  let devpath: string | undefined;
  let subsystem: string | undefined;
  let seqnum: string | undefined;
  const properties = new Map<string, string>();
  for (let at = headerEnd + 1; at < text.length;) {
    const end = text.indexOf("\0", at);
    const equals = text.indexOf("=", at);
    if (equals <= at || equals > end) throw new DecodeError(WHAT, "a part is not KEY=value");
    const key = text.slice(at, equals);
    const value = text.slice(equals + 1, end);
    at = end + 1;
    if (key === "ACTION") action = value;
    else if (key === "DEVPATH") devpath = value;
    else if (key === "SUBSYSTEM") subsystem = value;
    else if (key === "SEQNUM") seqnum = value;
    else properties.set(key, value);
  }
  if (seqnum === undefined) throw new DecodeError(WHAT, "it is cut short: SEQNUM is missing");
  if (action === undefined || devpath === undefined || subsystem === undefined) {
    throw new DecodeError(WHAT, "ACTION, DEVPATH or SUBSYSTEM is missing");
  }
  if (headerEnd !== action.length + 1 + devpath.length || !text.startsWith(`${action}@${devpath}`)) {
    throw new DecodeError(WHAT, "its header is not ACTION@DEVPATH");
  }
  return { action, devpath, subsystem, seqnum: parseSeqnum(seqnum), properties };
}

const OWN_KEYS: ReadonlySet<string> = new Set(["ACTION", "DEVPATH", "SUBSYSTEM", "SEQNUM"]);

/**
 * A message as the kernel sends it: header, ACTION, DEVPATH, SUBSYSTEM, the properties in their order, SEQNUM. Throws
 * EncodeError if a text holds a NUL or a character beyond U+00FF, if a key is not valid, or if the message is too long.
 */
export function encodeUevent(uevent: Uevent): Uint8Array {
  const { action, devpath, subsystem, seqnum } = uevent;
  let text = `${action}@${devpath}\0ACTION=${action}\0DEVPATH=${devpath}\0SUBSYSTEM=${subsystem}\0`;
  let parts = 5;
  for (const [key, value] of uevent.properties) {
    if (key === "" || key.includes("=") || OWN_KEYS.has(key)) throw new EncodeError(WHAT, "a key is not valid");
    text += `${key}=${value}\0`;
    parts++;
  }
  text += `SEQNUM=${String(seqnum)}\0`;
  if (!Number.isSafeInteger(seqnum) || seqnum < 0 || String(seqnum).length > SEQNUM_DIGITS_MAX) {
    throw new EncodeError(WHAT, "SEQNUM is not a sequence number");
  }
  if (text.length > UEVENT_BYTES_MAX) throw new EncodeError(WHAT, "it is longer than any that the kernel sends");
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new EncodeError(WHAT, "a character does not fit one byte");
    if (code === 0) parts--;
    bytes[i] = code;
  }
  if (parts !== 0) throw new EncodeError(WHAT, "a text holds a NUL");
  return bytes;
}

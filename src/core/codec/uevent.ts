/** Kernel uevents: netlink group 1, NUL-separated text with a trailing NUL (6.1-cloud.s1.log, 6.12-cloud.s1.log). */
import { DecodeError, EncodeError } from "./error.js";
import { decodeLatin1, encodeLatin1 } from "./text.js";

/** One kernel uevent. Text is one character a byte, so that odd bytes survive. */
export interface Uevent {
  /** `add`, `change`, `remove`, ... */
  readonly action: string;
  /** `/devices/virtual/nvme-fabrics/ctl/nvme0` */
  readonly devpath: string;
  /** `nvme` for a controller. */
  readonly subsystem: string;
  readonly seqnum: number;
  /** Everything else, in the message's order: `NVME_AEN`, `DEVNAME`, `NVME_TRADDR`, ... */
  readonly properties: ReadonlyMap<string, string>;
}

/** The longest message taken, in bytes. The kernel's own buffer is 2048 behind a header of one path. */
export const UEVENT_BYTES_MAX = 8192;

/** Digits of the largest sequence number taken: 31 years at a million events a second. */
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
 * False where the message is of another subsystem than `nvme` for certain, without decoding it. True also for a message
 * cut short before that can be told: `decodeUevent` then says what is wrong with it.
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
    throw new DecodeError(WHAT, "SEQNUM is no number");
  }
  return Number(text);
}

/**
 * Decodes one message. Throws DecodeError where it is too long, cut short (no NUL at its end, or no SEQNUM, which the
 * kernel writes last) or malformed (header unlike ACTION and DEVPATH, a part that is no `KEY=value`).
 */
export function decodeUevent(bytes: Uint8Array): Uevent {
  if (bytes.length > UEVENT_BYTES_MAX) throw new DecodeError(WHAT, "longer than any kernel sends");
  const text = decodeLatin1(bytes);
  if (!text.endsWith("\0")) throw new DecodeError(WHAT, "cut short");
  const headerEnd = text.indexOf("\0");
  let action: string | undefined;
  let devpath: string | undefined;
  let subsystem: string | undefined;
  let seqnum: string | undefined;
  const properties = new Map<string, string>();
  for (let at = headerEnd + 1; at < text.length;) {
    const end = text.indexOf("\0", at);
    const equals = text.indexOf("=", at);
    if (equals <= at || equals > end) throw new DecodeError(WHAT, "a part is no KEY=value");
    const key = text.slice(at, equals);
    const value = text.slice(equals + 1, end);
    at = end + 1;
    if (key === "ACTION") action = value;
    else if (key === "DEVPATH") devpath = value;
    else if (key === "SUBSYSTEM") subsystem = value;
    else if (key === "SEQNUM") seqnum = value;
    else properties.set(key, value);
  }
  if (seqnum === undefined) throw new DecodeError(WHAT, "cut short: no SEQNUM");
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
 * The message a kernel sends: header, ACTION, DEVPATH, SUBSYSTEM, the properties in their order, SEQNUM. Throws
 * EncodeError where a text holds a NUL or a character beyond U+00FF, where a key cannot be one, or where it all is too long.
 */
export function encodeUevent(uevent: Uevent): Uint8Array {
  const { action, devpath, subsystem, seqnum } = uevent;
  let text = `${action}@${devpath}\0ACTION=${action}\0DEVPATH=${devpath}\0SUBSYSTEM=${subsystem}\0`;
  let parts = 5;
  for (const [key, value] of uevent.properties) {
    if (key === "" || key.includes("=") || OWN_KEYS.has(key)) throw new EncodeError(WHAT, "a key that cannot be one");
    text += `${key}=${value}\0`;
    parts++;
  }
  text += `SEQNUM=${String(seqnum)}\0`;
  if (!Number.isSafeInteger(seqnum) || seqnum < 0 || String(seqnum).length > SEQNUM_DIGITS_MAX) {
    throw new EncodeError(WHAT, "SEQNUM is no sequence number");
  }
  if (text.length > UEVENT_BYTES_MAX) throw new EncodeError(WHAT, "longer than any kernel sends");
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new EncodeError(WHAT, "a character does not fit one byte");
    if (code === 0) parts--;
    bytes[i] = code;
  }
  if (parts !== 0) throw new EncodeError(WHAT, "a NUL inside a text");
  return bytes;
}

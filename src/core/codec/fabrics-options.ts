/**
 * The texts of `/dev/nvme-fabrics`: connect strings, the option line, connect replies (6.12-cloud.s1.log,
 * 6.12-cloud.s3.log).
 */
import { CONNECTION_KEYS, CONNECTION_OPTIONS, type ConnectionOptions } from "../domain/connection-options.js";
import type { TransportId } from "../domain/transport-id.js";
import { DecodeError, EncodeError } from "./error.js";

/** One connection to make. */
export interface ConnectRequest {
  readonly transportId: TransportId;
  /** The host's own NQN. The host NQN of the transport id, if any, replaces it. */
  readonly hostNqn: string;
  /** UUID as text; empty: the kernel's default. */
  readonly hostId: string;
  /** Sets the `discovery` flag, which a unique discovery NQN needs. EINVAL with a subsystem's NQN (6.12-cloud.s2.log). */
  readonly discovery: boolean;
  readonly options: ConnectionOptions;
}

/** The longest connect string that the kernel accepts, in bytes; ENOMEM beyond (6.12-cloud.s3.log). */
export const CONNECT_STRING_BYTES_MAX = 4096;

const WHAT = "connect options";

/** Whether a connect string, which has no quoting, can hold a value: not empty, no comma, newline or NUL. */
export function fitsOption(value: string): boolean {
  return value !== "" && !/[,\n\0]/.test(value);
}

/** The options, in the order of the connect strings in the logs. `true` is a flag that is set. */
function connectOptions(
  request: ConnectRequest,
): readonly (readonly [string, string | number | boolean | undefined])[] {
  const { transportId: id, options } = request;
  return [
    ["nqn", id.subsysnqn],
    ["transport", id.transport],
    ["traddr", id.traddr],
    ["trsvcid", id.trsvcid],
    ["host_traddr", id.hostTraddr],
    ["host_iface", id.hostIface],
    ["hostnqn", id.hostNqn === "" ? request.hostNqn : id.hostNqn],
    ["hostid", request.hostId],
    ...CONNECTION_KEYS.map((key) => [CONNECTION_OPTIONS[key].kernel, options[key]] as const),
    ["discovery", request.discovery],
  ];
}

/** The connect string, with the given options only. Throws EncodeError if a value does not fit (`fitsOption`). */
export function encodeConnectOptions(request: ConnectRequest): string {
  const parts: string[] = [];
  for (const [key, value] of connectOptions(request)) {
    if (value === undefined || value === false || value === "") continue;
    if (value === true) {
      parts.push(key);
      continue;
    }
    const text = String(value);
    if (!fitsOption(text)) throw new EncodeError(WHAT, `the value of ${key} holds a comma, a newline or a NUL`);
    parts.push(`${key}=${text}`);
  }
  return parts.join(",");
}

/**
 * Splits a connect string as the kernel does: at commas and newlines, skipping empty parts; the last value of a repeated
 * key wins. `true` marks a part without `=`. Throws DecodeError (kernel: EINVAL) for an empty key or an empty value.
 */
export function decodeOptionString(text: string): ReadonlyMap<string, string | true> {
  if (text.includes("\0")) throw new DecodeError(WHAT, "they hold a NUL");
  const options = new Map<string, string | true>();
  for (const part of text.split(/[,\n]/)) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    if (equals === 0) throw new DecodeError(WHAT, "a value without a key");
    if (equals === part.length - 1) throw new DecodeError(WHAT, "a key without a value");
    const key = equals === -1 ? part : part.slice(0, equals);
    options.set(key, equals === -1 ? true : part.slice(equals + 1));
  }
  return options;
}

/** Parts of the option line that describe the connect reply and are not options. */
const REPLY_KEYS: ReadonlySet<string> = new Set(["instance", "cntlid"]);

/** The option names from a fresh read of `/dev/nvme-fabrics`. Throws DecodeError if the line is not the kernel's. */
export function parseSupportedOptions(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const name of decodeOptionString(text).keys()) {
    if (!REPLY_KEYS.has(name)) names.add(name);
  }
  for (const name of ["transport", "traddr", "nqn"]) {
    if (!names.has(name)) throw new DecodeError("option line", `it does not list ${name}`);
  }
  return names;
}

/** The options of a connect string that the kernel does not support, each once, in the string's order. */
export function unsupportedOptions(connectString: string, supported: ReadonlySet<string>): string[] {
  return [...decodeOptionString(connectString).keys()].filter((key) => !supported.has(key));
}

/** The result of a connect: `nvme{instance}`, and the controller id that the target assigned. */
export interface ConnectReply {
  readonly instance: number;
  readonly cntlid: number;
}

/** Parses `instance=0,cntlid=1\n`. Throws DecodeError for anything else. */
export function parseConnectReply(text: string): ConnectReply {
  const match = /^instance=([0-9]{1,9}),cntlid=([0-9]{1,5})\n?$/.exec(text);
  if (match === null) throw new DecodeError("connect reply", "it is not instance=N,cntlid=N");
  return { instance: Number(match[1]), cntlid: Number(match[2]) };
}

/** The kernel's reply to a connect. */
export function encodeConnectReply(reply: ConnectReply): string {
  return `instance=${String(reply.instance)},cntlid=${String(reply.cntlid)}\n`;
}

/**
 * The text of `/dev/nvme-fabrics`: connect strings, the option line, the reply to a connect (6.12-cloud.s1.log,
 * 6.12-cloud.s3.log).
 */
import { CONNECTION_KEYS, CONNECTION_OPTIONS, type ConnectionOptions } from "../domain/connection-options.js";
import type { TransportId } from "../domain/transport-id.js";
import { DecodeError, EncodeError } from "./error.js";

/** One connection to be made. */
export interface ConnectRequest {
  readonly transportId: TransportId;
  /** The host's own NQN; that of the transport id, where it has one, takes its place. */
  readonly hostNqn: string;
  /** UUID in text; empty: the kernel's default. */
  readonly hostId: string;
  /** Sets the `discovery` flag, which a unique discovery NQN needs. EINVAL with a subsystem's NQN (6.12-cloud.s2.log). */
  readonly discovery: boolean;
  readonly options: ConnectionOptions;
}

/** The longest connect string the kernel takes, in bytes; ENOMEM beyond (6.12-cloud.s3.log). */
export const CONNECT_STRING_BYTES_MAX = 4096;

const WHAT = "connect options";

/** Whether a value can stand in a connect string, which knows no quoting: not empty, without comma, newline or NUL. */
export function fitsOption(value: string): boolean {
  return value !== "" && !/[,\n\0]/.test(value);
}

/** The options that are given, in the order of the strings in the logs. `true` is a flag. */
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

/** The string to write. Only what is given is in it. Throws EncodeError where a value does not fit (`fitsOption`). */
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
 * Splits a connect string as the kernel does: at commas and newlines, empty parts skipped, the last of a repeated key
 * wins. `true` is a part without `=`. Throws DecodeError (the kernel: EINVAL) for a part without key or value.
 */
export function decodeOptionString(text: string): ReadonlyMap<string, string | true> {
  if (text.includes("\0")) throw new DecodeError(WHAT, "a NUL");
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

/** Parts of the option line that are the shape of the reply, not options. */
const REPLY_KEYS: ReadonlySet<string> = new Set(["instance", "cntlid"]);

/** The option names of a fresh read of `/dev/nvme-fabrics`. Throws DecodeError where the line is not the kernel's. */
export function parseSupportedOptions(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const name of decodeOptionString(text).keys()) {
    if (!REPLY_KEYS.has(name)) names.add(name);
  }
  for (const name of ["transport", "traddr", "nqn"]) {
    if (!names.has(name)) throw new DecodeError("option line", `no ${name} in it`);
  }
  return names;
}

/** The options of a connect string that the kernel does not know, each once, in the string's order. */
export function unsupportedOptions(connectString: string, supported: ReadonlySet<string>): string[] {
  return [...decodeOptionString(connectString).keys()].filter((key) => !supported.has(key));
}

/** What a connect made: `nvme{instance}`, and the controller id that the target gave it. */
export interface ConnectReply {
  readonly instance: number;
  readonly cntlid: number;
}

/** Reads `instance=0,cntlid=1\n`; DecodeError for anything else. */
export function parseConnectReply(text: string): ConnectReply {
  const match = /^instance=([0-9]{1,9}),cntlid=([0-9]{1,5})\n?$/.exec(text);
  if (match === null) throw new DecodeError("connect reply", "not instance=N,cntlid=N");
  return { instance: Number(match[1]), cntlid: Number(match[2]) };
}

/** The kernel's reply to a connect. */
export function encodeConnectReply(reply: ConnectReply): string {
  return `instance=${String(reply.instance)},cntlid=${String(reply.cntlid)}\n`;
}

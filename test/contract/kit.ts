/** Verbs of the contract suite: what behaviours do to a host, and how they format what they see. */
import { decodeUevent } from "../../src/core/codec/uevent.js";
import { errnoName } from "../../src/core/domain/errno.js";
import { Milliseconds } from "../../src/core/domain/units.js";
import type { AdminCommand, AdminReplyEvent, FabricsReplyEvent } from "../../src/core/ports/fabrics.js";
import type { CompletionEvent, CoreEvent } from "../../src/core/ports/index.js";
import type { OsFailure, RequestId } from "../../src/core/ports/request.js";
import type { HandleId, HandlePurpose } from "../../src/core/ports/sysfs.js";
import type { Behaviour, Expected, PortName } from "./behaviour.js";
import type { ContractHost, Delivered } from "./host.js";

/** Limit for anything that takes milliseconds; emulated processors are slow. */
export const SOON = Milliseconds(5_000);
/** Limit for anything that waits for a peer. */
export const LATE = Milliseconds(30_000);

/** Returns a function that makes behaviours of one port. */
export function suiteOf(port: PortName) {
  return (
    name: string,
    expected: Expected,
    run: Behaviour["run"],
    more: Pick<Behaviour, "kernels" | "differs"> = {},
  ): Behaviour => ({ port, name, expected, run, ...more });
}

/** `ok`, or the errno's name. */
export function outcome(result: { readonly ok: true } | OsFailure): string {
  return result.ok ? "ok" : errnoName(result.errno);
}

type CompletionKind = CompletionEvent["kind"];

function isReply<K extends CompletionKind>(
  event: CoreEvent,
  kind: K,
  request: RequestId,
): event is Extract<CompletionEvent, { kind: K }> {
  return event.kind === kind && "request" in event && event.request === request;
}

/** Makes an asynchronous call. Returns its completion and how long it took. */
export async function call<K extends CompletionKind>(
  host: ContractHost,
  kind: K,
  make: (request: RequestId) => void,
  limit: Milliseconds = LATE,
): Promise<{ readonly reply: Extract<CompletionEvent, { kind: K }>; readonly took: Milliseconds }> {
  const request = host.request();
  const from = host.now();
  make(request);
  const find = (): { reply: Extract<CompletionEvent, { kind: K }>; took: Milliseconds } | undefined => {
    for (const { at, event } of host.delivered) {
      if (isReply(event, kind, request)) return { reply: event, took: Milliseconds(at - from) };
    }
    return undefined;
  };
  return await host.until(`${kind} ${String(request)}`, find, limit);
}

interface Connected {
  readonly result: FabricsReplyEvent["result"];
  readonly took: Milliseconds;
  /** `nvme0`; empty if the connect failed. */
  readonly device: string;
}

/** Writes a connect string. */
export async function connect(host: ContractHost, options: string): Promise<Connected> {
  const { reply, took } = await call(host, "fabrics-reply", (request) => {
    host.ports.fabrics.connect(request, options);
  });
  const { result } = reply;
  const instance = result.ok ? /^instance=(\d+),/.exec(result.text)?.[1] : undefined;
  return { result, took, device: instance === undefined ? "" : `nvme${instance}` };
}

/** Connects and waits for the `connected` uevent. Throws if the connect fails. */
export async function connected(host: ContractHost, options: string): Promise<string> {
  const mark = host.delivered.length;
  const { device, result } = await connect(host, options);
  if (!result.ok) throw new Error(`${options}: ${errnoName(result.errno)}`);
  await uevent(host, `change ${device} NVME_EVENT=connected`, mark);
  return device;
}

/** `instance=0,cntlid=1`, or the errno. */
export function connectText({ result }: Connected): string {
  return result.ok ? result.text.trimEnd() : errnoName(result.errno);
}

/** A duration as a class that tells causes apart. Emulation makes durations longer; a timeout never ends early. */
export function about(took: Milliseconds): string {
  if (took < 2_500) return "at once";
  if (took < 5_000) return "after 3 s";
  if (took < 9_000) return "after 5 to 9 s";
  if (took < 15_000) return "after 10 s";
  return took < 55_000 ? "after 15 s or more" : "after a minute";
}

/** A controller's uevent in short: `add nvme0`, `change nvme0 NVME_EVENT=connected`. `undefined` for any other uevent. */
export function ueventName(message: Uint8Array): string | undefined {
  const { action, devpath, subsystem, properties } = decodeUevent(message);
  if (subsystem !== "nvme") return undefined;
  const happened = ["NVME_EVENT", "NVME_AEN"].flatMap((key) => {
    const value = properties.get(key);
    return value === undefined ? [] : [` ${key}=${value}`];
  });
  return `${action} ${devpath.slice(devpath.lastIndexOf("/") + 1)}${happened.join("")}`;
}

function ueventsOf(delivered: readonly Delivered[]): { readonly name: string; readonly message: Uint8Array }[] {
  return delivered.flatMap(({ event }) => {
    const name = event.kind === "uevent" ? ueventName(event.message) : undefined;
    return event.kind !== "uevent" || name === undefined ? [] : [{ name, message: event.message }];
  });
}

/** Names of the uevents delivered since a mark (a length of `delivered`). */
export function ueventsSince(host: ContractHost, mark: number): readonly string[] {
  return ueventsOf(host.delivered.slice(mark)).map(({ name }) => name);
}

/** Waits for a uevent since a mark. */
export async function uevent(
  host: ContractHost,
  name: string,
  mark: number,
  limit: Milliseconds = SOON,
): Promise<Uint8Array> {
  const find = (): Uint8Array | undefined =>
    ueventsOf(host.delivered.slice(mark)).find((seen) => seen.name === name)?.message;
  return await host.until(`uevent ${name}`, find, limit);
}

/** Numbers that differ from run to run. */
const GIVEN_NUMBERS = /^(MAJOR|SEQNUM)=\d+$/;

/** The fields of a uevent, one per line, with `#` for numbers that differ from run to run. */
export function ueventLines(message: Uint8Array): readonly string[] {
  const text = Buffer.from(message).toString("latin1");
  const fields = text.split("\0");
  const end = fields.pop() === "" ? [] : ["(no trailing NUL)"];
  return [...fields.map((field) => field.replace(GIVEN_NUMBERS, "$1=#")), ...end];
}

/** Opens a controller. Throws if that fails. */
export function open(host: ContractHost, device: string, purpose: HandlePurpose): HandleId {
  const opened = host.ports.sysfs.open(device, purpose);
  if (!opened.ok) throw new Error(`open of ${device} for ${purpose}: ${errnoName(opened.errno)}`);
  return opened.handle;
}

/** Deletes through a handle. */
export async function deleteThrough(
  host: ContractHost,
  handle: HandleId,
  limit: Milliseconds = LATE,
): Promise<{ readonly text: string; readonly took: Milliseconds }> {
  const { reply, took } = await call(
    host,
    "deleted",
    (request) => {
      host.ports.sysfs.delete(request, handle);
    },
    limit,
  );
  return { text: outcome(reply.result), took };
}

/** Opens, deletes and closes a controller, and waits until the kernel has freed its number. */
export async function remove(host: ContractHost, device: string): Promise<void> {
  const mark = host.delivered.length;
  const handle = open(host, device, "delete");
  await deleteThrough(host, handle);
  host.ports.sysfs.close(handle);
  await uevent(host, `remove ${device}`, mark);
  await host.settled();
}

/** Sends an admin command through a handle. */
export async function admin(
  host: ContractHost,
  handle: HandleId,
  command: AdminCommand,
  limit: Milliseconds = LATE,
): Promise<{ readonly result: AdminReplyEvent["result"]; readonly took: Milliseconds }> {
  const send = (request: RequestId): void => {
    host.ports.fabrics.admin(request, handle, command);
  };
  const { reply, took } = await call(host, "admin-reply", send, limit);
  return { result: reply.result, took };
}

/** `status 0x6002`, or the errno. */
export function adminText(result: AdminReplyEvent["result"]): string {
  return result.ok ? `status 0x${result.status.toString(16)}` : errnoName(result.errno);
}

/** States that last only milliseconds, so that polling may miss them. */
const PASSING: ReadonlySet<string> = new Set(["new", "resetting", "deleting", "deleting (no IO)"]);

/** Follows a controller until it is in state `last` or gone. Returns each lasting state. */
export async function states(
  host: ContractHost,
  device: string,
  last: string,
  limit: Milliseconds = LATE,
): Promise<readonly string[]> {
  const seen: string[] = [];
  const find = (): true | undefined => {
    const state = host.ports.sysfs.read(device)?.attributes.state?.trimEnd() ?? "gone";
    if (state !== seen.at(-1) && !PASSING.has(state)) seen.push(state);
    return seen.length > 1 && (state === last || state === "gone") ? true : undefined;
  };
  await host.until(`${device} ${last}`, find, limit);
  return seen;
}

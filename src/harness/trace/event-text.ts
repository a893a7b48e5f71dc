/** One trace body per kind of event. Keys have a fixed order. The `switch` is exhaustive. */
import type { BusValue } from "../../core/ports/bus.js";
import type { CoreEvent } from "../../core/ports/index.js";
import type { OsFailure } from "../../core/ports/request.js";
import { bytesText, failureText, quote, quoteList, quoteName } from "./text.js";

/** The body of the record of an event that enters a core. */
export function eventText(event: CoreEvent): string {
  const head = `"event":"${event.kind}"`;
  switch (event.kind) {
    case "timer":
      return `${head},"timer":${quoteName(event.timer)}`;
    case "uevent":
      return `${head},"message":${bytesText(event.message)}`;
    case "uevent-overflow":
    case "network-changed":
      return head;
    case "fabrics-reply": {
      const { result } = event;
      const stage = result.ok || result.stage === undefined ? "" : `,"stage":"${result.stage}"`;
      return `${head},"request":${String(event.request)},"result":${result.ok ? quote(result.text) : failureText(result.errno)}${stage}`;
    }
    case "admin-reply":
      return `${head},"request":${String(event.request)},"result":${resultText(event.result, adminText)}`;
    case "deleted":
    case "probed":
    case "written":
      return `${head},"request":${String(event.request)},"result":${resultText(event.result, () => '"ok"')}`;
    case "resolved":
      return `${head},"request":${String(event.request)},"result":${resultText(event.result, (ok) => quoteList(ok.addresses))}`;
    case "mdns-datagram":
      return `${head},"iface":${quoteName(event.hostIface)},"family":"${event.family}","from":${quoteName(event.from)},"datagram":${bytesText(event.datagram)}`;
    case "dnssd-found": {
      const { instance, type, hostIface, family, address, port, txt } = event.service;
      const where = `"iface":${quoteName(hostIface)},"family":"${family}","address":${quote(address)},"port":${String(port)}`;
      return `${head},"instance":${quote(instance)},"type":${quote(type)},${where},"txt":${quoteList(txt)}`;
    }
    case "dnssd-lost":
      return `${head},"instance":${quote(event.instance)},"type":${quote(event.type)},"iface":${quoteName(event.hostIface)},"family":"${event.family}"`;
    case "dnssd-daemon":
    case "bus-state":
      return `${head},"up":${String(event.up)}`;
    default:
      return head + busOrControlText(event);
  }
}

type BusOrControlEvent = Extract<
  CoreEvent,
  { readonly kind: "bus-call" | "bus-reply" | "bus-signal" | "bus-peer" | "control" }
>;

function busOrControlText(event: BusOrControlEvent): string {
  switch (event.kind) {
    case "bus-call": {
      const from = `"sender":${quoteName(event.sender)},"uid":${String(event.uid)}`;
      return `,"call":${String(event.call)},"service":"${event.service}","method":${quoteName(event.method)},"args":${busText(event.args)},${from}`;
    }
    case "bus-reply":
      return `,"request":${String(event.request)},"result":${busResultText(event.result)}`;
    case "bus-signal":
      return `,"peer":"${event.peer}","signal":${quoteName(event.signal)},"args":${busText(event.args)}`;
    case "bus-peer":
      return `,"peer":"${event.peer}","up":${String(event.up)}`;
    case "control":
      return `,"action":"${event.action}"`;
  }
}

/** A result: what `text` makes of a success, or the errno. */
export function resultText<T extends { readonly ok: true }>(result: T | OsFailure, text: (ok: T) => string): string {
  return result.ok ? text(result) : failureText(result.errno);
}

function adminText(ok: { readonly status: number; readonly value: number; readonly bytes: Uint8Array }): string {
  return `{"status":${String(ok.status)},"value":${String(ok.value)},"bytes":${bytesText(ok.bytes)}}`;
}

/** The answer to a call over the bus. */
export function busResultText(
  result: { readonly ok: true; readonly values: readonly BusValue[] } | { readonly ok: false; readonly error: string },
): string {
  return result.ok ? busText(result.values) : `{"error":${quoteName(result.error)}}`;
}

/** A value on the bus. Sorts the keys of a dictionary: their order on the bus means nothing. */
export function busText(value: BusValue): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "boolean") return String(value);
  if (isList(value)) return `[${value.map(busText).join(",")}]`;
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${quoteName(key)}:${busText(value[key] ?? "")}`).join(",")}}`;
}

function isList(value: readonly BusValue[] | { readonly [key: string]: BusValue }): value is readonly BusValue[] {
  return Array.isArray(value);
}

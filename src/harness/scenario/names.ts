/** Names that a scenario may use for what the daemon does. */
import { LINES, type Life } from "../../core/state/controller.js";
import type { Ports } from "../../core/ports/index.js";

/** Every call on a port: `fabrics.connect`. */
type AnyPortCall = { [P in keyof Ports]: `${P}.${Extract<keyof Ports[P], string>}` }[keyof Ports];

/** Port calls that take time. An event answers them. */
export const REPLIED_CALLS = [
  "fabrics.readOptions",
  "fabrics.connect",
  "fabrics.admin",
  "sysfs.delete",
  "network.resolve",
  "network.probe",
  "store.write",
  "bus.call",
] as const satisfies readonly AnyPortCall[];

export type RepliedCall = (typeof REPLIED_CALLS)[number];

/** Port calls without an answer that a time line can wait for. */
export const UNREPLIED_CALLS = [
  "bus.subscribe",
  "bus.reply",
  "bus.emit",
  "system.notify",
  "system.restartUnit",
  "system.writeUdevOverride",
  "system.removeUdevOverride",
  "system.exit",
  "mdns.send",
  "dnssd.browse",
] as const satisfies readonly AnyPortCall[];

export type UnrepliedCall = (typeof UNREPLIED_CALLS)[number];

/** Methods of the two services on the bus (the D-Bus interfaces of nvme-stas 2.4.1). */
export const BUS_METHODS = [
  "list_controllers",
  "get_log_pages",
  "get_all_log_pages",
  "process_info",
  "controller_info",
] as const;

export type BusMethod = (typeof BUS_METHODS)[number];

/** Where a controller of a service can stand. */
export const LIFE_STATES = LINES.filter((line): line is Life["at"] => line !== "suspect");

/** A call that a time line can wait for, or that can be counted. Clients call the bus methods. */
export type CallName = RepliedCall | UnrepliedCall | BusMethod;

/** Whether a call is answered later, so that a step can come before its reply. */
export function isReplied(call: CallName): boolean {
  return !isIn(UNREPLIED_CALLS, call);
}

/** Whether a text is one of the names of a list. */
export function isIn<T extends string>(names: readonly T[], text: string): text is T {
  return names.some((name) => name === text);
}

/** What observers ask about the kernel's controllers and about connect strings. */
import type { ConnectionView, ProcessName } from "../../adapters/sim/observation.js";
import { DecodeError } from "../../core/codec/error.js";
import { decodeOptionString } from "../../core/codec/fabrics-options.js";

/** Whether an actor is one of the daemon's processes. */
export function isDaemon(actor: string): actor is ProcessName {
  return actor === "stas" || actor === "staf" || actor === "stac";
}

/** Prints a controller for a person: `nvme3 (tcp 192.168.1.30:4420 nqn..., made by stas)`. */
export function formatConnection(view: ConnectionView): string {
  const { name, transport, traddr, trsvcid, subsysnqn, madeBy } = view;
  return `${name} (${transport} ${traddr}:${trsvcid} ${subsysnqn}, made by ${madeBy})`;
}

/** Whether the kernel is about to remove it. */
export function isGoing(view: ConnectionView): boolean {
  return view.state === "deleting" || view.state === "deleting (no IO)" || view.state === "dead";
}

/** Whether two connections are the same connection twice. Compares first what differs most often. */
export function isSame(a: ConnectionView, b: ConnectionView): boolean {
  return (
    a.traddr === b.traddr &&
    a.subsysnqn === b.subsysnqn &&
    a.trsvcid === b.trsvcid &&
    a.transport === b.transport &&
    a.hostTraddr === b.hostTraddr &&
    a.hostIface === b.hostIface &&
    a.hostNqn === b.hostNqn
  );
}

/** The values of a connect string, by key; none if the string is not valid, which the kernel refuses too. */
export function connectOptions(options: string): ReadonlyMap<string, string | true> {
  try {
    return decodeOptionString(options);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return new Map();
  }
}

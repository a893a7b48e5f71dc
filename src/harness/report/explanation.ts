/** What `explain` prints: what every controller does and why, what the kernel has, and what is pending. */
import type { ConnectionView } from "../../adapters/sim/observation.js";
import type { ControllerDescription } from "../core-view.js";

/** A run at one moment. */
export interface Explained {
  readonly controllers: readonly ControllerDescription[];
  readonly connections: readonly ConnectionView[];
  readonly pending: readonly string[];
}

/** Makes a text bold, or returns it as it is. */
type Bold = (text: string) => string;

const plain: Bold = (text) => text;

/** Everything about a moment, line by line. */
export function explanation({ controllers, connections, pending }: Explained, bold = plain): readonly string[] {
  return [
    ...(controllers.length === 0 ? ["no daemon has a controller"] : []),
    ...controllers.flatMap((each) => explanationOf(each, bold)),
    bold("the kernel has"),
    ...(connections.length === 0 ? ["  no controller"] : connections.map(connectionLine)),
    bold("pending"),
    ...(pending.length === 0 ? ["  nothing"] : pending.map((each) => `  ${each}`)),
  ];
}

/** What one controller does and why, line by line. */
export function explanationOf(described: ControllerDescription, bold = plain): readonly string[] {
  const { service, controller, doing, why, wanted, since, next, device } = described;
  const lines = [
    `${service} ${bold(controller)}${device === "" ? "" : ` (${device})`}`,
    `  ${doing}, since ${String(since / 1000)} s`,
    `  why: ${why}`,
  ];
  if (wanted !== "") lines.push(`  wanted: ${wanted}`);
  if (next !== "") lines.push(`  next: ${next}`);
  return lines;
}

function connectionLine(view: ConnectionView): string {
  const { name, state, madeBy, role, peer, hostTraddr, hostIface } = view;
  const to = `${view.transport} ${view.traddr}:${view.trsvcid} ${view.subsysnqn}`;
  const via = [hostIface, hostTraddr].filter((part) => part !== "").join(" ");
  const who = peer === undefined ? "" : ` = ${peer}`;
  return `  ${name} ${state}, ${role}, made by ${madeBy}: ${to}${via === "" ? "" : ` via ${via}`}${who}`;
}

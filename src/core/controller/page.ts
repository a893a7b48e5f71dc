/** Handles a log page that was read. */
import { log, type Context } from "../state/context.js";
import { nameOf } from "./life.js";
import { knownEntries, type DiscoveryControllerState } from "../state/controller.js";
import type { DiscoveryLogEntry } from "../domain/discovery-log.js";
import { zoneOf } from "../domain/host-way.js";
import type { TransportId } from "../domain/transport-id.js";
import { interfaceOf } from "../kernel/match.js";
import { onThisHost, whyUnusable } from "../names/entry.js";
import { touch } from "../record/saving.js";
import { requestReconcile } from "../state/soak.js";
import { transportFields } from "../codec/bus-format.js";

/** Stores a page. Drops the entries that cannot be connected, and logs the reason once per change. */
export function pageRead(
  context: Context,
  dc: DiscoveryControllerState,
  genctr: string,
  read: readonly DiscoveryLogEntry[],
): void {
  const reached = asReached(context, dc);
  const placed = read.map((entry) => onThisHost(entry, reached));
  const entries = placed.filter((entry) => whyUnusable(entry, reached) === undefined);
  const changed = dc.page.known === "no" || !sameEntries(dc.page.entries, entries);
  if (!changed && dc.page.known === "yes" && dc.page.genctr === genctr) return;
  const before = othersIn(knownEntries(dc.page) ?? []);
  dc.page = { known: "yes", genctr, entries };
  touch(context, "staf");
  reportUnusable(context, dc, reached, placed);
  if (!changed) return;
  if (before === 0 || othersIn(entries) > 0)
    log(context, "info", `lists ${String(entries.length)} entries`, nameOf(dc));
  else log(context, "warning", `lists nothing now, and listed ${String(before)} entries before`, nameOf(dc));
  const device = dc.life.at === "connected" ? dc.life.device : "";
  context.ports.bus.emit("staf", "log_pages_changed", [...transportFields(dc.tid), device]);
  requestReconcile(context, "staf");
  requestReconcile(context, "stac");
}

/** How many entries lead elsewhere: a controller also lists itself. */
function othersIn(entries: readonly DiscoveryLogEntry[]): number {
  return entries.filter(({ subtype }) => subtype !== "current-discovery").length;
}

/**
 * A discovery controller with what its connection shows: the interface that leads to it, and its NQN (TP8013). If nothing shows
 * the interface now, the one of the last page counts: no entry is dropped for missing information.
 */
function asReached({ state }: Context, { tid, life, page }: DiscoveryControllerState): TransportId {
  const shown = "device" in life ? state.kernel.byName.get(life.device)?.controller : undefined;
  const configured = tid.hostIface || zoneOf(tid.traddr);
  const now = configured || (shown === undefined ? "" : interfaceOf(shown, state.interfaces));
  const hostIface = now || (knownEntries(page) ?? []).map(({ traddr }) => zoneOf(traddr)).find((zone) => zone !== "");
  return { ...tid, hostIface: hostIface ?? "", subsysnqn: shown?.subsysnqn ?? tid.subsysnqn };
}

/** Logs each reason once per change: a page that is read again with the same entries says nothing new. */
function reportUnusable(
  context: Context,
  dc: DiscoveryControllerState,
  reached: TransportId,
  read: readonly DiscoveryLogEntry[],
): void {
  const reasons = new Map<string, number>();
  for (const entry of read) {
    const reason = whyUnusable(entry, reached);
    if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const unused: string[] = [];
  for (const [reason, count] of reasons) {
    const text = `${count === 1 ? "1 entry is" : `${String(count)} entries are`} not used: ${reason}`;
    if (!dc.unused.includes(text)) log(context, "warning", text, nameOf(dc));
    unused.push(text);
  }
  dc.unused = unused;
}

function sameEntries(one: readonly DiscoveryLogEntry[], other: readonly DiscoveryLogEntry[]): boolean {
  return one.length === other.length && one.every((entry, at) => sameEntry(entry, other[at]));
}

function sameEntry(one: DiscoveryLogEntry, other: DiscoveryLogEntry | undefined): boolean {
  return (
    other !== undefined &&
    one.trtype === other.trtype &&
    one.adrfam === other.adrfam &&
    one.subtype === other.subtype &&
    one.treq === other.treq &&
    one.portid === other.portid &&
    one.cntlid === other.cntlid &&
    one.asqsz === other.asqsz &&
    one.eflags === other.eflags &&
    one.trsvcid === other.trsvcid &&
    one.subnqn === other.subnqn &&
    one.traddr === other.traddr &&
    one.tsas === other.tsas
  );
}

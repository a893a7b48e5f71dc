/**
 * Discovery controllers that staf does not manage are nvme-cli's. Its udev rule, which would follow them, is overridden while staf
 * runs: so their events are handed on to the unit that the rule would have started, a restart each, since a start during a start
 * is lost (field bug 18). `connected` is none of them: nvme-cli has just read the page of what it connected (field bug 17).
 */
import { arm, disarm, log, type Context } from "../state/context.js";
import { isMatch } from "../controller/adoption.js";
import type { Present } from "../state/kernel-index.js";
import { isArmed } from "../state/timers.js";
import { HAND_ON_PERIOD } from "../domain/limits.js";

/** A device's page has changed, or may have: nvme-cli is told, if the device turns out to be its to follow. */
export function foreignNews(context: Context, device: string, properties: ReadonlyMap<string, string>): void {
  const { state } = context;
  if (state.staf === undefined || !state.kernel.byName.has(device)) return;
  state.foreign.set(device, { unit: unitFor(device, properties), due: "yes" });
  handOn(context, device);
}

/** Hands on what is due, unless its turn has not come. While it is not known what the device is, it waits. */
export function handOn(context: Context, device: string): void {
  const { state } = context;
  const news = state.foreign.get(device);
  if (news?.due !== "yes" || isArmed(state, { kind: "hand-on", device })) return;
  const present = state.kernel.byName.get(device);
  const whose = present === undefined ? "not-foreign" : ownerOf(context, present);
  switch (whose) {
    case "unknown":
      return;
    case "not-foreign":
      state.foreign.delete(device);
      return;
    case "foreign":
      log(context, "info", `${device} is not managed by staf: its change is handed on to nvme-cli`);
      context.ports.system.restartUnit(news.unit);
      state.foreign.set(device, { ...news, due: "no" });
      arm(context, { kind: "hand-on", device }, HAND_ON_PERIOD);
      return;
  }
}

/** A device's turn has come again. */
export function onTurn(context: Context, device: string): void {
  if (context.state.foreign.get(device)?.due === "yes") handOn(context, device);
  else context.state.foreign.delete(device);
}

/** The device is gone, and its number may come to stand for another. */
export function dropForeign(context: Context, device: string): void {
  if (context.state.foreign.delete(device)) disarm(context, { kind: "hand-on", device });
}

/** staf ends: what waits for its turn is handed on now. */
export function handOnTheRest(context: Context): void {
  for (const device of [...context.state.foreign.keys()]) {
    disarm(context, { kind: "hand-on", device });
    handOn(context, device);
  }
}

/**
 * What staf has in any state is managed: also while its connect is in flight, or while it is only remembered. What its
 * configuration excludes is not: who wants it connected at all wants it from nvme-cli.
 */
function ownerOf(context: Context, present: Present): "foreign" | "not-foreign" | "unknown" {
  switch (present.kind) {
    case "io":
    case "other":
      return "not-foreign";
    case "asking":
    case "unknown":
      return "unknown";
    case "discovery":
      if (!present.controller.complete) return "unknown";
      return isManaged(context, present) ? "not-foreign" : "foreign";
  }
}

function isManaged(context: Context, { controller, bound, places }: Present): boolean {
  if (bound.size > 0) return true;
  const { byPlace, controllers } = context.state;
  for (const place of places) {
    for (const id of byPlace.get(place) ?? []) {
      const ours = controllers.get(id);
      if (ours?.service === "staf" && isMatch(context, ours, controller)) return true;
    }
  }
  return false;
}

/** What the kernel, or a program between, writes in place of an option that was not given. */
const NOT_GIVEN: ReadonlySet<string | undefined> = new Set([undefined, "", "none", "None"]);

/** The unit of nvme-cli, its options escaped as systemd.unit(5) says: a tab between them, `=` within. */
function unitFor(device: string, properties: ReadonlyMap<string, string>): string {
  const given: readonly (readonly [string, string | undefined])[] = [
    ["--device", device],
    ["--host-traddr", properties.get("NVME_HOST_TRADDR")],
    ["--host-iface", properties.get("NVME_HOST_IFACE")],
  ];
  const options = given.filter(([, value]) => !NOT_GIVEN.has(value)).map(([name, value = ""]) => `${name}=${value}`);
  return `nvmf-connect@${escapeUnit(options.join("\t"))}.service`;
}

/** Everything that a unit's name may not hold, and `\` itself: the unit's shell would take it for its own. */
function escapeUnit(text: string): string {
  return text.replace(/[^\w:.-]/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

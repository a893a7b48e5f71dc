/**
 * Hands the events of foreign discovery controllers on to nvme-cli. staf overrides the udev rule that would follow them, so it
 * restarts the unit that the rule would have started. A start during a start would be lost (field bug 18). `connected` is not
 * handed on: nvme-cli has just read the page of what it connected (field bug 17).
 */
import { arm, disarm, log, type Context } from "../state/context.js";
import { isMatch } from "../controller/adoption.js";
import type { Device } from "../state/device.js";
import { isArmed } from "../state/timers.js";
import { HAND_ON_PERIOD } from "../domain/limits.js";

/** A device's page may have changed. Tells nvme-cli if the device turns out to be foreign. */
export function noteNews(context: Context, device: string, properties: ReadonlyMap<string, string>): void {
  const { state } = context;
  if (state.staf === undefined || !state.kernel.byName.has(device)) return;
  state.handOns.set(device, { unit: unitFor(device, properties), due: true });
  handOn(context, device);
}

/** Hands on what is due if its turn has come. Waits while the kind of the device is not known. */
export function handOn(context: Context, device: string): void {
  const { state } = context;
  const news = state.handOns.get(device);
  if (news?.due !== true || isArmed(state, { kind: "hand-on", device })) return;
  const present = state.kernel.byName.get(device);
  const whose = present === undefined ? "not-foreign" : ownerOf(context, present);
  switch (whose) {
    case "unknown":
      return;
    case "not-foreign":
      state.handOns.delete(device);
      return;
    case "foreign":
      log(context, "info", `staf does not manage ${device}: handing its change on to nvme-cli`);
      context.ports.system.restartUnit(news.unit);
      state.handOns.set(device, { ...news, due: false });
      arm(context, { kind: "hand-on", device }, HAND_ON_PERIOD);
      return;
  }
}

/** A device's turn has come again. */
export function onTurn(context: Context, device: string): void {
  if (context.state.handOns.get(device)?.due === true) handOn(context, device);
  else context.state.handOns.delete(device);
}

/** The device is gone. Another may get its number. */
export function dropHandOn(context: Context, device: string): void {
  if (context.state.handOns.delete(device)) disarm(context, { kind: "hand-on", device });
}

/** staf ends: hands on now what waits for its turn. */
export function handOnTheRest(context: Context): void {
  for (const device of [...context.state.handOns.keys()]) {
    disarm(context, { kind: "hand-on", device });
    handOn(context, device);
  }
}

/**
 * staf manages every controller it has, also while its connect is in flight or while it is only remembered. It does not
 * manage what its configuration excludes: only nvme-cli follows that.
 */
function ownerOf(context: Context, present: Device): "foreign" | "not-foreign" | "unknown" {
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

function isManaged(context: Context, { controller, bound, places }: Device): boolean {
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

/** What the kernel, or a program in between, writes for an option that was not given. */
const NOT_GIVEN: ReadonlySet<string | undefined> = new Set([undefined, "", "none", "None"]);

/** The unit of nvme-cli, with its options joined by tabs and escaped as in systemd.unit(5). */
function unitFor(device: string, properties: ReadonlyMap<string, string>): string {
  const given: readonly (readonly [string, string | undefined])[] = [
    ["--device", device],
    ["--host-traddr", properties.get("NVME_HOST_TRADDR")],
    ["--host-iface", properties.get("NVME_HOST_IFACE")],
  ];
  const options = given.filter(([, value]) => !NOT_GIVEN.has(value)).map(([name, value = ""]) => `${name}=${value}`);
  return `nvmf-connect@${escapeUnit(options.join("\t"))}.service`;
}

/** Escapes what a unit name may not hold, and `\` itself, which the unit's shell would interpret. */
function escapeUnit(text: string): string {
  return text.replace(/[^\w:.-]/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

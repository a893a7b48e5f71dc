/** How stac learns what staf knows if staf is another process. */
import { DecodeError } from "../codec/error.js";
import { readArray, readField, readJson, readOneOf, readOptional, type JsonCursor } from "../codec/json.js";
import { openFromBus } from "../codec/bus-source.js";
import { arm, disarm, log, newRequest, type Context } from "../state/context.js";
import { ASK_STAF_RETRY } from "../domain/limits.js";
import type { BusReplyEvent } from "../ports/bus.js";
import type { RequestId } from "../ports/request.js";
import type { OpenSource } from "../domain/open-source.js";
import type { Milliseconds } from "../domain/units.js";
import { requestReconcile } from "../state/soak.js";
import { controllerFromBus, entryFromBus } from "../codec/bus-format.js";
import type { StafDc, StafView } from "../state/staf-view.js";

export function followStaf(context: Context): void {
  context.ports.bus.subscribe("staf");
  askStaf(context);
}

/** Asks staf for everything it knows. At most one call is in flight and one more waits. */
export function askStaf(context: Context): void {
  const stac = context.state.stac;
  if (stac === undefined || context.state.staf !== undefined || context.state.phase !== "running") return;
  disarm(context, { kind: "ask-staf" });
  if (stac.asking.at === "calling") {
    stac.asking = { ...stac.asking, again: true };
    return;
  }
  const request = newRequest(context, { kind: "ask-staf" });
  stac.asking = { at: "calling", request, again: false };
  context.ports.bus.call(request, "staf", "get_all_log_pages", [false]);
}

/** staf signals a change. A source that has spoken matters only to what waits for it. */
export function stafSignals(context: Context, signal: string): void {
  if (signal !== "sources_changed" || context.state.stac?.awaitsSource === true) askStaf(context);
}

export function onStafAnswer(context: Context, request: RequestId, result: BusReplyEvent["result"]): void {
  const stac = context.state.stac;
  if (stac?.asking.at !== "calling" || stac.asking.request !== request) return;
  const { again } = stac.asking;
  stac.asking = { at: "idle" };
  const view = result.ok
    ? readView(result.values[0], context.ports.clock.now())
    : unknownBecause(`staf did not answer: ${result.error}`);
  setView(context, view);
  if (again) askStaf(context);
  else if (view.kind === "unknown") arm(context, { kind: "ask-staf" }, ASK_STAF_RETRY);
}

/** staf left the bus, or the bus is gone. What staf knows is now unknown, which is not the same as nothing. */
export function stafLost(context: Context, because: string): void {
  const stac = context.state.stac;
  if (stac === undefined || context.state.staf !== undefined) return;
  setView(context, unknownBecause(because));
}

function setView(context: Context, view: StafView): void {
  const stac = context.state.stac;
  if (stac === undefined) return;
  const before = stac.view.kind;
  stac.view = view;
  if (view.kind === "known") requestReconcile(context, "stac");
  else if (before === "known") {
    log(context, "warning", `${view.because}: connections stay as they are until staf answers again`);
  }
}

function unknownBecause(because: string): StafView {
  return { kind: "unknown", because };
}

function readView(json: unknown, now: Milliseconds): StafView {
  try {
    if (typeof json !== "string") throw new DecodeError("staf's answer", "it is not text");
    const dcs: StafDc[] = [];
    const open: OpenSource[] = [];
    for (const element of readArray(readJson(json))) {
      const source = readOpen(element, now);
      if (source !== undefined) open.push(source);
      if (source === undefined || source.source.kind === "page") dcs.push(readDc(element));
    }
    return { kind: "known", dcs, open };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return unknownBecause(`staf's answer is not valid: ${error.problem}`);
  }
}

function readOpen(element: JsonCursor, now: Milliseconds): OpenSource | undefined {
  const open = readOptional(element, "open");
  return open === undefined ? undefined : openFromBus(open, readField(element, "discovery-controller"), now);
}

/** The stafd of nvme-stas does not say what is known. Its empty page may be one that was not read. */
function readDc(element: JsonCursor): StafDc {
  const entries = readArray(readField(element, "log-pages")).map(entryFromBus);
  const state = readOptional(element, "state");
  const known = state === undefined ? entries.length > 0 : readOneOf(state, ["known", "unknown"] as const) === "known";
  return { tid: controllerFromBus(readField(element, "discovery-controller")), entries: known ? entries : undefined };
}

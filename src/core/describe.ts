/** Describes what every controller is doing, and why: for `explain`, clients and oracles. */
import type { Controller, DiscoveryControllerState, Life, PageNews } from "./state/controller.js";
import { deviceOf, nameOf } from "./controller/life.js";
import type { TransportId } from "./domain/transport-id.js";
import { between, formatDuration, type Milliseconds } from "./domain/units.js";
import { whyKept } from "./stac/plan.js";
import { staleText } from "./controller/renewal.js";
import { dropAt } from "./mdns/absence.js";
import type { ServiceName } from "./ports/bus.js";
import type { CoreState } from "./state/state.js";
import { dueOf, isArmed } from "./state/timers.js";

/** How a controller keeps the rule that each has a connection, an operation in flight or an armed timer. */
export type Footing =
  | "connected"
  | "operation-in-flight"
  | "timer-armed"
  /** It waits until a discovery controller lists it without NCC. */
  | "given-up"
  | "idle";

export interface ControllerDescription {
  readonly service: ServiceName;
  readonly id: string;
  /** As `formatTransportId` prints it. */
  readonly controller: string;
  readonly transportId: TransportId;
  /** Empty if it has no device. */
  readonly device: string;
  readonly state: Life["at"];
  readonly doing: string;
  /** Why it is wanted. */
  readonly wanted: string;
  /** The reason for the last decision. */
  readonly why: string;
  readonly since: Milliseconds;
  /** What happens next without an event from outside, or empty. */
  readonly next: string;
  readonly status: Footing;
}

export function describeControllers(state: CoreState, now: Milliseconds): readonly ControllerDescription[] {
  return [...state.controllers.values()].map((controller) => ({
    service: controller.service,
    id: controller.id,
    controller: nameOf(controller),
    transportId: controller.tid,
    device: deviceOf(controller) ?? "",
    state: controller.life.at,
    doing: doing(controller, now),
    wanted: wanted(controller, now),
    why: controller.why,
    since: controller.since,
    next: next(state, controller, now),
    status: footing(state, controller),
  }));
}

function wanted(controller: Controller, now: Milliseconds): string {
  if (controller.service === "staf" || controller.kept === undefined) return controller.wanted;
  return whyKept(controller.kept, now);
}

function doing(controller: Controller, now: Milliseconds): string {
  const { life } = controller;
  switch (life.at) {
    case "queued":
      return "waits for its address to be probed";
    case "probing":
      return "its address is being probed";
    case "ready":
      return life.suspect ? "waits to be connected after all others, alone" : "waits for its turn to connect";
    case "connecting":
      return life.fate.kind === "keep" ? "is being connected" : "is being connected, then disconnected";
    case "waiting":
      return "waits to be connected again";
    case "given-up":
      return "is given up: no discovery controller has connectivity to it (NCC)";
    case "remembered":
      return "recorded by an earlier run, not in the kernel";
    case "connected":
      return controller.service === "staf"
        ? `is live on ${life.device}, ${pageText(controller, now)}`
        : `is live on ${life.device}`;
    case "reconnecting":
      return `the kernel is reconnecting ${life.device}`;
    case "disconnecting":
      return life.next === "forget"
        ? `${life.device} is being deleted`
        : `${life.device} is being deleted, then connected again`;
  }
}

/** What is known of a log page, when the controller last confirmed it, and what speaks against it. */
function pageText({ page, confirmed, news }: DiscoveryControllerState, now: Milliseconds): string {
  const known =
    page.known === "yes" ? `its page lists ${String(page.entries.length)} entries` : "its page is not known";
  const by = confirmed?.by === "header" ? ", by its header" : "";
  const last = confirmed === undefined ? "" : `, confirmed ${ago(confirmed.at, now)}${by}`;
  return `${known}${last}${newsText(news, now)}`;
}

function newsText(news: PageNews, now: Milliseconds): string {
  switch (news.at) {
    case "none":
      return "";
    case "may-have-changed":
      return `; it may have changed (${news.because}, ${ago(news.since, now)})`;
    case "has-changed":
      return `; it has changed (${news.because}, ${ago(news.since, now)}) and is not read yet`;
  }
}

function ago(time: Milliseconds, now: Milliseconds): string {
  return `${formatDuration(between(time, now))} ago`;
}

/** What happens next without an event from outside. For an unannounced discovered controller, also when it is dropped. */
function next(state: CoreState, controller: Controller, now: Milliseconds): string {
  const own = nextOf(state, controller, now);
  const deadline = controller.service === "staf" ? dropAt(state, controller) : undefined;
  if (deadline === undefined) return own;
  return `${own === "" ? "" : `${own}, `}dropped in ${formatDuration(between(now, deadline))} unless it comes back`;
}

function nextOf(state: CoreState, controller: Controller, now: Milliseconds): string {
  const inTime = (kind: "retry" | "page"): string | undefined => {
    const due = dueOf(state, { kind, controller: controller.id });
    return due === undefined ? undefined : formatDuration(between(now, due));
  };
  const stale = staleText(state, controller);
  if (stale !== "") return stale;
  const retry = inTime("retry");
  if (retry !== undefined)
    return controller.life.at === "waiting" ? `tried again in ${retry}` : `forgotten in ${retry}`;
  const page = inTime("page");
  return page === undefined ? "" : `its page is read again in ${page}`;
}

function footing(state: CoreState, controller: Controller): Footing {
  switch (controller.life.at) {
    case "connected":
    case "reconnecting":
      return "connected";
    case "queued":
    case "ready":
      // A place in the queue counts as an operation: the queue moves when the one in flight ends.
      return "operation-in-flight";
    case "probing":
    case "connecting":
    case "disconnecting":
      return state.requests.has(controller.life.request) ? "operation-in-flight" : "idle";
    case "given-up":
      return "given-up";
    case "waiting":
    case "remembered":
      return isArmed(state, { kind: "retry", controller: controller.id }) ? "timer-armed" : "idle";
  }
}

/** What is not settled yet, as text. Empty if the core only waits for the world. */
export function pendingObligations(state: CoreState, now: Milliseconds): readonly string[] {
  const pending: string[] = [];
  for (const service of ["staf", "stac"] as const) {
    if (isArmed(state, { kind: "soak", service })) pending.push(`${service} has to reconcile`);
    const record = state[service]?.record;
    if (record !== undefined && record.durable !== record.sequence) pending.push(`${record.path} has to be written`);
  }
  for (const controller of state.controllers.values()) {
    const { at } = controller.life;
    if (at !== "connected" && at !== "remembered" && at !== "given-up")
      pending.push(`${nameOf(controller)} ${doing(controller, now)}`);
    else if (controller.service === "staf" && controller.reading.at !== "idle") {
      pending.push(`the log page of ${nameOf(controller)} has to be read`);
    }
  }
  return pending;
}

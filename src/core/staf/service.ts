/** staf: finds discovery controllers and keeps their log pages. */
import { bootControllers, unreadTables } from "../boot/tables.js";
import { defaultStafConfig, parseStafConfig } from "../config/stafd.js";
import type { Context } from "../state/context.js";
import { readPage } from "../controller/discovery.js";
import { leave } from "../controller/machine.js";
import { renewConnections, setOptions } from "../controller/renewal.js";
import { recallAbsence, whyDropped } from "../mdns/absence.js";
import { configureMdns, mdnsLacks } from "../mdns/provider.js";
import { announcedBy, reviewTargets, unreachedTargets } from "../mdns/table.js";
import {
  controllerKey,
  knownEntries,
  standingOf,
  type Controller,
  type ControllerId,
  type DiscoveryControllerState,
} from "../state/controller.js";
import { withNamedExcludes } from "../names/addresses.js";
import { AssertionError } from "../domain/assertion.js";
import { sourceKey, type OpenSource } from "../domain/open-source.js";
import { optionsOver } from "../domain/connection-options.js";
import { later } from "../domain/units.js";
import { REMEMBERED_FOR } from "../domain/limits.js";
import { readRecordedDcs } from "../record/recorded.js";
import { touch } from "../record/saving.js";
import {
  addController,
  begin,
  claim,
  CONFIG_PATHS,
  letGo,
  loadConfig,
  loadRecord,
  namedOf,
  RECORD_PATHS,
  remember,
} from "../controller/services.js";
import { requestReconcile } from "../state/soak.js";
import type { StafState } from "../state/state.js";
import type { StafView } from "../state/staf-view.js";
import {
  openLeftovers,
  openSources,
  planStaf,
  wantedDcs,
  type DiscoveredDc,
  type PresentDc,
  type StafOperation,
  type StafPlanInput,
} from "./plan.js";

export const STAF_CONFIG = CONFIG_PATHS.staf;

export function initialStaf(): StafState {
  return {
    config: defaultStafConfig(STAF_CONFIG),
    configKnown: false,
    record: { path: RECORD_PATHS.staf, sequence: 0, attempted: 0, durable: 0 },
    reconciles: 0,
    open: new Map(),
    sourcesMoved: false,
  };
}

/** The discovery controllers of the state, in the order they came. */
export function discoveryControllers(context: Context): readonly DiscoveryControllerState[] {
  return [...context.state.controllers.values()].filter((controller) => controller.service === "staf");
}

type AddedDc = Pick<
  DiscoveryControllerState,
  "tid" | "hostName" | "options" | "origin" | "page" | "why" | "rememberedUntil"
>;

/** Adds a discovery controller that has no connection yet: nothing is read, and it is not registered with. */
function addDc(context: Context, dc: AddedDc): Controller {
  return addController(context, {
    ...dc,
    service: "staf",
    wanted: dc.why,
    news: { at: "none" },
    confirmed: undefined,
    unused: [],
    reading: { at: "idle" },
    lsp: "ask",
    registration: { at: "due", unanswered: 0 },
  });
}

export function startStaf(context: Context, staf: StafState): void {
  loadConfig(context, "staf", staf, parseStafConfig);
  const rememberedUntil = later(context.ports.clock.now(), REMEMBERED_FOR);
  for (const { tid, hostName, origin, page, absentSince } of loadRecord(context, "staf", readRecordedDcs)) {
    const options = optionsOver(tid.transport, staf.config.connection);
    const why = "recorded by an earlier run";
    const controller = addDc(context, { tid, hostName, options, origin, page, why, rememberedUntil });
    if (absentSince !== undefined) recallAbsence(context, controller.id, absentSince);
    remember(context, controller);
  }
  configureMdns(context);
  reconcileStaf(context, staf);
}

/** Reads the configuration and every page again. */
export function reloadStaf(context: Context, staf: StafState): void {
  loadConfig(context, "staf", staf, parseStafConfig);
  configureMdns(context);
  reconcileStaf(context, staf);
  for (const dc of discoveryControllers(context)) readPage(context, dc, "the configuration was reloaded");
}

export function reconcileStaf(context: Context, staf: StafState): void {
  reviewTargets(context);
  staf.reconciles += 1;
  for (const operation of planStaf(planInput(context, staf))) carryOut(context, operation);
  renewConnections(context, "staf");
  staf.sourcesMoved = true;
}

function planInput(context: Context, staf: StafState): StafPlanInput {
  const { state } = context;
  return {
    config: withNamedExcludes(staf.config, state.names),
    configKnown: staf.configKnown,
    names: state.names,
    boot: bootControllers(context, staf.config),
    present: discoveryControllers(context).map((dc) => presentDc(context, dc)),
    discovered: discoveredDcs(context),
    mdnsLacks: mdnsLacks(context),
    unreached: unreachedTargets(context),
    unreadTables: unreadTables(state),
  };
}

function presentDc(context: Context, controller: DiscoveryControllerState): PresentDc {
  const { id, origin, options, page } = controller;
  const dropped = whyDropped(context, controller);
  const unread = unreadPage(controller);
  return { id, ...namedOf(controller), origin, options, entries: knownEntries(page), unread, dropped };
}

/** What an earlier run read may have changed while no daemon ran. A lost connection alone opens no page. */
function unreadPage({ confirmed, news, why }: DiscoveryControllerState): PresentDc["unread"] {
  if (confirmed === undefined) return { read: "never", because: why };
  return news.at === "none" ? undefined : { read: "news", because: news.because };
}

/** What is announced and takes connections, or is here already. */
function discoveredDcs(context: Context): readonly DiscoveredDc[] {
  const found: DiscoveredDc[] = [];
  for (const [key, target] of context.state.mdns.targets) {
    const isHere = context.state.byKey.has(controllerKey("staf", key));
    if (isHere || target.reach.at === "reachable") found.push({ tid: target.tid, why: announcedBy(context, target) });
  }
  return found;
}

function carryOut(context: Context, operation: StafOperation): void {
  switch (operation.op) {
    case "add": {
      const { tid, hostName, options, origin } = operation.wanted;
      const { why } = operation;
      const added = { tid, hostName, options, origin, page: { known: "no" }, why, rememberedUntil: undefined } as const;
      begin(context, addDc(context, added));
      return;
    }
    case "stay":
      claim(context, dcOf(context, operation.id), operation.why);
      return;
    case "set-options":
      setOptions(context, dcOf(context, operation.id), operation);
      return;
    case "set-origin": {
      const dc = dcOf(context, operation.id);
      dc.origin = operation.wanted.origin;
      dc.hostName = operation.wanted.hostName;
      dc.wanted = operation.why;
      context.state.mdns.unjudged.add(dc.id);
      touch(context, "staf");
      return;
    }
    case "leave":
      letGo(context, dcOf(context, operation.id), true, operation.why);
      return;
  }
}

function dcOf({ state }: Context, id: ControllerId): DiscoveryControllerState {
  const controller: Controller | undefined = state.controllers.get(id);
  if (controller?.service !== "staf") throw new AssertionError(`a plan of staf names ${id}, which it does not have`);
  return controller;
}

/** The open sources, each with the time since when it is known to be open. */
function noteSources(context: Context, staf: StafState): readonly OpenSource[] {
  const input = planInput(context, staf);
  const wanted = wantedDcs(input);
  const now = context.ports.clock.now();
  const open = [...openSources(input, wanted), ...openLeftovers(input, wanted)].map((source) => ({
    source,
    since: staf.open.get(sourceKey(source)) ?? now,
  }));
  staf.open.clear();
  for (const { source, since } of open) staf.open.set(sourceKey(source), since);
  return open;
}

/** Tells stac if a source has spoken. The core calls it after every event. */
export function reviewSources(context: Context): void {
  const { staf, stac, phase } = context.state;
  if (staf?.sourcesMoved !== true) return;
  staf.sourcesMoved = false;
  if (phase !== "running") return;
  const before = [...staf.open.keys()];
  noteSources(context, staf);
  if (before.every((key) => staf.open.has(key))) return;
  context.ports.bus.emit("staf", "sources_changed", []);
  if (stac?.awaitsSource === true) requestReconcile(context, "stac");
}

/** What stac may know of staf: nothing while the configuration is not known, nor while staf takes itself down. */
export function stafView(context: Context, staf: StafState): StafView {
  if (context.state.phase !== "running") return { kind: "unknown", because: "staf stops" };
  if (!staf.configKnown) return { kind: "unknown", because: `${staf.config.file} could not be read` };
  const dcs = discoveryControllers(context).filter((dc) => standingOf(dc) !== "leaving");
  return {
    kind: "known",
    dcs: dcs.map(({ tid, page }) => ({ tid, entries: knownEntries(page) })),
    open: noteSources(context, staf),
  };
}

/** A clean stop: discovery controllers are left connected or not, as the configuration says. */
export function stopStaf(context: Context, staf: StafState): void {
  if (staf.config.persistentConnections) return;
  for (const dc of discoveryControllers(context)) {
    leave(context, dc, true, "staf stops, and persistent-connections is false");
  }
}

/** stac: keeps the host connected to the I/O controllers that are configured or listed. */
import { bootSubsystemsKnown, isBootConnection } from "../boot/tables.js";
import { defaultStacConfig, parseStacConfig } from "../config/stacd.js";
import { armAt, log, sayOnce, type Context } from "../state/context.js";
import {
  standingOf,
  type Controller,
  type ControllerId,
  type IoControllerState,
  type Kept,
} from "../state/controller.js";
import { deviceSeen } from "../devices/events.js";
import { devicesBeingDeleted, startDelete } from "../kernel/deleting.js";
import type { BusCallEvent, BusResult } from "../ports/bus.js";
import { isStray } from "../kernel/device-index.js";
import { withNamedExcludes } from "../names/addresses.js";
import { AssertionError } from "../domain/assertion.js";
import { adviceOn, sourceKey, untilSpoken, type OpenSource } from "../domain/open-source.js";
import { optionsOver } from "../domain/connection-options.js";
import { later, Milliseconds } from "../domain/units.js";
import { LAST_PATH_MAX, REMEMBERED_FOR } from "../domain/limits.js";
import { readRecordedIos } from "../record/recorded.js";
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
import { stafView } from "../staf/service.js";
import { controllerToBus } from "../codec/bus-format.js";
import { isBeingMade } from "../controller/adoption.js";
import { deviceOf, nameOf } from "../controller/life.js";
import { renewConnections, setOptions } from "../controller/renewal.js";
import { resume } from "../controller/machine.js";
import type { StacState } from "../state/state.js";
import {
  foreignAwaits,
  planStac,
  type ForeignIo,
  type PresentIo,
  type StacOperation,
  type StacPlanInput,
} from "./plan.js";
import { askStaf, followStaf } from "./view.js";

export const STAC_CONFIG = CONFIG_PATHS.stac;

export function initialStac(): StacState {
  return {
    config: defaultStacConfig(STAC_CONFIG),
    configKnown: false,
    record: { path: RECORD_PATHS.stac, sequence: 0, attempted: 0, durable: 0 },
    reconciles: 0,
    view: { kind: "unknown", because: "staf has not been asked yet" },
    awaitsSource: false,
    holdsPaths: false,
    renewals: "none",
    asking: { at: "idle" },
  };
}

function ioControllers(context: Context): readonly IoControllerState[] {
  return [...context.state.controllers.values()].filter((controller) => controller.service === "stac");
}

export function startStac(context: Context, stac: StacState): void {
  loadConfig(context, "stac", stac, parseStacConfig);
  const rememberedUntil = later(context.ports.clock.now(), REMEMBERED_FOR);
  for (const { tid, hostName, configured, listedBy } of loadRecord(context, "stac", readRecordedIos)) {
    const controller = addController(context, {
      service: "stac",
      tid,
      hostName,
      options: optionsOver(tid.transport, stac.config.connection),
      configured,
      ncc: false,
      listedBy,
      kept: undefined,
      wanted: "recorded by an earlier run",
      why: "recorded by an earlier run",
      rememberedUntil,
    });
    remember(context, controller);
  }
  if (context.state.staf === undefined) followStaf(context);
  requestReconcile(context, "stac");
}

export function reloadStac(context: Context, stac: StacState): void {
  loadConfig(context, "stac", stac, parseStacConfig);
  reconcileStac(context, stac);
}

export function reconcileStac(context: Context, stac: StacState): void {
  stac.reconciles += 1;
  let input = planInput(context, stac);
  let operations = planStac(input);
  if (isPathLost(context, operations)) {
    input = planInput(context, stac);
    operations = planStac(input);
  }
  for (const operation of operations) carryOut(context, operation);
  noteAwaited(context, stac, foreignAwaits(input));
  renewConnections(context, "stac");
}

function planInput(context: Context, stac: StacState): StacPlanInput {
  const { staf, names } = context.state;
  return {
    config: withNamedExcludes(stac.config, names),
    configKnown: stac.configKnown,
    names,
    view: staf === undefined ? stac.view : stafView(context, staf),
    present: ioControllers(context).map((io) => presentIo(context, io)),
    foreign: foreignIos(context),
    now: context.ports.clock.now(),
  };
}

/**
 * Looks at the paths that are to carry on before others to their subsystem are cut: the kernel sends no uevent when a connection
 * breaks. Returns whether one of them is not live any more.
 */
function isPathLost(context: Context, operations: readonly StacOperation[]): boolean {
  const cut = operations.flatMap((one) => (one.op === "leave" && one.disconnect ? [ioOf(context, one.id)] : []));
  if (cut.length === 0) return false;
  const subsystems = new Set(cut.map(({ tid }) => tid.subsysnqn));
  const gone = new Set(cut);
  let isLost = false;
  for (const io of ioControllers(context)) {
    const { life } = io;
    if (life.at !== "connected" || gone.has(io) || !subsystems.has(io.tid.subsysnqn)) continue;
    deviceSeen(context, life.device);
    if (io.life.at !== "connected") isLost = true;
  }
  return isLost;
}

/** Notes whether anything waits for a source to speak. What begins to wait asks staf once more: its view may be old by now. */
function noteAwaited(context: Context, stac: StacState, foreign: OpenSource | undefined): void {
  const didAwait = stac.awaitsSource;
  const claimed = ioControllers(context).filter((io) => standingOf(io) === "claimed");
  const kept = claimed.flatMap((io) => (io.kept === undefined ? [] : [io.kept]));
  stac.awaitsSource = foreign !== undefined || kept.some(({ by }) => by === "open-source");
  noteLastPaths(context, stac, kept);
  if (stac.awaitsSource && !didAwait && stac.view.kind === "known") askStaf(context);
  if (foreign === undefined) return;
  const until = untilSpoken(foreign, context.ports.clock.now());
  const text = `connections that others made stay until ${until}: only then is it known which are wanted. ${adviceOn(foreign.source)}`;
  sayOnce(context, `foreign until ${sourceKey(foreign.source)}`, "notice", text);
}

/** What follows a last path that stays: stac plans again when a path moves, and when the time is over. */
function noteLastPaths(context: Context, stac: StacState, kept: readonly Kept[]): void {
  const now = context.ports.clock.now();
  const dues = kept.flatMap((one) => (one.by === "last-path" ? [later(one.since, LAST_PATH_MAX)] : []));
  stac.holdsPaths = dues.length > 0;
  // What could not be decided when its time was over waits for the event that decides it.
  const ahead = dues.filter((due) => due > now);
  armAt(context, { kind: "last-path" }, ahead.length === 0 ? undefined : Milliseconds(Math.min(...ahead)));
}

function presentIo({ state }: Context, controller: IoControllerState): PresentIo {
  const { id, configured, options, ncc, listedBy, kept, life, failures } = controller;
  const boot = isBootConnection(state, controller.tid);
  const gaveUpAfter = life.at === "given-up" ? failures : undefined;
  const isLive = life.at === "connected";
  return { id, ...namedOf(controller), configured, options, ncc, listedBy, boot, kept, gaveUpAfter, isLive, failures };
}

/**
 * Live I/O connections that carry nothing of ours. Not judged is what is not complete, not live or not known, what another host
 * made (or a kernel does not say which), what is being deleted already, what a connect of ours may be making, and what the host
 * booted over; nothing is while it is not known what that was.
 */
function foreignIos(context: Context): readonly ForeignIo[] {
  const { state } = context;
  const foreign: ForeignIo[] = [];
  if (!bootSubsystemsKnown(state)) return foreign;
  const deleting = devicesBeingDeleted(state);
  for (const present of state.kernel.byName.values()) {
    const { controller } = present;
    if (!isStray(present) || deleting.has(controller.name)) continue;
    if (controller.hostNqn !== state.identity?.hostNqn) continue;
    if (isBootConnection(state, controller)) continue;
    if (isBeingMade(context, present)) continue;
    foreign.push({ device: controller.name, transport: controller.transport, madeFor: controller.subsysnqn });
  }
  return foreign;
}

function carryOut(context: Context, operation: StacOperation): void {
  switch (operation.op) {
    case "add": {
      const { tid, hostName, options, configured, ncc, listedBy } = operation.wanted;
      const why = operation.why;
      const controller = addController(context, {
        service: "stac",
        tid,
        hostName,
        options,
        configured,
        ncc,
        listedBy,
        kept: undefined,
        wanted: why,
        why,
        rememberedUntil: undefined,
      });
      begin(context, controller);
      return;
    }
    case "stay":
      claim(context, ioOf(context, operation.id), operation.why);
      return;
    case "set-options":
      setOptions(context, ioOf(context, operation.id), operation);
      return;
    case "resume":
      resume(context, ioOf(context, operation.id), operation.why);
      return;
    case "set-listing": {
      const io = ioOf(context, operation.id);
      io.configured = operation.configured;
      io.ncc = operation.ncc;
      io.hostName = operation.hostName;
      io.listedBy = operation.listedBy;
      io.wanted = operation.why;
      touch(context, "stac");
      return;
    }
    case "keep":
      keep(context, ioOf(context, operation.id), operation.kept, operation.why);
      return;
    case "leave":
      letGo(context, ioOf(context, operation.id), operation.disconnect, operation.why);
      return;
    case "disconnect-foreign":
      disconnectForeign(context, operation.device, operation.why);
      return;
  }
}

/** Keeps a controller that nothing lists now, and says why: once, and again in the end. */
function keep(context: Context, io: IoControllerState, kept: Kept | undefined, why: string): void {
  const isFirst = io.kept === undefined;
  io.kept = kept;
  if (kept === undefined) log(context, "info", `is wanted again: ${why}`, nameOf(io));
  else log(context, isFirst ? "notice" : "info", why, nameOf(io));
}

function ioOf({ state }: Context, id: ControllerId): IoControllerState {
  const controller: Controller | undefined = state.controllers.get(id);
  if (controller?.service !== "stac") throw new AssertionError(`a plan of stac names ${id}, which it does not have`);
  return controller;
}

/** Unless an operation before it in the same plan has taken the connection up. */
function disconnectForeign(context: Context, device: string, why: string): void {
  const present = context.state.kernel.byName.get(device);
  if (present === undefined || present.bound.size > 0) return;
  log(context, "notice", `disconnecting ${device}: ${why}`);
  startDelete(context, device, present.controller, undefined);
}

export function answerStac(context: Context, call: BusCallEvent): BusResult {
  if (call.method !== "list_controllers") return { ok: false, error: "org.freedesktop.DBus.Error.UnknownMethod" };
  return { ok: true, values: [ioControllers(context).map((io) => controllerToBus(io.tid, deviceOf(io)))] };
}

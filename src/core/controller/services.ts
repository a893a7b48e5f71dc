/** What staf and stac share: their configuration, their record, their controllers. */
import { log, sayOnce, unsay, type Context } from "../state/context.js";
import { DecodeError } from "../codec/error.js";
import { describeChanges } from "../config/changes.js";
import { missingInterfaces } from "../config/common.js";
import type { CommonConfig, ConfigNote, Parsed } from "../config/types.js";
import { beginLife, nameOf } from "./life.js";
import { adopt, keepInMind, leave, seek, stay } from "./machine.js";
import {
  standingOf,
  type Controller,
  type ControllerId,
  type DiscoveryControllerState,
  type IoControllerState,
} from "../state/controller.js";
import { unreadable } from "../domain/advice.js";
import { CONNECTION_KEYS, CONNECTION_OPTIONS, isAccepted, isSet } from "../domain/connection-options.js";
import { ERRNO } from "../domain/errno.js";
import { wantedTransportId } from "../names/entry.js";
import type { Named } from "../names/addresses.js";
import type { ServiceName } from "../ports/bus.js";
import { touch } from "../record/saving.js";
import type { ServiceState } from "../state/state.js";

/** The configuration files, as the core calls them. `locate` of the store says where they lie. */
export const CONFIG_PATHS: Readonly<Record<ServiceName, string>> = {
  staf: "/etc/stas/stafd.conf",
  stac: "/etc/stas/stacd.conf",
};

export const RECORD_PATHS: Readonly<Record<ServiceName, string>> = {
  staf: "/run/stafd/last-known-config.json",
  stac: "/run/stacd/last-known-config.json",
};

/**
 * Reads a service's configuration. A missing file is the default; one that cannot be read or parsed
 * leaves the last good configuration in force, or, where there is none, leaves it unknown.
 */
export function loadConfig<Config extends CommonConfig>(
  context: Context,
  name: ServiceName,
  service: ServiceState<Config>,
  parse: (file: string, text: string) => Parsed<Config>,
): void {
  const path = CONFIG_PATHS[name];
  const { store } = context.ports;
  const file = store.locate(path);
  service.config = { ...service.config, file };
  const read = store.read(path);
  const mark = `config ${file}`;
  if (!read.ok && read.errno !== ERRNO.ENOENT) {
    sayOnce(context, mark, "error", `${file} cannot be read (${unreadable(read.errno)}): ${lastGood(service)}`);
    return;
  }
  const parsed = parse(file, read.ok ? read.text : "");
  reportNotes(context, parsed.notes);
  if (!parsed.ok) {
    sayOnce(context, mark, "error", `${file} is not valid: ${lastGood(service)}. Mend the file and reload.`);
    return;
  }
  unsay(context, mark);
  for (const entry of parsed.value.controllers) {
    const wanted = wantedTransportId(entry, name, parsed.value.ignoreIface);
    if (!wanted.ok)
      log(context, "warning", `${file} line ${String(entry.line)}: the controller is ignored: ${wanted.because}`);
  }
  const interfaces = context.ports.network.interfaces().map((one) => one.name);
  reportNotes(context, missingInterfaces(parsed.value, interfaces));
  if (service.configKnown) log(context, "notice", `reloaded ${file}: ${describeChanges(service.config, parsed.value)}`);
  service.config = parsed.value;
  service.configKnown = true;
  const { staf, stac } = context.state;
  context.ports.log.setDebug(staf?.config.tron === true || stac?.config.tron === true);
}

function lastGood(service: ServiceState<CommonConfig>): string {
  return service.configKnown ? "the last good configuration stays in force" : "what is configured is not known";
}

export function reportNotes(context: Context, notes: readonly ConfigNote[]): void {
  for (const note of notes) {
    const where = note.line === 0 ? note.file : `${note.file} line ${String(note.line)}`;
    log(context, note.level, `${where}: ${note.text}`);
  }
}

/** Reads what an earlier run recorded; nothing where there is no such file, or where it cannot be understood. */
export function loadRecord<T>(
  context: Context,
  service: ServiceName,
  read: (text: string) => readonly T[],
): readonly T[] {
  const { store } = context.ports;
  const path = store.locate(RECORD_PATHS[service]);
  const file = store.read(RECORD_PATHS[service]);
  if (!file.ok) {
    if (file.errno !== ERRNO.ENOENT)
      log(context, "error", `${path} cannot be read (${unreadable(file.errno)}): starting without it`);
    return [];
  }
  try {
    return read(file.text);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    log(context, "warning", `${path} is not valid (${error.problem}): starting without it`);
    return [];
  }
}

/** What every controller starts with. */
type Fresh = "id" | "life" | "since" | "failures" | "lastFailure" | "wokenAt" | "recordedAt" | "connectedWith";

type NewController = Omit<DiscoveryControllerState, Fresh> | Omit<IoControllerState, Fresh>;

/** Enters a controller into the state. It is recorded from now on; `seek` or `remember` gives it something to do. */
export function addController(context: Context, made: NewController): Controller {
  const { state, ports } = context;
  const id: ControllerId = `c${state.nextController}`;
  state.nextController += 1;
  const since = ports.clock.now();
  const controller: Controller = {
    ...made,
    id,
    life: { at: "waiting" },
    since,
    failures: 0,
    lastFailure: "probe",
    wokenAt: undefined,
    recordedAt: 0,
    connectedWith: undefined,
  };
  beginLife(context, controller);
  controller.recordedAt = touch(context, controller.service);
  return controller;
}

/** Failures in a row after which the next address of a host name is tried. */
const FAILURES_BEFORE_NEXT_ADDRESS = 3;

/** What the choice of a host name's address looks at. */
export function namedOf(controller: Controller): Named {
  const { tid, hostName, life, failures } = controller;
  const isInKernel = life.at === "connected" || life.at === "reconnecting";
  const health = isInKernel ? "in-kernel" : failures >= FAILURES_BEFORE_NEXT_ADDRESS ? "failing" : "unclear";
  return { tid, hostName, standing: standingOf(controller), health };
}

/** A controller of an earlier run: taken up where the kernel still has it, else kept in mind for a while. */
export function remember(context: Context, controller: Controller): void {
  if (!adopt(context, controller)) keepInMind(context, controller, { kind: "keep" }, "recorded by an earlier run");
}

/** [Global] protects only the connections over transports that accept it. */
function reportUnprotected(context: Context, { service, tid: { transport } }: Controller): void {
  const config = context.state[service]?.config;
  if (config === undefined) return;
  for (const key of CONNECTION_KEYS) {
    const { file, protects } = CONNECTION_OPTIONS[key];
    if (!protects || isAccepted(transport, key) || !isSet(config.connection, key)) continue;
    const text = `${config.file}: ${file} of [Global] does not apply to connections over ${transport}, which are made without it`;
    sayOnce(context, `unprotected ${service} ${transport} ${file}`, "notice", text);
  }
}

/** A controller that was just entered is wanted, and looked for. */
export function begin(context: Context, controller: Controller): void {
  log(context, "info", `wanted: ${controller.wanted}`, nameOf(controller));
  reportUnprotected(context, controller);
  seek(context, controller, controller.wanted);
}

/** A plan wants a controller that was leaving, or that an earlier run recorded. */
export function claim(context: Context, controller: Controller, why: string): void {
  controller.wanted = why;
  stay(context, controller, why);
}

/** A plan does not want a controller any more. */
export function letGo(context: Context, controller: Controller, disconnect: boolean, why: string): void {
  log(context, "notice", `not wanted: ${why}`, nameOf(controller));
  leave(context, controller, disconnect, why);
}

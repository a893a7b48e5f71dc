/** The expectations of a scenario. */
import type { Milliseconds } from "../../../core/domain/units.js";
import { later } from "../../../core/domain/units.js";
import type { Path } from "../document.js";
import type { FullRecord } from "../schema/schema.js";
import type { Bound, Condition, Counted, Expectation, Range } from "../types.js";
import { given, span, type Scope } from "./scope.js";

type ExpectationRecord = FullRecord["expect"][number];
type NeverRecord = Extract<ExpectationRecord, { never: unknown }>;
type CountRecord = Extract<ExpectationRecord, { count: unknown }>;
type LogRecord = Extract<ExpectationRecord, { log: unknown }>;
type WithinRecord = Extract<ExpectationRecord, { within: unknown }>;
type ConditionRecord = Exclude<NeverRecord["never"]["while"], undefined>;

/** An expectation whose window may still end with the run. */
type Open<E> = E extends { readonly window: Range } ? Omit<E, "window"> & { readonly window: OpenRange } : E;
export type OpenExpectation = Open<Expectation>;

interface OpenRange {
  readonly from: Milliseconds;
  readonly to: Milliseconds | undefined;
}

/** What resolving needs to know besides names. */
export interface ExpectationContext {
  readonly scope: Scope;
  /** When steps happen, where that is known. */
  readonly stepTimes: ReadonlyMap<string, Milliseconds>;
}

export function resolveExpectation(
  record: ExpectationRecord,
  context: ExpectationContext,
  path: Path,
): OpenExpectation | undefined {
  const { scope } = context;
  if ("never" in record) return resolveNever(record, scope, path);
  if ("count" in record) return resolveCount(record, scope, path);
  if ("log" in record) return resolveLog(record, scope, path);
  if ("within" in record) return resolveWithin(record, context, path);
  if ("settled" in record) return { kind: "settled", by: scope.time([...path, "settled"], record.settled) };
  if ("throughout" in record) {
    return {
      kind: "throughout",
      during: scope.range([...path, "throughout"], record.throughout),
      connected: scope.controllers([...path, "connected"], record.connected),
    };
  }
  return resolveMoment(record, scope, path);
}

function resolveMoment(
  record: Extract<ExpectationRecord, { at: string }>,
  scope: Scope,
  path: Path,
): OpenExpectation | undefined {
  const at = scope.time([...path, "at"], record.at);
  if ("state" in record) {
    const { controller, service, state } = record.state;
    return {
      kind: "state",
      at,
      controller: scope.controller([...path, "state", "controller"], controller),
      service,
      state,
    };
  }
  if ("file" in record) {
    const { contains, exists } = record.file;
    if (contains !== undefined && !exists) {
      scope.source.addKey([...path, "file", "contains"], "contains only where the file is to exist");
    }
    return { kind: "file", at, path: record.file.path, exists, ...given({ contains }) };
  }
  if ("process" in record) {
    const { name, running, status } = record.process;
    if (running === true && status !== undefined) {
      scope.source.addKey([...path, "process", "status"], "status only of a process that is not running");
    }
    return { kind: "process", at, name, running: running ?? status === undefined, ...given({ status }) };
  }
  if ("disconnected" in record) {
    const disconnected = scope.controllers([...path, "disconnected"], record.disconnected);
    return { kind: "disconnected", at, disconnected };
  }
  const connected = scope.controllers([...path, "connected"], record.connected);
  return { kind: "connected", at, connected, exactly: record.exactly };
}

function resolveWithin(record: WithinRecord, context: ExpectationContext, path: Path): OpenExpectation | undefined {
  const { scope, stepTimes } = context;
  const { connected, disconnected } = record;
  const within = span(record.within);
  const of = scope.step([...path, "of"], record.of);
  const begins = stepTimes.get(of);
  // Where the step waits for an event the span can only begin later than the start.
  scope.mention([...path, "within"], begins === undefined ? within.to : later(begins, within.to));
  if ((connected === undefined) === (disconnected === undefined)) {
    scope.source.add(path, "either connected or disconnected");
    return undefined;
  }
  const becomes = connected === undefined ? "disconnected" : "connected";
  const controllers = scope.controllers([...path, becomes], connected ?? disconnected ?? []);
  return { kind: "within", within, of, becomes, controllers };
}

function resolveWindow(
  record: { readonly from?: string | undefined; readonly to?: string | undefined },
  scope: Scope,
  path: Path,
): OpenRange {
  const from = scope.time([...path, "from"], record.from ?? "0s");
  if (record.to === undefined) return { from, to: undefined };
  const to = scope.time([...path, "to"], record.to);
  if (to < from) scope.source.add([...path, "to"], "a time not before from");
  return { from, to };
}

function resolveBound(record: CountRecord | LogRecord, scope: Scope, path: Path): Bound | undefined {
  const bounds: Bound[] = [];
  for (const kind of ["is", "at-most", "at-least"] as const) {
    const count = record[kind];
    if (count !== undefined) bounds.push({ kind, count });
  }
  const [bound, second] = bounds;
  if (bound === undefined) scope.source.add(path, "one of the keys is, at-most, at-least");
  if (second !== undefined) scope.source.addKey([...path, second.kind], "only one of is, at-most, at-least");
  return bound;
}

function resolveNever(record: NeverRecord, scope: Scope, path: Path): OpenExpectation {
  const { never } = record;
  const what = "connect" in never ? "connect" : "disconnect";
  const ids = "connect" in never ? never.connect : never.disconnect;
  const condition = never.while;
  return {
    kind: "never",
    what,
    controllers: scope.controllers([...path, "never", what], ids),
    ...given({
      while: condition === undefined ? undefined : resolveCondition(condition, scope, [...path, "never", "while"]),
    }),
    window: resolveWindow(record, scope, path),
  };
}

function resolveCondition(record: ConditionRecord, scope: Scope, path: Path): Condition {
  if ("link" in record) {
    const { interface: name, state } = record.link;
    return { kind: "link", hostIface: scope.interface([...path, "link", "interface"], name), state };
  }
  if ("listener" in record) {
    const { id, state } = record.listener;
    return { kind: "listener", id: scope.peer([...path, "listener", "id"], id), state };
  }
  return { kind: "process", ...record.process };
}

function resolveCount(record: CountRecord, scope: Scope, path: Path): OpenExpectation | undefined {
  const bound = resolveBound(record, scope, path);
  const window = resolveWindow(record, scope, path);
  const counted = resolveCounted(record.count, scope, [...path, "count"]);
  return bound === undefined ? undefined : { kind: "count", counted, bound, window };
}

function resolveCounted(record: CountRecord["count"], scope: Scope, path: Path): Counted {
  if ("calls" in record) return { kind: "calls", call: record.calls };
  if ("registrations" in record) {
    const dc = scope.discoveryController([...path, "registrations"], record.registrations);
    return { kind: "registrations", dc, ...given({ symname: record.symname }) };
  }
  if ("reconciles" in record) return { kind: "reconciles", service: record.reconciles };
  if ("unit-restarts" in record) {
    const matches = record["unit-restarts"];
    checkExpression(matches, scope, [...path, "unit-restarts"]);
    return { kind: "unit-restarts", matches };
  }
  if ("crashes" in record) return { kind: "crashes", process: record.crashes };
  const [kind, text] =
    "connects" in record
      ? (["connects", record.connects] as const)
      : "disconnects" in record
        ? (["disconnects", record.disconnects] as const)
        : "probes" in record
          ? (["probes", record.probes] as const)
          : (["log-reads", record["log-reads"]] as const);
  return { kind, controller: scope.controller([...path, kind], text) };
}

function resolveLog(record: LogRecord, scope: Scope, path: Path): OpenExpectation | undefined {
  const { level, matches } = record.log;
  if (matches !== undefined) checkExpression(matches, scope, [...path, "log", "matches"]);
  const bound = resolveBound(record, scope, path);
  const window = resolveWindow(record, scope, path);
  return bound === undefined ? undefined : { kind: "log", ...given({ level, matches }), bound, window };
}

function checkExpression(source: string, scope: Scope, path: Path): void {
  if (!isRegularExpression(source)) scope.source.add(path, "a regular expression (flag u)");
}

function isRegularExpression(source: string): boolean {
  try {
    new RegExp(source, "u");
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Ends the windows that were left open. */
export function closeWindow(expectation: OpenExpectation, until: Milliseconds): Expectation {
  if (!("window" in expectation)) return expectation;
  const { from, to } = expectation.window;
  return { ...expectation, window: { from, to: to ?? until } };
}

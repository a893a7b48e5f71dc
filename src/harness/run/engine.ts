/** One run of one scenario: the world, its cores behind traced ports, the time line, and everybody who watches. */
import type { ProcessName, WorldObservation } from "../../adapters/sim/observation.js";
import type { SimulatedWorld } from "../../adapters/sim/world-api.js";
import type { WorldSpec } from "../../adapters/sim/spec.js";
import { Milliseconds } from "../../core/domain/units.js";
import { ControllerIndex } from "../controllers.js";
import type { ControllerDescription } from "../core-view.js";
import { judgeFor } from "../judges/index.js";
import type { Judge, JudgeView } from "../judges/judge.js";
import { ORACLES } from "../oracles/index.js";
import { secretsOf } from "../oracles/no-secret.js";
import type { OracleView, Violation } from "../oracles/oracle.js";
import type { Failure } from "../result.js";
import type { Scenario, Step } from "../scenario/types.js";
import { actionText } from "../trace/action-text.js";
import { observationText } from "../trace/observation-text.js";
import { Trace } from "../trace/trace.js";
import type { PortSink } from "../trace/teller.js";
import { tracedPorts } from "../trace/traced-ports.js";
import { installTripwire } from "../tripwire.js";
import type { Machinery } from "./machinery.js";
import { Processes } from "./processes.js";
import { Timeline } from "./timeline.js";
import { Watchers } from "./watchers.js";

/** More events than this in one run are no scenario but an endless loop. */
export const RUN_EVENTS_MAX = 50_000_000;

/** Slices of a run, for progress and for the bound above. */
const SLICES = 64;

/** Violations of one oracle that are reported. */
const VIOLATIONS_PER_ORACLE_MAX = 5;

export interface EngineOptions {
  readonly seed: number;
  readonly keepTrace: boolean;
  /** Replaces a core by its restored snapshot before every n-th event; 0: never. */
  readonly restoreEvery: number;
  /** Simulated time so far, now and then. */
  readonly onProgress?: (simulated: Milliseconds) => void;
}

export interface RunOutcome {
  readonly simulated: Milliseconds;
  readonly events: number;
  readonly hash: string;
  readonly failures: readonly Failure[];
  readonly trace: readonly string[];
}

/** One run. Made, run once, and thrown away. */
export class Engine {
  readonly #scenario: Scenario;
  readonly #options: EngineOptions;
  readonly #spec: WorldSpec;
  readonly #trace: Trace;
  readonly #processes: Processes;
  readonly #judges: readonly Judge[];
  readonly #watchers: Watchers;
  readonly #world: SimulatedWorld;
  readonly #timeline: Timeline;
  readonly #controllers: ControllerIndex;
  readonly #paths: Set<string>;
  readonly #secrets: readonly string[];
  readonly #violations: Violation[] = [];
  readonly #violationsBy = new Map<string, number>();
  readonly #now: () => Milliseconds = () => Milliseconds(0);
  readonly #ready: boolean = false;

  constructor(scenario: Scenario, machinery: Machinery, options: EngineOptions) {
    this.#scenario = scenario;
    this.#options = options;
    this.#spec = { ...scenario.world, seed: options.seed };
    this.#paths = new Set(Object.keys(this.#spec.host.files));
    this.#secrets = scenarioSecrets(scenario);
    this.#trace = new Trace({
      now: () => this.#now(),
      keep: options.keepTrace,
      secrets: this.#secrets,
      onSecret: (line) => {
        this.#watchers.leaked(line);
      },
    });
    this.#processes = new Processes(machinery, options.restoreEvery, {
      now: () => this.#now(),
      record: (process, body) => {
        this.#trace.record(process, body);
      },
      entering: (process, event) => {
        this.#watchers.dispatched(process, event, this.#now());
        this.#timeline.entering(process, event);
      },
    });
    const sink = this.#portSink();
    this.#world = machinery.createWorld(this.#spec, {
      boot: (process, ports) => this.#processes.boot(process, tracedPorts(ports, sink, process)),
      observe: (at, seen) => {
        this.#observed(seen, at);
      },
      crashed: (process, error) => {
        this.#watchers.crashed(process, error, this.#now());
      },
    });
    this.#now = () => this.#world.now();
    this.#controllers = new ControllerIndex(this.#world.connections());
    const view = this.#judgeView();
    this.#judges = scenario.expectations.map((expectation) => judgeFor(expectation, view));
    const oracleView = this.#oracleView();
    this.#watchers = new Watchers(
      this.#judges,
      ORACLES.map((definition) => definition.create(oracleView)),
    );
    this.#timeline = this.#makeTimeline();
    this.#ready = true;
  }

  /** Runs to the end of the scenario, or to `until` where that is earlier. */
  run(until: Milliseconds = this.#scenario.until): RunOutcome {
    const removeTripwire = installTripwire();
    try {
      const complete = this.#runTo(Milliseconds(Math.min(until, this.#scenario.until)));
      this.#watchers.rested();
      this.#watchers.finish();
      const failures = [...this.#expectationFailures(), ...this.#violations.map((each) => this.#oracleFailure(each))];
      if (!complete) failures.push(this.#runaway());
      failures.push(...this.#timeline.missed().map((step) => this.#missed(step)));
      return {
        simulated: this.#now(),
        events: this.#world.dispatched(),
        hash: this.#trace.digest(),
        failures,
        trace: this.#trace.lines(),
      };
    } finally {
      removeTripwire();
    }
  }

  /** What every controller does, at the point that the run has reached. */
  describe(): readonly ControllerDescription[] {
    return this.#processes.describe();
  }

  get world(): SimulatedWorld {
    return this.#world;
  }

  get pending(): readonly string[] {
    return this.#processes.pending();
  }

  /** False where it was cut short because it did not come to an end. */
  #runTo(until: Milliseconds): boolean {
    const looks = new Set(this.#judges.flatMap((judge) => judge.looksAt));
    const slice = until / SLICES;
    const stops = new Set<number>([until]);
    for (const at of looks) if (at <= until) stops.add(at);
    for (let i = 1; i < SLICES; i++) stops.add(Math.floor(i * slice));
    for (const stop of [...stops].sort((a, b) => a - b)) {
      const at = Milliseconds(stop);
      this.#world.runUntil(at);
      if (looks.has(at)) {
        this.#watchers.rested();
        this.#watchers.look(at);
      }
      this.#options.onProgress?.(at);
      if (this.#world.dispatched() > RUN_EVENTS_MAX) return false;
    }
    return true;
  }

  #observed(seen: WorldObservation, at: Milliseconds): void {
    this.#trace.record("world", observationText(seen));
    if (seen.kind === "file-written") this.#paths.add(seen.path);
    this.#processes.observed(seen);
    // What is there while the world is made is read from it afterwards.
    if (!this.#ready) return;
    this.#controllers.observe(seen, at);
    this.#watchers.observed(seen, at);
    this.#timeline.observed(seen);
  }

  #portSink(): PortSink {
    return {
      record: (process: ProcessName, body: string) => {
        this.#trace.record(process, body);
      },
      called: (call) => {
        this.#watchers.called(call, this.#now());
        this.#timeline.called(call);
      },
      logged: (_process, record) => {
        this.#watchers.logged(record, this.#now());
      },
    };
  }

  #makeTimeline(): Timeline {
    const { timeline, autostart } = this.#scenario;
    if (autostart) {
      this.#world.schedule(Milliseconds(0), () => {
        this.#world.apply({ kind: "start", process: "both" });
      });
    }
    return new Timeline(timeline, this.#world, this.#controllers, {
      now: () => this.#now(),
      carryOut: (step) => {
        this.#trace.record("scenario", actionText(step.id ?? "", step.action));
        if (step.action.kind === "write-file") this.#paths.add(step.action.path);
        this.#watchers.stepping(step.id, step.action, this.#now());
        this.#world.apply(step.action);
      },
    });
  }

  #judgeView(): JudgeView {
    return {
      spec: this.#spec,
      now: () => this.#now(),
      controllers: this.#controllers,
      describe: () => this.#processes.describe(),
      pending: () => this.#processes.pending(),
      serviceState: (service) => this.#processes.serviceState(service),
      readFile: (path) => this.#world.readFile(path),
      lastEventAbout: (obligation) => this.#processes.lastEventAbout(obligation),
    };
  }

  #oracleView(): OracleView {
    return {
      spec: this.#spec,
      now: () => this.#now(),
      controller: (uid) => this.#controllers.get(uid),
      controllers: () => this.#controllers.all(),
      addedAt: (uid) => this.#controllers.addedAt(uid),
      processes: () => this.#world.processes(),
      startedAt: (process) => this.#processes.startedAt(process),
      readFile: (path) => this.#world.readFile(path),
      filePaths: () => this.#paths,
      describe: () => this.#processes.describe(),
      secrets: this.#secrets,
      violated: (violation) => {
        const count = (this.#violationsBy.get(violation.oracle) ?? 0) + 1;
        this.#violationsBy.set(violation.oracle, count);
        if (count <= VIOLATIONS_PER_ORACLE_MAX) this.#violations.push({ ...violation, at: this.#now() });
      },
    };
  }

  #expectationFailures(): Failure[] {
    return this.#judges.flatMap((judge, index) => {
      const finding = judge.finding();
      if (finding.kind === "met") return [];
      return [
        {
          kind: finding.kind === "open" ? ("unsettled" as const) : ("expectation" as const),
          name: this.#scenario.expectations[index]?.kind ?? "",
          file: this.#scenario.file,
          line: this.#scenario.expectationLines[index] ?? 0,
          at: this.#now(),
          expected: judge.expected,
          observed: finding.observed,
          hints: finding.hints,
        },
      ];
    });
  }

  #oracleFailure({ oracle, at, expected, observed, hint }: Violation): Failure {
    const hints = hint === "" ? [] : [hint];
    return { kind: "oracle", name: oracle, file: this.#scenario.file, line: 0, at, expected, observed, hints };
  }

  #runaway(): Failure {
    return {
      kind: "oracle",
      name: "bounded-work",
      file: this.#scenario.file,
      line: 0,
      at: this.#now(),
      expected: `at most ${String(RUN_EVENTS_MAX)} events`,
      observed: `${String(this.#world.dispatched())} events, and no end`,
      hints: [],
    };
  }

  #missed(step: Step): Failure {
    const index = this.#scenario.timeline.indexOf(step);
    return {
      kind: "unsettled",
      name: "step",
      file: this.#scenario.file,
      line: this.#scenario.stepLines[index] ?? 0,
      at: this.#now(),
      expected: `the step ${step.id ?? String(index + 1)} is carried out`,
      observed: `what it waits for (${step.when.kind}) did not happen`,
      hints: [],
    };
  }
}

/** Secrets in the files of the host, and in those that the time line writes. */
function scenarioSecrets(scenario: Scenario): readonly string[] {
  const secrets = new Set(secretsOf(scenario.world.host.files));
  for (const { action } of scenario.timeline) {
    if (action.kind === "write-file")
      for (const secret of secretsOf({ [action.path]: action.text })) secrets.add(secret);
  }
  return [...secrets].sort();
}

/** One run of one scenario: the world, its cores behind traced ports, the time line, and the observers. */
import type { WorldObservation } from "../../adapters/sim/observation.js";
import type { SimulatedWorld } from "../../adapters/sim/world-api.js";
import { processesOf } from "../../adapters/sim/process.js";
import type { WorldSpec } from "../../adapters/sim/spec.js";
import { Milliseconds } from "../../core/domain/units.js";
import { ControllerIndex } from "../controllers.js";
import type { ControllerDescription } from "../core-view.js";
import { observe } from "../vocabulary/expectations/index.js";
import { Findings } from "../observers/findings.js";
import { failed, type Hooks, type Observer, open, type Report } from "../observers/observer.js";
import type { RunFacts } from "../observers/run-facts.js";
import type { RunView } from "../observers/run-view.js";
import { ORACLES } from "../oracles/index.js";
import type { Oracle } from "../oracles/oracle.js";
import { secretsOf } from "../oracles/no-secret.js";
import type { Failure } from "../result.js";
import type { Scenario, Step } from "../scenario/types.js";
import { actionText } from "../trace/action-text.js";
import { observationText } from "../trace/observation-text.js";
import { Trace } from "../trace/trace.js";
import type { PortSink } from "../trace/teller.js";
import { tracedPorts } from "../trace/traced-ports.js";
import { Truth } from "../truth/truth.js";
import { installTripwire } from "../tripwire.js";
import type { Machinery } from "./machinery.js";
import { Processes } from "./processes.js";
import { Timeline } from "./timeline.js";
import { watchedBy } from "./watchers.js";

/** A run with more events than this is an endless loop. */
export const RUN_EVENTS_MAX = 50_000_000;

/** Slices of a run, for progress and for the bound above. */
const SLICES = 64;

export interface EngineOptions {
  readonly seed: number;
  readonly keepTrace: boolean;
  /** Replaces each core with its restored snapshot before every n-th event; 0: never. */
  readonly restoreEvery: number;
  /** Oracles besides those of the harness. */
  readonly oracles?: readonly Oracle[];
  /** Called now and then with the simulated time so far. */
  readonly onProgress?: (simulated: Milliseconds) => void;
}

export interface RunOutcome {
  readonly simulated: Milliseconds;
  readonly events: number;
  readonly hash: string;
  readonly failures: readonly Failure[];
  readonly trace: readonly string[];
}

/** One run. An engine runs once. */
export class Engine {
  readonly #scenario: Scenario;
  readonly #options: EngineOptions;
  readonly #spec: WorldSpec;
  readonly #trace: Trace;
  readonly #processes: Processes;
  readonly #findings: Findings;
  readonly #observers: readonly Observer[];
  readonly #tell: Hooks;
  readonly #world: SimulatedWorld;
  readonly #timeline: Timeline;
  readonly #controllers: ControllerIndex;
  readonly #paths: Set<string>;
  readonly #secrets: readonly string[];
  /** What the step that is being carried out had no effect on. */
  #ignored: string[] = [];
  readonly #now: () => Milliseconds = () => Milliseconds(0);
  readonly #ready: boolean = false;

  constructor(scenario: Scenario, machinery: Machinery, options: EngineOptions) {
    this.#scenario = scenario;
    this.#options = options;
    this.#spec = { ...scenario.world, seed: options.seed };
    this.#paths = new Set(Object.keys(this.#spec.host.files));
    this.#secrets = scenarioSecrets(scenario);
    this.#findings = new Findings(scenario.file, () => this.#now());
    this.#trace = new Trace({
      now: () => this.#now(),
      keep: options.keepTrace,
      secrets: this.#secrets,
      onSecret: (line) => {
        this.#tell.leaked(line);
      },
    });
    this.#processes = new Processes(machinery, options.restoreEvery, {
      now: () => this.#now(),
      record: (process, body) => {
        this.#trace.record(process, body);
      },
      entering: (process, event) => {
        this.#tell.dispatched(process, event, this.#now());
        this.#timeline.entering(process, event);
      },
      handled: (process, reconciles) => {
        this.#tell.handled(process, reconciles, this.#now());
      },
    });
    const sink = this.#portSink();
    this.#world = machinery.createWorld(this.#spec, {
      boot: (process, ports) => this.#processes.boot(process, tracedPorts(ports, sink, process)),
      observe: (at, seen) => {
        this.#observed(seen, at);
      },
      crashed: (process, error) => {
        this.#tell.crashed(process, error, this.#now());
      },
    });
    this.#now = () => this.#world.now();
    this.#controllers = new ControllerIndex(this.#world.connections());
    this.#observers = this.#makeObservers();
    this.#tell = watchedBy(this.#observers);
    this.#timeline = this.#makeTimeline();
    this.#ready = true;
  }

  /** Runs to the end of the scenario, or to `until` if that is earlier. */
  run(until: Milliseconds = this.#scenario.until): RunOutcome {
    const removeTripwire = installTripwire();
    try {
      const complete = this.#runTo(Milliseconds(Math.min(until, this.#scenario.until)));
      this.#tell.rested();
      this.#tell.finish();
      if (!complete) this.#reportRunaway();
      for (const step of this.#timeline.missed()) this.#reportMissed(step);
      return {
        simulated: this.#now(),
        events: this.#world.dispatched(),
        hash: this.#trace.digest(),
        failures: this.#findings.failures(),
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

  /** Returns false if it stopped at `RUN_EVENTS_MAX`. */
  #runTo(until: Milliseconds): boolean {
    const looks = new Set(this.#observers.flatMap((observer) => observer.looksAt ?? []));
    const slice = until / SLICES;
    const stops = new Set<number>([until]);
    for (const at of looks) if (at <= until) stops.add(at);
    for (let i = 1; i < SLICES; i++) stops.add(Math.floor(i * slice));
    for (const stop of [...stops].sort((a, b) => a - b)) {
      const at = Milliseconds(stop);
      this.#world.runUntil(at);
      if (looks.has(at)) {
        this.#tell.rested();
        this.#tell.look(at);
      }
      this.#options.onProgress?.(at);
      if (this.#world.dispatched() > RUN_EVENTS_MAX) return false;
    }
    return true;
  }

  #observed(seen: WorldObservation, at: Milliseconds): void {
    this.#trace.record("world", observationText(seen));
    if (seen.kind === "ignored") this.#ignored.push(seen.target);
    if (seen.kind === "file-written") this.#paths.add(seen.path);
    this.#processes.observed(seen);
    // The constructor reads the initial controllers from the finished world.
    if (!this.#ready) return;
    this.#controllers.observe(seen, at);
    this.#tell.observed(seen, at);
    this.#timeline.observed(seen);
  }

  #portSink(): PortSink {
    return {
      record: (process, body) => {
        this.#trace.record(process, body);
      },
      called: (call) => {
        if (call.phase === "before") this.#tell.called(call, this.#now());
        this.#timeline.called(call);
      },
      logged: (process, record) => {
        this.#tell.logged(process, record, this.#now());
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
        if (!this.#processes.dispatching) this.#tell.rested();
        this.#trace.record("scenario", actionText(step.id ?? "", step.action));
        if (step.action.kind === "write-file") this.#paths.add(step.action.path);
        this.#tell.acted(step.action, this.#now());
        if (step.id !== undefined) this.#tell.stepped(step.id, this.#now());
        this.#act(step);
      },
    });
  }

  /** Carries out a step. A step without effect tests nothing, so the run is inconclusive. */
  #act(step: Step): void {
    const before = this.#ignored;
    this.#ignored = [];
    this.#world.apply(step.action);
    const ignored = this.#ignored;
    this.#ignored = before;
    const targets = "process" in step.action ? processesOf(this.#spec.host, step.action.process).length : 1;
    if (ignored.length < targets) return;
    const why = "no such thing exists, or it is in that state already";
    this.#aboutStep(step)(
      `the step ${this.#nameOf(step)} has an effect`,
      open(`none on ${ignored.join(", ")}: ${why}`),
    );
  }

  #makeObservers(): readonly Observer[] {
    const { expectations, expectationLines } = this.#scenario;
    const facts = this.#facts();
    const truth = new Truth(facts);
    const view: RunView = { ...facts, truth };
    const oracles = [...ORACLES, ...(this.#options.oracles ?? [])].map((oracle) =>
      oracle.observe(view, this.#findings.about({ kind: "oracle", name: oracle.name, line: 0 })),
    );
    const expected = expectations.map((expectation, index) => {
      const line = expectationLines[index] ?? 0;
      return observe(expectation, view, this.#findings.about({ kind: "expectation", name: expectation.kind, line }));
    });
    return [truth, ...oracles, ...expected];
  }

  #facts(): RunFacts {
    const processes = this.#processes;
    const world = this.#world;
    return {
      spec: this.#spec,
      facts: world,
      secrets: this.#secrets,
      controllers: this.#controllers,
      now: () => world.now(),
      linkState: (hostIface) => world.linkState(hostIface),
      listenerStates: (peer) => world.listenerStates(peer),
      processes: () => world.processes(),
      startedAt: (process) => processes.startedAt(process),
      serviceState: (service) => processes.serviceState(service),
      describe: () => processes.describe(),
      pending: () => processes.pending(),
      lastEventAbout: (obligation) => processes.lastEventAbout(obligation),
      readFile: (path) => world.readFile(path),
      filePaths: () => this.#paths,
    };
  }

  #reportRunaway(): void {
    this.#findings.about({ kind: "oracle", name: "bounded-work", line: 0 })(
      `at most ${String(RUN_EVENTS_MAX)} events`,
      failed(`${String(this.#world.dispatched())} events, and the run did not end`),
    );
  }

  #reportMissed(step: Step): void {
    const why = `its trigger (${step.when.kind}) never came`;
    this.#aboutStep(step)(`the step ${this.#nameOf(step)} is carried out`, open(why));
  }

  #aboutStep(step: Step): Report {
    const line = this.#scenario.stepLines[this.#scenario.timeline.indexOf(step)] ?? 0;
    return this.#findings.about({ kind: "step", name: "step", line });
  }

  #nameOf(step: Step): string {
    return step.id ?? String(this.#scenario.timeline.indexOf(step) + 1);
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

/** `npm run bench`: measures the budgets of the simulation and of the core on this machine. */
import { cpus, release, totalmem } from "node:os";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import Table from "cli-table3";
import { createWorld } from "../src/adapters/sim/world.js";
import { Core } from "../src/core/core.js";
import { defaultStacConfig } from "../src/core/config/stacd.js";
import { Milliseconds } from "../src/core/domain/units.js";
import type { DiscoveryLogEntry } from "../src/core/domain/discovery-log.js";
import { WELL_KNOWN_DISCOVERY_NQN } from "../src/core/domain/transport-id.js";
import type { CoreEvent } from "../src/core/ports/index.js";
import { planStac } from "../src/core/stac/plan.js";
import { loadScenarios } from "../src/harness/load.js";
import { runScenario } from "../src/harness/run/run-scenario.js";
import type { Scenario } from "../src/harness/scenario/types.js";
import { Trace } from "../src/harness/trace/trace.js";
import { eventRow } from "./daemon.js";
import type { Row } from "./row.js";
import { flapping, quiet, storm, volumeAddress } from "./worlds.js";

const REPEATS = 9;

/** Four hours, so that the start of 150 connections does not dominate their flapping. */
const FLAPPING_MINUTES = 240;

/**
 * Compilation by the engine takes longer than a few runs. The bench measures a warm engine, as in a corpus or a soak.
 */
const WARM_UP_MS = 3000;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function millisecondsOf(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

/** The median of several timings, once the engine is warm. */
function timed(work: () => void, repeats = REPEATS): number {
  const began = performance.now();
  do work();
  while (performance.now() - began < WARM_UP_MS);
  return median(Array.from({ length: repeats }, () => millisecondsOf(work)));
}

function checkedRun(scenario: Scenario, once: boolean): ReturnType<typeof runScenario> {
  const result = runScenario(scenario, { once });
  if (result.verdict !== "pass")
    throw new Error(`${scenario.title}: ${result.failures[0]?.observed ?? result.verdict}`);
  return result;
}

const round = (value: number, digits = 0): string =>
  value.toLocaleString("en-GB", { maximumFractionDigits: digits, minimumFractionDigits: digits });

/** With 150 flapping controllers: events per second, speed over real time, and the cost of the trace. */
function flappingRows(): readonly Row[] {
  const scenario = flapping(150, FLAPPING_MINUTES);
  const { events, simulated } = checkedRun(scenario, true);
  const ms = timed(() => checkedRun(scenario, true));
  const twice = timed(() => checkedRun(scenario, false));
  const perSecond = (events / ms) * 1000;
  const speed = simulated / ms;
  const { trace } = runScenario(scenario, { once: true, keepTrace: true });
  const hash = timed(() => {
    const again = new Trace({ now: () => simulated });
    for (const line of trace) again.record("world", line);
    again.digest();
  });
  const ratio = twice / ms;
  return [
    {
      what: "events per second, 150 flapping for 4 h, trace hash on",
      measured: round(perSecond),
      budget: ">= 100,000",
      met: perSecond >= 100_000,
    },
    {
      what: "150 flapping controllers for 4 h, x real time",
      measured: round(speed),
      budget: ">= 50,000",
      met: speed >= 50_000,
    },
    {
      what: "share of trace lines and hash in a run",
      measured: `${round((hash / ms) * 100)} %`,
      budget: "<= 25 %",
      met: hash / ms <= 0.25,
    },
    {
      what: "running twice compared with once",
      measured: `${round(ratio, 2)} x`,
      budget: "<= 2.1 x",
      met: ratio <= 2.1,
    },
  ];
}

/** Events per second with uevents and replies that cost the simulated kernel little. */
function stormRow(): Row {
  const scenario = storm(10, 300);
  const { events } = checkedRun(scenario, true);
  const perSecond = (events / timed(() => checkedRun(scenario, true))) * 1000;
  const what = "events per second, AENs of 10 discovery controllers";
  return { what, measured: round(perSecond), budget: ">= 100,000", met: perSecond >= 100_000 };
}

function quietRow(): Row {
  const scenario = quiet(9, "24h");
  const ms = timed(() => checkedRun(scenario, true));
  const speed = scenario.until / ms;
  return {
    what: "quiet host, 10 controllers, x real time",
    measured: round(speed),
    budget: ">= 1,000,000",
    met: speed >= 1_000_000,
  };
}

function corpusRow(): Row {
  const { scenarios, problems } = loadScenarios([fileURLToPath(new URL("../../sim/scenarios", import.meta.url))]);
  if (problems.length > 0) throw new Error(`${problems[0]?.file ?? ""} is not valid`);
  for (const scenario of scenarios) checkedRun(scenario, true);
  const ms = median(scenarios.map((scenario) => checkedRun(scenario, true).realMs));
  const what = `median of all ${String(scenarios.length)} scenarios`;
  return { what, measured: `${round(ms, 1)} ms`, budget: "< 5 ms", met: ms < 5 };
}

/** Time per event, reconciles and audits excluded, on a host with this many connected controllers. */
function microsecondsPerEvent(controllers: number): number {
  const scenario = quiet(controllers, "10m");
  let spent = 0;
  let events = 0;
  let measuring = false;
  const world = createWorld(scenario.world, {
    boot: (process, ports) => {
      const core = new Core(ports, process === "stas" ? "both" : process);
      return {
        dispatch: (event: CoreEvent) => {
          const counts = measuring && !(event.kind === "timer" && /^(audit|soak|add)/u.test(event.timer));
          if (!counts) {
            core.dispatch(event);
            return;
          }
          spent += millisecondsOf(() => {
            core.dispatch(event);
          });
          events += 1;
        },
      };
    },
    observe: () => undefined,
    crashed: (_process, error) => {
      throw error;
    },
  });
  world.apply({ kind: "start", process: "both" });
  world.runUntil(scenario.until);
  measuring = true;
  const resets = 400;
  for (let i = 0; i < resets; i++) {
    world.apply({ kind: "reset-device", target: `vol${String((i * 7) % controllers)}` });
    world.runUntil((world.now() + 500) as typeof scenario.until);
  }
  return (spent / events) * 1000;
}

function scalingRow(): Row {
  const small = median([1, 2, 3].map(() => microsecondsPerEvent(100)));
  const large = microsecondsPerEvent(10_000);
  const growth = large / small;
  const measured = `${round(small, 1)} -> ${round(large, 1)} us (${round(growth, 2)} x)`;
  return {
    what: "an event other than a reconcile, 100 -> 10,000 controllers",
    measured,
    budget: "< 2 x",
    met: growth < 2,
  };
}

function planRow(): Row {
  const entries = Array.from({ length: 1000 }, (_, volume): DiscoveryLogEntry => ({
    trtype: "tcp",
    adrfam: 1,
    subtype: "nvme",
    treq: 4,
    portid: 1,
    cntlid: 0xffff,
    asqsz: 32,
    eflags: 0,
    trsvcid: "4420",
    subnqn: `nqn.2024-01.io.example:vol${String(volume)}`,
    traddr: volumeAddress(volume),
    tsas: "",
  }));
  const tid = {
    transport: "tcp",
    traddr: "10.0.255.254",
    trsvcid: "8009",
    subsysnqn: WELL_KNOWN_DISCOVERY_NQN,
  } as const;
  const dc = { tid: { ...tid, hostTraddr: "", hostIface: "", hostNqn: "" }, entries };
  const config = defaultStacConfig("/etc/stas/stacd.conf");
  const ms = timed(() => {
    const view = { kind: "known", dcs: [dc], open: [] } as const;
    const plan = planStac({
      config,
      configKnown: true,
      names: new Map(),
      view,
      present: [],
      foreign: [],
      now: Milliseconds(0),
    });
    if (plan.length !== entries.length) throw new Error("the plan has the wrong length");
  });
  return {
    what: "planning 1,000 controllers from one log page",
    measured: `${round(ms, 1)} ms`,
    budget: "< 50 ms",
    met: ms < 50,
  };
}

async function main(): Promise<void> {
  const [cpu] = cpus();
  const machine = `${String(cpus().length)} x ${cpu?.model.trim() ?? "unknown"}, ${round(totalmem() / 2 ** 30)} GiB`;
  process.stdout.write(`${machine}, Linux ${release()}, Node ${process.version}\n`);
  const table = new Table({ head: ["", "measured", "budget", ""], style: { head: [], border: [] } });
  const rows = [...flappingRows(), stormRow(), quietRow(), corpusRow(), scalingRow(), planRow(), await eventRow()];
  for (const { what, measured, budget, met } of rows) table.push([what, measured, budget, met ? "met" : "MISSED"]);
  process.stdout.write(`${table.toString()}\n`);
  process.exitCode = rows.every((row) => row.met) ? 0 : 1;
}

await main();

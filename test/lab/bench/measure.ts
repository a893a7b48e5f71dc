/** Takes all measurements of the daemon in one guest, with one number of volumes. */
import { Milliseconds } from "../../../src/core/domain/units.js";
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import { busClient, listed } from "../checks/steps/bus-client.js";
import { deviceFor, deviceNames, HOME_ID, serve, volume, volumes } from "../checks/steps/storage.js";
import type { Lab } from "../guest/lab.js";
import type { Target } from "../guest/target.js";
import type { Figures, Spent } from "./figures.js";
import { connectAll, deleteAll, deleteByHand, untilGone, untilLive, untilNew } from "./kernel.js";
import { cpuMs, memory } from "./meter.js";
import { Services, type ServicesParts } from "./services.js";
import { millisecondsOf, pause } from "./wait.js";

const REPEATS = 3;
const ASKED = 20;
/** Both sides of the bus have finished an answer by then. */
const ASKED_EVERY = Milliseconds(100);
const IDLE = Milliseconds(60_000);
/** After a busy time, V8 collects garbage once more and releases memory. */
const IDLE_AFTER = Milliseconds(60_000);

export interface Measured {
  readonly volumes: number;
  readonly processes: Figures["processes"];
  /** How many times a subsystem is added and removed. */
  readonly rounds: number;
  /** Whether to measure the idle daemon too, which takes two minutes. */
  readonly idle: boolean;
}

/** Takes the measurements. Leaves the daemon running with everything connected. */
export async function measure(lab: Lab, measured: Measured): Promise<Figures> {
  const { volumes: count, processes, rounds } = measured;
  const shown = volumes(1, count);
  serve(lab.target, shown, [volume(count + 1)]);
  const everything = [WELL_KNOWN_DISCOVERY_NQN, ...shown];
  const floorMs = await repeat(REPEATS, () => floor(everything));
  const byHandMs = await repeat(REPEATS, byHand);
  const bus = await lab.bus();
  const parts: ServicesParts = { lab, processes, bus, client: await busClient(lab, bus.address) };

  const starts = await repeat(REPEATS - 1, async () => {
    const { services, start } = await started(parts, count);
    await services.stop();
    await deleteAll();
    return start;
  });
  const { services, start } = await started(parts, count);
  await services.settle();
  const restarts = [await restarted(services, "SIGTERM", count), await restarted(services, "SIGKILL", count)];
  const changes = await repeat(rounds, () => changed(services, lab.target, volume(count + 1)));
  const removed = {
    ioMs: await removedUntilLive(services, volume(1)),
    dcMs: await removedUntilLive(services, WELL_KNOWN_DISCOVERY_NQN),
  };
  const askedMs = await asked(services, lab, count);
  const idling = measured.idle ? { idle: await idleFor(services) } : {};
  return {
    volumes: count,
    processes,
    floorMs,
    byHandMs,
    starts: [...starts, start],
    restarts,
    more: changes.map(({ more }) => more),
    less: changes.map(({ less }) => less),
    removed,
    askedMs,
    ...idling,
    memoryLast: memory(services.running),
  };
}

async function floor(nqns: readonly string[]): Promise<number> {
  const took = await millisecondsOf(() => connectAll(nqns));
  await untilLive(nqns.length);
  await deleteAll();
  return took;
}

/** The kernel's share of reconnecting a removed controller. */
async function byHand(): Promise<number> {
  await connectAll([volume(1)]);
  const [name = ""] = deviceNames();
  const took = await millisecondsOf(async () => {
    await deleteByHand(name);
    await connectAll([volume(1)]);
  });
  await deleteAll();
  return took;
}

async function started(
  parts: ServicesParts,
  count: number,
): Promise<{ readonly services: Services; readonly start: Figures["starts"][number] }> {
  const began = performance.now();
  const services = Services.start(parts);
  await services.untilUp();
  const upMs = performance.now() - began;
  await untilLive(count + 1);
  const all = { ms: performance.now() - began, cpuMs: cpuMs(services.running) };
  return { services, start: { upMs, all, memory: memory(services.running) } };
}

async function restarted(
  services: Services,
  signal: "SIGTERM" | "SIGKILL",
  count: number,
): Promise<Figures["restarts"][number]> {
  const began = performance.now();
  await services.restart(signal);
  const endMs = performance.now() - began;
  await services.untilKnown(count);
  const all = { ms: performance.now() - began, cpuMs: cpuMs([services.stac]) };
  await services.settle();
  return { signal, endMs, all, memory: memory(services.running) };
}

async function changed(
  services: Services,
  target: Target,
  nqn: string,
): Promise<{ readonly more: Spent; readonly less: Spent }> {
  const known = new Set(deviceNames());
  let added = "";
  const more = await spent(services, async () => {
    target.link(HOME_ID, nqn);
    added = await untilNew(known);
  });
  const less = await spent(services, () => {
    target.unlink(HOME_ID, nqn);
    return untilGone(added);
  });
  return { more, less };
}

/** Measures some work. The CPU time includes the daemon's follow-up work. */
async function spent(services: Services, work: () => Promise<void>): Promise<Spent> {
  const before = cpuMs(services.running);
  const ms = await millisecondsOf(work);
  await services.settle();
  return { ms, cpuMs: cpuMs(services.running) - before };
}

async function removedUntilLive(services: Services, nqn: string): Promise<number> {
  const name = deviceFor(nqn);
  if (name === undefined) throw new Error(`${nqn} has no controller, or several`);
  const took = await millisecondsOf(async () => {
    await deleteByHand(name);
    await untilNew(new Set(deviceNames()));
  });
  await services.settle();
  return took;
}

async function asked(services: Services, lab: Lab, count: number): Promise<number[]> {
  const stac = await services.ask();
  lab.expect.equal("controllers listed", listed(await stac.ask("list_controllers", [false])).length, count);
  return repeat(ASKED, async () => {
    await pause(ASKED_EVERY);
    return millisecondsOf(() => stac.answers("list_controllers", [false]));
  });
}

async function idleFor(services: Services): Promise<{ readonly seconds: number; readonly cpuMs: number }> {
  await pause(IDLE_AFTER);
  const before = cpuMs(services.running);
  await pause(IDLE);
  return { seconds: IDLE / 1000, cpuMs: cpuMs(services.running) - before };
}

async function repeat<Value>(times: number, work: () => Promise<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for (let time = 0; time < times; time += 1) values.push(await work());
  return values;
}

/** Runs the daemon through all that is measured of it, in one guest, with one number of volumes. */
import { Milliseconds } from "../../../src/core/domain/units.js";
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import { busClient, listed } from "../checks/steps/bus-client.js";
import { deviceFor, deviceNames, HOME_ID, serve, volume, volumes } from "../checks/steps/storage.js";
import type { Lab } from "../guest/lab.js";
import type { Figures, Spent } from "./figures.js";
import { connectAll, deleteAll, deleteByHand, untilGone, untilLive, untilNew } from "./kernel.js";
import { cpuMs, memory } from "./meter.js";
import { Services, type ServicesParts } from "./services.js";
import { millisecondsOf, pause } from "./wait.js";

const REPEATS = 3;
const ROUNDS = 5;
const ASKED = 20;
/** An answer is over by then, on both sides of the bus. */
const ASKED_EVERY = Milliseconds(100);
const IDLE = Milliseconds(60_000);

export interface Measured {
  readonly volumes: number;
  readonly processes: Figures["processes"];
  /** Also with nothing happening for a minute. */
  readonly idle: boolean;
}

/** Leaves the daemon running with everything connected. */
export async function measure(lab: Lab, { volumes: count, processes, idle }: Measured): Promise<Figures> {
  const shown = volumes(1, count);
  const further = volume(count + 1);
  serve(lab.target, shown, [further]);
  const floorMs = await repeat(REPEATS, () => floor(shown));
  const byHandMs = await repeat(REPEATS, () => byHand(shown));
  const bus = await lab.bus();
  const parts: ServicesParts = { lab, processes, bus, client: await busClient(lab, bus.address) };

  const starts = await repeat(REPEATS - 1, async () => {
    const { services, start } = await started(parts, count);
    await services.stop();
    await deleteAll();
    return start;
  });
  const { services, start } = await started(parts, count);
  starts.push(start);
  const restarts = [await restarted(services, "SIGTERM", count), await restarted(services, "SIGKILL", count)];
  const more: Spent[] = [];
  const less: Spent[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const known = new Set(deviceNames());
    let added = "";
    more.push(
      await spent(services, async () => {
        lab.target.link(HOME_ID, further);
        added = await untilNew(known);
      }),
    );
    less.push(
      await spent(services, () => {
        lab.target.unlink(HOME_ID, further);
        return untilGone(added);
      }),
    );
  }
  const removed = {
    ioMs: await removedUntilLive(volume(1)),
    dcMs: await removedUntilLive(WELL_KNOWN_DISCOVERY_NQN),
  };
  await services.settle();
  const askedMs = await asked(services, lab, count);
  await services.settle();
  const idling = idle ? { idle: await idleFor(services) } : {};
  return {
    volumes: count,
    processes,
    floorMs,
    byHandMs,
    starts,
    restarts,
    more,
    less,
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

/** What the daemon's own part of a removed controller's return is on top of. */
async function byHand(nqns: readonly string[]): Promise<number> {
  await connectAll(nqns.slice(0, 1));
  const took = await millisecondsOf(async () => {
    for (const name of deviceNames()) await deleteByHand(name);
    await connectAll(nqns.slice(0, 1));
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
  await services.settle();
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

async function spent(services: Services, work: () => Promise<void>): Promise<Spent> {
  const before = cpuMs(services.running);
  const ms = await millisecondsOf(work);
  await services.settle();
  return { ms, cpuMs: cpuMs(services.running) - before };
}

async function removedUntilLive(nqn: string): Promise<number> {
  const name = deviceFor(nqn);
  if (name === undefined) throw new Error(`${nqn} has no controller, or several`);
  return millisecondsOf(async () => {
    await deleteByHand(name);
    await untilNew(new Set(deviceNames()));
  });
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
  const before = cpuMs(services.running);
  await pause(IDLE);
  return { seconds: IDLE / 1000, cpuMs: cpuMs(services.running) - before };
}

async function repeat<Value>(times: number, work: () => Promise<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for (let time = 0; time < times; time += 1) values.push(await work());
  return values;
}

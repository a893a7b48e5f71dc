/** The daemon killed with SIGKILL at several moments, and started again with the same records. */
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import { Seconds } from "../../../src/core/domain/units.js";
import type { Check } from "../check.js";
import type { Daemon } from "../guest/daemon.js";
import { kernelLog } from "../guest/dmesg.js";
import type { Lab } from "../guest/lab.js";
import { pass, waitFor } from "../guest/wait.js";
import { at, homeFiles } from "./steps/configuration.js";
import {
  allLive,
  deviceFor,
  HOME,
  HOME_ID,
  instances,
  liveDcs,
  liveVolumes,
  serve,
  volume,
  volumes,
} from "./steps/storage.js";
import { LIVE_LIMIT } from "./steps/timing.js";

/** Enough volumes that reading the page and connecting take a while. */
const MANY = 24;

const early: Check = {
  name: "killed while it reads a log page and while it connects, the daemon continues from there",
  guest: "kill",
  async run(lab) {
    const { target, expect } = lab;
    const all = volumes(1, MANY);
    serve(target, all);
    const began = bootMicroseconds();

    const first = lab.daemon({ files: homeFiles(), arguments: ["--tron"] });
    await promptly(first, /reading the discovery log page: the connection is live/);
    await first.kill();
    expect.that(!says(first, / lists \d+ entries/), "the page was read before the kill");
    const dc = instances();
    expect.equal("controllers after a kill in the first read", Object.keys(dc).length, 1);

    const second = again(lab, first);
    await promptly(second, /volume-\d+: connected as/);
    await second.kill();
    expect.that(says(second, /uses the existing connection/), "the discovery controller was not adopted");
    const some = liveVolumes().length;
    expect.that(some > 0 && some < MANY, `the kill came with ${some} of ${MANY} connected`);
    lab.note(`killed with ${some} of ${MANY} connected`);
    const before = instances();

    const third = again(lab, second);
    await allLive(all, LIVE_LIMIT);
    const now = instances();
    expect.equal("connections from before the kills", only(now, Object.keys(before)), before);
    expect.equal("the connection of the first start", only(now, Object.keys(dc)), dc);
    await third.kill();
    await nothingOrphaned(lab, third, began);
  },
};

const late: Check = {
  name: "killed when all are live and right after an AEN, the daemon adopts everything and misses nothing",
  guest: "kill",
  async run(lab) {
    const { target, expect } = lab;
    serve(target, volumes(1, 6), volumes(7, 7));
    const began = bootMicroseconds();

    const first = lab.daemon({ files: homeFiles() });
    await allLive(volumes(1, 6), LIVE_LIMIT);
    await first.kill();
    const before = instances();

    const second = again(lab, first);
    for (const name of Object.keys(before)) {
      await second.says(new RegExp(`uses the existing connection ${name} \\(live\\)`), LIVE_LIMIT);
    }
    await pass(Seconds(0.5), "the first read of the page ends and allows the next AEN");
    target.link(HOME_ID, volume(7));
    await second.kill();
    expect.that(!says(second, / lists 8 entries/), "the page was read before the kill");
    expect.equal("connections after the kills", instances(), before);

    const third = again(lab, second);
    await allLive(volumes(1, 7), LIVE_LIMIT);
    const { [deviceFor(volume(7)) ?? ""]: _, ...others } = instances();
    expect.equal("connections from before the kills", others, before);
    await third.kill();
    await nothingOrphaned(lab, third, began);
  },
};

/** Starts a daemon that continues from a killed one. */
function again(lab: Lab, { folders }: Daemon): Daemon {
  return lab.daemon({ folders, arguments: ["--tron"] });
}

/** Waits for a line without pauses between polls. */
async function promptly(daemon: Daemon, pattern: RegExp): Promise<void> {
  const until = performance.now() + LIVE_LIMIT * 1000;
  while (!says(daemon, pattern)) {
    if (performance.now() > until) throw new Error(`the daemon did not say ${String(pattern)} within ${LIVE_LIMIT} s`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function says({ lines }: Daemon, pattern: RegExp): boolean {
  return lines.some((line) => pattern.test(line));
}

/**
 * Checks that nothing was disconnected so far, and that the daemon knows every I/O connection as its own. They are excluded
 * while no daemon runs, so the next daemon does not want them, and it disconnects only those that its record holds.
 */
async function nothingOrphaned(lab: Lab, daemon: Daemon, since: number): Promise<void> {
  lab.expect.equal(
    "controllers removed",
    kernelLog(since).filter((line) => line.includes("Removing ctrl")),
    [],
  );
  const dc = only(instances(), [deviceFor(WELL_KNOWN_DISCOVERY_NQN) ?? ""]);
  daemon.configure(homeFiles({}, { excludes: [at(HOME)] }));
  again(lab, daemon);
  await waitFor("every I/O connection to be disconnected", LIVE_LIMIT, () => Object.keys(instances()).length === 1);
  lab.expect.equal("the remaining controllers", instances(), dc);
  lab.expect.equal("discovery controllers live", liveDcs().length, 1);
}

function only(of: Readonly<Record<string, string>>, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(of).filter(([name]) => names.includes(name)));
}

function bootMicroseconds(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

export const killChecks: readonly Check[] = [early, late];

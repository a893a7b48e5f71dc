/** The daemon while storage goes away and returns. */
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import { Seconds } from "../../../src/core/domain/units.js";
import type { Check } from "../check.js";
import { command, controller } from "../guest/fabrics.js";
import type { Lab } from "../guest/lab.js";
import { waitFor } from "../guest/wait.js";
import { at, filesFor, homeFiles } from "./steps/configuration.js";
import { silentPeer } from "./steps/peers.js";
import {
  allLive,
  deviceFor,
  HOME,
  HOME_ID,
  instances,
  liveDcs,
  liveVolumes,
  type Place,
  serve,
  volume,
  volumes,
} from "./steps/storage.js";
import { inSeconds, LIVE_LIMIT, loggedAt } from "./steps/timing.js";

/** The delay before the daemon reconnects a controller that the kernel removed. */
const REMOVED_RETRY_MS = 3_000;
/** Tolerance: the log rounds times, and the kernel's `remove` is older than its log line. */
const EARLY_MS = 100;

const portBack: Check = {
  name: "the port goes away and returns: the kernel reconnects, the daemon reads the page again and replaces no connection",
  guest: "outage",
  async run(lab) {
    const { target, expect } = lab;
    serve(target, volumes(1, 1), volumes(2, 2));
    const patient = { global: ["reconnect-delay=1", "ctrl-loss-tmo=60"] };
    const daemon = lab.daemon({ files: homeFiles(patient, patient), arguments: ["--tron"] });
    await allLive(volumes(1, 1), LIVE_LIMIT);
    const before = instances();
    const names = Object.keys(before);

    target.unlink(HOME_ID, volume(1));
    await waitFor("both controllers to be reconnecting", LIVE_LIMIT, () =>
      names.every((name) => controller(name)?.state === "connecting"),
    );
    const from = daemon.lines.length;
    // The first link opens the port. The second changes the page without an event, because no host is connected.
    target.link(HOME_ID, volume(1));
    target.link(HOME_ID, volume(2));
    const again = /discovery: reading the discovery log page: (rediscover|the connection is live)/;
    const reading = await daemon.says(again, LIVE_LIMIT, from);
    expect.that(reading !== "", "the page was not read again");
    await allLive(volumes(1, 2), LIVE_LIMIT);
    const { [deviceFor(volume(2)) ?? ""]: _, ...others } = instances();
    expect.equal("connections from before the outage", others, before);
  },
};

const deletedByHand: Check = {
  name: "the discovery controller's device is deleted by hand: I/O stays, and the daemon reconnects it after 3 s",
  guest: "outage",
  async run(lab) {
    const { target, expect } = lab;
    serve(target, volumes(1, 2));
    const daemon = lab.daemon({ files: homeFiles() });
    await allLive(volumes(1, 2), LIVE_LIMIT);
    const dc = deviceFor(WELL_KNOWN_DISCOVERY_NQN) ?? "";
    const { [dc]: _, ...io } = instances();

    const began = performance.now();
    expect.equal("the answer to its delete", await command(dc, "delete_controller"), 0);
    const lost = await daemon.says(new RegExp(`the kernel removed ${dc}; connected again in 3`), LIVE_LIMIT);
    const back = await daemon.says(/discovery: connected as nvme\d+$/, LIVE_LIMIT, daemon.lines.indexOf(lost));
    const took = loggedAt(back) - loggedAt(lost);
    lab.note(
      `reconnected ${inSeconds(took)} after the daemon noticed the loss; ${inSeconds(performance.now() - began)} in total`,
    );
    expect.atLeast("milliseconds until it is connected", took, REMOVED_RETRY_MS - EARLY_MS);
    expect.atMost("milliseconds until it is connected", took, 2 * REMOVED_RETRY_MS);
    expect.equal("discovery controllers", liveDcs().length, 1);
    const { [deviceFor(WELL_KNOWN_DISCOVERY_NQN) ?? ""]: __, ...others } = instances();
    expect.equal("I/O connections", others, io);
  },
};

const givenUp: Check = {
  name: "controllers that the kernel gave up after ctrl-loss-tmo are reconnected once the port is back",
  guest: "outage",
  async run(lab) {
    const { target, expect } = lab;
    serve(target, volumes(1, 1));
    const impatient = { global: ["reconnect-delay=1", "ctrl-loss-tmo=1"] };
    const daemon = lab.daemon({ files: homeFiles(impatient, impatient) });
    await allLive(volumes(1, 1), LIVE_LIMIT);
    const before = Object.values(instances());

    target.unlink(HOME_ID, volume(1));
    await waitFor("the kernel to give both up", LIVE_LIMIT, () => Object.keys(instances()).length === 0);
    target.link(HOME_ID, volume(1));
    await daemon.says(/volume-1: the kernel removed nvme\d+; connected again in 3/, LIVE_LIMIT);
    await allLive(volumes(1, 1), LIVE_LIMIT);
    await waitFor("the discovery controller", LIVE_LIMIT, () => liveDcs().length === 1);
    expect.equal(
      "connections that are still the old ones",
      Object.values(instances()).filter((one) => before.includes(one)),
      [],
    );
  },
};

const SILENT: readonly Place[] = [
  { traddr: "127.0.0.1", trsvcid: "5555" },
  { traddr: "127.0.0.1", trsvcid: "5556" },
];

const silent: Check = {
  name: "silent peers do not delay good controllers",
  guest: "outage",
  async run(lab) {
    const { target, expect } = lab;
    serve(target, volumes(1, 8));
    for (const place of SILENT) await silentPeer(lab, place);
    const [silentDc, silentIo] = SILENT.map(at);
    const without = await timeUntilLive(lab, homeFiles());
    const among = await timeUntilLive(
      lab,
      filesFor([silentDc ?? "", at(HOME)], {}, { controllers: [`${silentIo ?? ""};nqn=${volume(99)}`] }),
    );
    lab.note(`8 live after ${inSeconds(without)} without silent peers, ${inSeconds(among)} with two of them`);
    // The probe gives a silent peer 3 s, the kernel gives it 10 s. A wait for either exceeds this limit.
    expect.atMost("milliseconds more with silent peers", among - without, 1_500);
  },
};

/** Starts a daemon, waits for its controllers, and deletes them. Returns milliseconds until all were live. */
async function timeUntilLive(lab: Lab, files: Readonly<Record<string, string>>): Promise<number> {
  const began = performance.now();
  const daemon = lab.daemon({ files });
  await allLive(volumes(1, 8), Seconds(40));
  const took = performance.now() - began;
  await daemon.kill();
  await Promise.all([...liveDcs(), ...liveVolumes()].map(({ name }) => command(name, "delete_controller")));
  await waitFor("no controller to be left", LIVE_LIMIT, () => Object.keys(instances()).length === 0);
  return took;
}

export const outageChecks: readonly Check[] = [portBack, deletedByHand, givenUp, silent];

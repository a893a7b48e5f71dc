/** The built daemon on a real kernel, with nothing broken. */
import { readFileSync } from "node:fs";
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import { Seconds } from "../../../src/core/domain/units.js";
import type { Check } from "../check.js";
import { attribute, controllers } from "../guest/fabrics.js";
import { waitFor } from "../guest/wait.js";
import { at, filesFor, homeFiles } from "./steps/configuration.js";
import {
  allLive,
  CABLE,
  connectByHand,
  deviceFor,
  FAR,
  HOME_ID,
  instances,
  liveDcs,
  liveVolumes,
  OTHER_HOST_NQN,
  OTHER_IDENTITY,
  serve,
  serveFar,
  volume,
  volumes,
} from "./steps/storage.js";
import { CLEAN, LIVE_LIMIT, STOP_LIMIT } from "./steps/timing.js";

/** Memory limit of both services together, in MiB. */
const RSS_MAX = 66;

const fifty: Check = {
  name: "one configured discovery controller brings 50 I/O controllers live, and SIGTERM leaves them all connected",
  guest: "daemon",
  async run(lab) {
    const { target, expect } = lab;
    const all = volumes(1, 50);
    serve(target, all);
    const began = performance.now();
    const daemon = lab.daemon({ files: homeFiles() });
    await allLive(all, Seconds(60));
    lab.note(`50 live after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    expect.equal("discovery controllers", liveDcs().length, 1);
    const queues = new Set(liveVolumes().map(({ name }) => attribute(name, "queue_count")));
    expect.equal("queues per controller, with the admin queue", [...queues], ["2"]);
    const { rss, pss } = memory(daemon.pid);
    lab.note(`RSS ${rss.toFixed(1)} MiB, PSS ${pss.toFixed(1)} MiB with 50 live`);
    expect.atMost("RSS in MiB", rss, RSS_MAX);
    const before = instances();
    const stopping = performance.now();
    expect.equal("its exit", await daemon.end("SIGTERM", STOP_LIMIT), CLEAN);
    lab.note(`ended ${(performance.now() - stopping).toFixed(0)} ms after SIGTERM`);
    expect.equal("connections after the stop", instances(), before);
  },
};

function memory(pid: number): { readonly rss: number; readonly pss: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const of = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) / 1024;
  return { rss: of("Rss"), pss: of("Pss") };
}

const events: Check = {
  name: "a subsystem linked to the port is connected, and an unlinked one is disconnected",
  guest: "daemon",
  async run(lab) {
    const { target, expect } = lab;
    serve(target, volumes(1, 2), volumes(3, 3));
    const daemon = lab.daemon({ files: homeFiles() });
    await allLive(volumes(1, 2), LIVE_LIMIT);
    const before = instances();

    const linked = performance.now();
    target.link(HOME_ID, volume(3));
    await allLive(volumes(1, 3), LIVE_LIMIT);
    lab.note(`live ${((performance.now() - linked) / 1000).toFixed(1)} s after the link`);
    const added = deviceFor(volume(3)) ?? "";
    const { [added]: _, ...others } = instances();
    expect.equal("the earlier connections", others, before);

    const leaving = deviceFor(volume(1)) ?? "";
    target.unlink(HOME_ID, volume(1));
    await daemon.says(new RegExp(`disconnecting ${leaving}: it is in no discovery log page any more`), LIVE_LIMIT);
    await waitFor(`${leaving} to go`, LIVE_LIMIT, () => !(leaving in instances()));
    await allLive(volumes(2, 3), LIVE_LIMIT);
    expect.equal("discovery controllers", liveDcs().length, 1);
  },
};

const reload: Check = {
  name: "SIGHUP with an exclude disconnects only that controller, and a broken file disconnects none",
  guest: "daemon",
  async run(lab) {
    const { target, expect } = lab;
    serve(target, volumes(1, 3), volumes(4, 4));
    const daemon = lab.daemon({ files: homeFiles() });
    await allLive(volumes(1, 3), LIVE_LIMIT);
    const { [deviceFor(volume(2)) ?? ""]: _, ...kept } = instances();

    daemon.configure(homeFiles({}, { excludes: [`nqn=${volume(2)}`] }));
    daemon.signal("SIGHUP");
    await waitFor("the excluded volume to go", LIVE_LIMIT, () => deviceFor(volume(2)) === undefined);
    expect.equal("connections after the exclude", instances(), kept);

    const broken = "controller=transport=tcp\n";
    daemon.configure({ "stafd.conf": broken, "stacd.conf": broken });
    daemon.signal("SIGHUP");
    for (const file of ["stafd.conf", "stacd.conf"]) {
      const said = new RegExp(`error +\\S+/${file} is not valid: the last good configuration stays in force`);
      expect.matches("the complaint", await daemon.says(said, LIVE_LIMIT), /Mend the file and reload\.$/);
    }
    // The daemon serves a later change. Any effect of the broken files has happened by then.
    target.link(HOME_ID, volume(4));
    await allLive([volume(1), volume(3), volume(4)], LIVE_LIMIT);
    const { [deviceFor(volume(4)) ?? ""]: __, ...others } = instances();
    expect.equal("connections after the broken files", others, kept);
  },
};

const impersistent: Check = {
  name: "SIGTERM with persistent-connections=false disconnects the discovery controller and leaves I/O",
  guest: "daemon",
  async run(lab) {
    const { target, expect } = lab;
    serve(target, volumes(1, 2));
    const more = "[Discovery controller connection management]\npersistent-connections=false\n";
    const daemon = lab.daemon({ files: homeFiles({ more }) });
    await allLive(volumes(1, 2), LIVE_LIMIT);
    const { [deviceFor(WELL_KNOWN_DISCOVERY_NQN) ?? ""]: _, ...io } = instances();
    expect.equal("its exit", await daemon.end("SIGTERM", STOP_LIMIT), CLEAN);
    expect.equal("connections after the stop", instances(), io);
  },
};

const adoption: Check = {
  name: "connections made by hand with and without host_iface are adopted, and one of another host is not",
  guest: "daemon",
  async run(lab) {
    const { expect } = lab;
    serveFar(lab, volumes(1, 3));
    const dc = connectByHand(WELL_KNOWN_DISCOVERY_NQN, FAR);
    const plain = connectByHand(volume(1), FAR);
    const bound = connectByHand(volume(2), FAR, `,host_iface=${CABLE}`);
    const foreign = connectByHand(volume(3), FAR, "", OTHER_IDENTITY);
    const before = instances();

    for (const { through, device } of [
      { through: "no interface", device: "" },
      { through: "the interface", device: `;host-iface=${CABLE}` },
    ]) {
      const daemon = lab.daemon({ files: filesFor([`${at(FAR)}${device}`]) });
      for (const name of [dc, plain, bound]) {
        const said = await daemon.says(new RegExp(`uses the existing connection ${name} \\(live\\)`), LIVE_LIMIT);
        expect.that(said !== "", `${name} is not adopted with ${through} wanted`);
      }
      const own = await waitFor("the daemon's own connection to volume 3", LIVE_LIMIT, () =>
        controllers().find(({ nqn, state, name }) => nqn === volume(3) && state === "live" && name !== foreign),
      );
      const { [own.name]: _, ...others } = instances();
      expect.equal(`earlier connections with ${through} wanted`, others, before);
      expect.equal("the host NQN of the foreign connection", attribute(foreign, "hostnqn"), OTHER_HOST_NQN);
      expect.equal("its exit", await daemon.end("SIGTERM", STOP_LIMIT), CLEAN);
    }
  },
};

export const daemonChecks: readonly Check[] = [fifty, events, reload, impersistent, adoption];

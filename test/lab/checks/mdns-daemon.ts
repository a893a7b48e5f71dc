/** The daemon with nothing configured: it finds its discovery controller over mDNS, through Avahi and by its own queries. */
import { Seconds } from "../../../src/core/domain/units.js";
import type { Check } from "../check.js";
import { Avahi, type Announced } from "../guest/avahi.js";
import { type Daemon, PROGRAM } from "../guest/daemon.js";
import { attribute, controllers } from "../guest/fabrics.js";
import type { Lab } from "../guest/lab.js";
import type { NetworkNamespace } from "../guest/network.js";
import { pass, waitFor } from "../guest/wait.js";
import { filesFor } from "./steps/configuration.js";
import { allLive, CABLE, FAR, FAR_ID, instances, liveDcs, serveFar, volume, volumes } from "./steps/storage.js";
import { inSeconds, LIVE_LIMIT } from "./steps/timing.js";

const LIMIT = Seconds(240);

const PROVIDERS = ["avahi", "builtin"] as const;
type Provider = (typeof PROVIDERS)[number];

const CDC: Announced = { name: "cdc", port: Number(FAR.trsvcid), txt: ["p=tcp"] };
const VOLUMES = volumes(1, 2);

/** The CDC's new address. */
const NEW_ADDRESS = "10.99.0.3";
const NEW_ID = 3;

const PERSISTENCE = Seconds(5);
/** 10 s in which a provider reports what it knows, the persistence, and time for an emulated processor. */
const DROPPED_LIMIT = Seconds(40);

interface Scene {
  readonly there: NetworkNamespace;
  readonly far: Avahi;
  readonly near: Avahi;
  readonly daemon: Daemon;
}

/** Starts a daemon that knows nothing. With the provider `avahi`, the guest's own Avahi is on its bus. */
async function start(lab: Lab, provider: Provider): Promise<Scene> {
  const there = serveFar(lab, VOLUMES);
  const far = await Avahi.start(lab, "far", there);
  const near = await Avahi.prepare(lab, "near");
  if (provider === "avahi") await near.start();
  const more =
    `[Service Discovery]\nmdns-provider=${provider}\n` +
    `[Discovery controller connection management]\nzeroconf-connections-persistence=${String(PERSISTENCE)}s\n`;
  const files = filesFor([], { global: ["reconnect-delay=1"], more }, { global: ["reconnect-delay=1"] });
  const daemon = lab.daemon({ files, bus: near.bus.address, arguments: ["--tron"] });
  return { there, far, near, daemon };
}

/** Addresses of live discovery controllers. */
function addresses(): readonly string[] {
  return liveDcs().map(({ name }) => attribute(name, "address") ?? "");
}

async function connectedTo(traddr: string): Promise<void> {
  await waitFor(
    `the discovery controller at ${traddr}`,
    LIVE_LIMIT,
    () => addresses().length === 1 && addresses()[0]?.includes(`traddr=${traddr},`) === true,
    () =>
      controllers()
        .map(({ name, state }) => `${name} ${state} ${attribute(name, "address") ?? ""}`)
        .join("; "),
  );
}

function isLeft(traddr: string): boolean {
  return controllers().every(({ name }) => attribute(name, "address")?.includes(`traddr=${traddr},`) !== true);
}

const found = (provider: Provider): Check => ({
  name: `${provider}: an announced discovery controller is connected with its volumes, and dropped once it is gone`,
  guest: "mdns-daemon",
  limit: LIMIT,
  async run(lab) {
    const { expect } = lab;
    const { there, far, daemon } = await start(lab, provider);
    await pass(Seconds(3), "nothing is announced");
    expect.equal("connections before", instances(), {});
    const announced = performance.now();
    const publisher = far.publish(CDC);
    await allLive(VOLUMES, LIVE_LIMIT);
    lab.note(`${provider}: volumes live ${inSeconds(performance.now() - announced)} after the announcement`);
    await connectedTo(FAR.traddr);
    const [address = ""] = addresses();
    expect.matches("the connection to it", address, new RegExp(`host_iface=${CABLE}`));

    const before = instances();
    await publisher.end("SIGTERM", Seconds(10));
    await daemon.says(/mDNS: "cdc" \(_nvme-disc._tcp\) on here is no longer announced/, LIVE_LIMIT);
    await pass(Seconds(3 * PERSISTENCE), "a live connection outlives its announcement");
    expect.equal("connections after its goodbye", instances(), before);

    for (const nqn of VOLUMES) lab.target.unlink(FAR_ID, nqn);
    await daemon.says(/is neither announced over mDNS nor connected: dropped in/, LIVE_LIMIT);
    await daemon.says(/not wanted: neither announced over mDNS nor connected for 5 s/, DROPPED_LIMIT);
    await waitFor(
      "its controller to go",
      DROPPED_LIMIT,
      () => liveDcs().length === 0 && controllers().every(({ nqn }) => VOLUMES.includes(nqn)),
    );

    far.publish(CDC);
    for (const nqn of VOLUMES) lab.target.link(FAR_ID, nqn, there);
    await allLive(VOLUMES, DROPPED_LIMIT);
    await connectedTo(FAR.traddr);
  },
});

const moves = (provider: Provider): Check => ({
  name: `${provider}: a discovery controller moves to a new address: it is connected there, and dropped at the old one`,
  guest: "mdns-daemon",
  limit: LIMIT,
  async run(lab) {
    const { expect, target } = lab;
    const { there, far } = await start(lab, provider);
    far.publish(CDC);
    await allLive(VOLUMES, LIVE_LIMIT);
    await connectedTo(FAR.traddr);

    for (const nqn of VOLUMES) target.unlink(FAR_ID, nqn);
    there.run("ip", ["address", "add", `${NEW_ADDRESS}/24`, "dev", "there"]);
    there.run("ip", ["address", "del", `${FAR.traddr}/24`, "dev", "there"]);
    there.run("ip", ["address", "replace", `${NEW_ADDRESS}/24`, "dev", "there"]);
    target.port({ id: NEW_ID, traddr: NEW_ADDRESS, trsvcid: Number(FAR.trsvcid) });
    for (const nqn of VOLUMES) target.link(NEW_ID, nqn, there);
    await connectedTo(NEW_ADDRESS);
    await waitFor(
      "everything at the old address to be dropped",
      Seconds(60),
      () => isLeft(FAR.traddr),
      () =>
        controllers()
          .map(({ name }) => `${name} ${attribute(name, "address") ?? ""}`)
          .join("; "),
    );
    // The kernel refused the new connections while the old ones with the same cntlid existed. The daemon retries after 60 s.
    await allLive(VOLUMES, Seconds(90));
    expect.that(isLeft(FAR.traddr), "a controller is connected at the old address");
  },
});

const killed: Check = {
  name: "Avahi is killed for longer than the persistence, and returns: nothing is disconnected, and a new service is found",
  guest: "mdns-daemon",
  limit: LIMIT,
  async run(lab) {
    const { expect, target } = lab;
    const { far, near, daemon, there } = await start(lab, "avahi");
    far.publish(CDC);
    await allLive(VOLUMES, LIVE_LIMIT);
    const before = instances();
    const { configuration, run } = daemon.folders;
    const folders = ["--conf-dir", configuration, "--run-dir", run];
    const check = lab.service("the check", process.execPath, [
      PROGRAM,
      "--check",
      "--bus",
      near.bus.address,
      ...folders,
    ]);
    const would = await check.says(/mDNS/, LIVE_LIMIT);
    expect.matches("what --check says about mDNS", would, /services are taken from Avahi/);
    await near.kill();
    await daemon.says(/Avahi went away/, LIVE_LIMIT);
    await pass(Seconds(4 * PERSISTENCE), "without Avahi the state of services is unknown");
    expect.equal("connections without Avahi", instances(), before);
    await near.start();
    await daemon.says(
      /Avahi is available/,
      LIVE_LIMIT,
      daemon.lines.findIndex((line) => line.includes("went away")),
    );
    await pass(Seconds(15), "Avahi reports everything it knows");
    expect.equal("connections after Avahi returns", instances(), before);

    target.subsystem(volume(3));
    target.port({ id: NEW_ID, traddr: FAR.traddr, trsvcid: 8010 });
    target.link(NEW_ID, volume(3), there);
    far.publish({ name: "another", port: 8010, txt: ["p=tcp"] });
    await allLive(volumes(1, 3), LIVE_LIMIT);
    const others = Object.entries(instances()).filter(([name]) => name in before);
    expect.equal("the earlier connections", Object.fromEntries(others), before);
  },
};

export const mdnsDaemonChecks: readonly Check[] = [...PROVIDERS.flatMap((one) => [found(one), moves(one)]), killed];

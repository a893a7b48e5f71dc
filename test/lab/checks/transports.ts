/** Loop and Fibre Channel without hardware: connected, adopted, followed and audited like tcp. */
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import { Seconds } from "../../../src/core/domain/units.js";
import type { Check } from "../check.js";
import { attribute, connect, controllers } from "../guest/fabrics.js";
import { fcAddress, fcLink, fcUnlink } from "../guest/fcloop.js";
import type { Lab } from "../guest/lab.js";
import { pass, waitFor } from "../guest/wait.js";
import { at, filesFor } from "./steps/configuration.js";
import { connectByHand, HOME, IDENTITY, instances, type Place, serve, volume, volumes } from "./steps/storage.js";
import { LIVE_LIMIT } from "./steps/timing.js";
import { HOST_PORT, TAKEN, TARGET_PORT } from "./steps/transports.js";

const FC = `transport=fc;traddr=${fcAddress(TARGET_PORT)};host-traddr=${fcAddress(HOST_PORT)}`;
/** A port whose discovery controller is not configured. */
const OTHER: Place = { traddr: "127.0.0.1", trsvcid: "8010" };
const OTHER_ID = 3;
const LOOP_ID = 5;
const FC_ID = 6;

function loopPort(lab: Lab, nqns: readonly string[]): void {
  lab.target.port({ id: LOOP_ID, trtype: "loop" });
  for (const nqn of nqns) lab.target.link(LOOP_ID, nqn);
}

function fcPort(lab: Lab, nqns: readonly string[]): void {
  lab.target.port({ id: FC_ID, trtype: "fc", traddr: fcAddress(TARGET_PORT) });
  fcLink(HOST_PORT, TARGET_PORT);
  lab.after(() => {
    fcUnlink(HOST_PORT, TARGET_PORT);
  });
  for (const nqn of nqns) lab.target.link(FC_ID, nqn);
}

function live(transport: string): readonly string[] {
  return controllers()
    .filter((one) => one.transport === transport && one.state === "live")
    .map(({ nqn }) => nqn)
    .sort();
}

const isLive = (transport: string, nqns: readonly string[]): boolean =>
  live(transport).join() === [...nqns].sort().join();

const discovery: Check = {
  name: "discovery controllers over loop and fc are connected, read and followed, and the subsystems they list are connected",
  guest: "transports",
  kernels: ["6.12"],
  async run(lab) {
    const { target, expect } = lab;
    for (const nqn of volumes(1, 3)) target.subsystem(nqn);
    loopPort(lab, [volume(1)]);
    fcPort(lab, [volume(2)]);
    const daemon = lab.daemon({ files: filesFor(["transport=loop", FC]) });
    const over = (transport: string, nqns: readonly string[]): Promise<boolean> =>
      waitFor(
        `${transport} to be live`,
        LIVE_LIMIT,
        () => isLive(transport, [WELL_KNOWN_DISCOVERY_NQN, ...nqns]),
        () =>
          controllers()
            .map(({ name, nqn, state }) => `${name} ${nqn} ${state}`)
            .join("; "),
      );
    await over("loop", [volume(1)]);
    await over("fc", [volume(2)]);
    const before = instances();
    target.link(LOOP_ID, volume(3));
    await over("loop", [volume(1), volume(3)]);
    target.unlink(LOOP_ID, volume(3));
    await over("loop", [volume(1)]);
    target.link(FC_ID, volume(3));
    await over("fc", [volume(2), volume(3)]);
    const now = instances();
    for (const [name, node] of Object.entries(before)) expect.equal(`${name}, unchanged`, now[name], node);
    expect.that(!daemon.lines.some((line) => / error /.test(line)), "the log has errors");
  },
};

const adopted: Check = {
  name: "existing connections over loop and fc are adopted, and missing configured ones are made",
  guest: "transports",
  kernels: ["6.12"],
  async run(lab) {
    const { target, expect } = lab;
    for (const nqn of volumes(1, 4)) target.subsystem(nqn);
    loopPort(lab, volumes(1, 2));
    fcPort(lab, volumes(3, 4));
    const addresses = `traddr=${fcAddress(TARGET_PORT)},host_traddr=${fcAddress(HOST_PORT)}`;
    expect.that(connect(`nqn=${volume(1)},transport=loop,${IDENTITY}`).ok, "the connect over loop by hand failed");
    expect.that(
      connect(`nqn=${volume(3)},transport=fc,${addresses},${IDENTITY}`).ok,
      "the connect over fc by hand failed",
    );
    const before = instances();
    const wanted = [
      ...volumes(1, 2).map((nqn) => `transport=loop;nqn=${nqn}`),
      ...volumes(3, 4).map((nqn) => `${FC};nqn=${nqn}`),
    ];
    lab.daemon({ files: filesFor([], {}, { controllers: wanted }) });
    await waitFor("all four", LIVE_LIMIT, () => isLive("loop", volumes(1, 2)) && isLive("fc", volumes(3, 4)));
    await pass(Seconds(5), "longer than a retry");
    expect.equal("connections", controllers().length, 4);
    for (const [name, node] of Object.entries(before)) expect.equal(`${name}, made by hand`, instances()[name], node);
  },
};

/** Runs an audit under a scope, with one connection by hand per transport. Returns the remaining volumes. */
async function audited(lab: Lab, scope: string, trtypes: string): Promise<readonly string[]> {
  const { target } = lab;
  serve(target, volumes(1, 1), volumes(2, 4));
  target.port({ id: OTHER_ID, traddr: OTHER.traddr, trsvcid: Number(OTHER.trsvcid) });
  target.link(OTHER_ID, volume(2));
  loopPort(lab, [volume(3)]);
  fcPort(lab, [volume(4)]);
  connectByHand(volume(2), OTHER);
  const addresses = `traddr=${fcAddress(TARGET_PORT)},host_traddr=${fcAddress(HOST_PORT)}`;
  for (const options of [`nqn=${volume(3)},transport=loop`, `nqn=${volume(4)},transport=fc,${addresses}`]) {
    if (!connect(`${options},${IDENTITY}`).ok) throw new Error(`the connect by hand failed: ${options}`);
  }
  const more = `[I/O controller connection management]\ndisconnect-scope=${scope}\ndisconnect-trtypes=${trtypes}\n`;
  lab.daemon({ files: filesFor([at(HOME)], {}, { more }) });
  await waitFor("volume 1", LIVE_LIMIT, () =>
    controllers().some(({ nqn, state }) => nqn === volume(1) && state === "live"),
  );
  await pass(Seconds(8), "soaks and deletes");
  return controllers()
    .filter(({ nqn }) => nqn !== WELL_KNOWN_DISCOVERY_NQN)
    .map(({ nqn }) => nqn)
    .sort();
}

const SCOPES: readonly (readonly [scope: string, trtypes: string, left: readonly string[]])[] = [
  ["only-stas-connections", "tcp+fc", volumes(1, 4)],
  ["no-disconnect", "tcp+fc", volumes(1, 4)],
  ["all-connections-matching-disconnect-trtypes", "fc", volumes(1, 3)],
  ["all-connections-matching-disconnect-trtypes", "rdma", volumes(1, 4)],
];

const scopes = SCOPES.map(([scope, trtypes, left]): Check => ({
  name: `connections made by hand over tcp, loop and fc under ${scope} with ${trtypes}`,
  guest: "transports",
  kernels: ["6.12"],
  async run(lab) {
    lab.expect.equal("the remaining volumes", await audited(lab, scope, trtypes), left);
  },
}));

const taken: Check = {
  name: "what the kernel accepts and shows for connections over loop and fc",
  guest: "transports",
  kernels: ["6.12"],
  run(lab) {
    const { target, expect } = lab;
    target.subsystem(volume(1));
    loopPort(lab, [volume(1)]);
    fcPort(lab, [volume(1)]);
    for (const [options, outcome] of TAKEN) {
      const made = connect(`nqn=${volume(1)},${options},${IDENTITY}`);
      expect.equal(options, made.ok ? attribute(made.name, "address") : made.errno, outcome);
      if (!made.ok) continue;
      const delay = options.startsWith("transport=fc") ? "2" : "10";
      expect.equal(`reconnect_delay of ${options}`, attribute(made.name, "reconnect_delay"), delay);
      expect.equal(`cntrltype of ${options}`, attribute(made.name, "cntrltype"), "io");
    }
    return Promise.resolve();
  },
};

export const transportsChecks: readonly Check[] = [discovery, adopted, taken, ...scopes];

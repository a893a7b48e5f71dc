/** What each disconnect scope disconnects on a real kernel, and subsystems without connectivity (NCC). */
import { EFLAG_NCC } from "../../../src/core/domain/discovery-log.js";
import { Seconds } from "../../../src/core/domain/units.js";
import { Cdc, type Entry, subsystem } from "../cdc/cdc.js";
import type { Check } from "../check.js";
import { attribute } from "../guest/fabrics.js";
import type { Lab } from "../guest/lab.js";
import { pass, waitFor } from "../guest/wait.js";
import { at, filesFor } from "./steps/configuration.js";
import {
  allLive,
  connectByHand,
  HOME,
  instances,
  liveVolumes,
  OTHER_HOST_NQN,
  OTHER_IDENTITY,
  type Place,
  serve,
  volume,
  volumes,
} from "./steps/storage.js";
import { LIVE_LIMIT } from "./steps/timing.js";

const CDC_PORT = 8010;
/** Has no listener until the check adds a port of the target. */
const LATER: Place = { traddr: "127.0.0.1", trsvcid: "4999" };
const LATER_ID = 7;
/** Limit for a soak and a delete. */
const SOON = Seconds(10);

function startCdc(entries: readonly Entry[], lab: Lab): Promise<Cdc> {
  return Cdc.start({ kind: "cdc", listen: [{ address: "127.0.0.1", port: CDC_PORT }], entries: [...entries] }).then(
    (cdc) => {
      lab.after(() => cdc.close());
      return cdc;
    },
  );
}

const listed = (nqns: readonly string[]): Entry[] =>
  nqns.map((nqn) => subsystem(nqn, HOME.traddr, Number(HOME.trsvcid)));

/** Configuration files with the CDC's address, and these lines about I/O controllers in stacd.conf. */
const filesWith = (...lines: readonly string[]): Readonly<Record<string, string>> => {
  const more = `[I/O controller connection management]\n${lines.map((line) => `${line}\n`).join("")}`;
  return filesFor([at({ traddr: "127.0.0.1", trsvcid: String(CDC_PORT) })], {}, { more });
};

const liveNqns = (): readonly string[] =>
  liveVolumes()
    .map(({ nqn }) => nqn)
    .sort();

const WIDEST = "all-connections-matching-disconnect-trtypes";

/** The volumes that remain of 1 (by hand, adopted), 2 (by the daemon), 3 (still listed) and 4 (by hand, never listed). */
const SCOPES: readonly (readonly [scope: string, trtypes: string, left: readonly string[]])[] = [
  ["only-stas-connections", "tcp", volumes(3, 4)],
  [WIDEST, "tcp", volumes(3, 3)],
  [WIDEST, "rdma+fc", volumes(1, 4)],
  ["no-disconnect", "tcp", volumes(1, 4)],
];

const unlisted = SCOPES.map(([scope, trtypes, left]): Check => ({
  name: `unlisted volumes under ${scope} with ${trtypes}: our own, adopted and foreign connections`,
  guest: "scopes",
  async run(lab) {
    const { expect } = lab;
    serve(lab.target, volumes(1, 4));
    const byHand = [connectByHand(volume(1), HOME), connectByHand(volume(4), HOME)];
    const cdc = await startCdc(listed(volumes(1, 3)), lab);
    const daemon = lab.daemon({ files: filesWith(`disconnect-scope=${scope}`, `disconnect-trtypes=${trtypes}`) });
    await daemon.says(new RegExp(`uses the existing connection ${byHand[0] ?? ""} `), LIVE_LIMIT);
    await waitFor("volumes 1 to 3", LIVE_LIMIT, () => volumes(1, 3).every((nqn) => liveNqns().includes(nqn)));
    const before = instances();
    await cdc.change({ do: "entries", entries: listed([volume(3)]) });
    await waitFor(
      "the scope to be applied",
      SOON,
      () => liveNqns().join() === left.join(),
      () => liveNqns().join(),
    );
    await pass(Seconds(5), "nothing more is disconnected");
    expect.equal("the remaining volumes", liveNqns(), left);
    for (const { name } of liveVolumes()) expect.equal(`${name}, unchanged`, instances()[name], before[name]);
  },
}));

const appears: Check = {
  name: "under the widest scope a connection made by hand is soon disconnected, and one of another host stays",
  guest: "scopes",
  async run(lab) {
    const { expect } = lab;
    serve(lab.target, volumes(1, 3));
    await startCdc(listed(volumes(1, 1)), lab);
    lab.daemon({ files: filesWith(`disconnect-scope=${WIDEST}`) });
    await allLive(volumes(1, 1), LIVE_LIMIT);
    await pass(Seconds(5), "nothing is left to reconcile");
    const before = instances();
    const theirs = connectByHand(volume(3), HOME, "", OTHER_IDENTITY);
    connectByHand(volume(2), HOME);
    await waitFor("volume 2 to go", SOON, () => !liveNqns().includes(volume(2)));
    expect.equal("volumes", liveNqns(), [volume(1), volume(3)]);
    expect.equal("the other connection's host NQN", attribute(theirs, "hostnqn"), OTHER_HOST_NQN);
    for (const [name, node] of Object.entries(before)) expect.equal(`${name}, unchanged`, instances()[name], node);
  },
};

const ncc: Check = {
  name: "a subsystem with NCC is given up after the configured attempts, and connected once the CDC clears NCC",
  guest: "scopes",
  async run(lab) {
    const { target, expect } = lab;
    serve(target, volumes(1, 1), volumes(2, 2));
    const entry = (eflags: number): Entry => subsystem(volume(2), LATER.traddr, Number(LATER.trsvcid), { eflags });
    const cdc = await startCdc([...listed(volumes(1, 1)), entry(EFLAG_NCC)], lab);
    const daemon = lab.daemon({ files: filesWith("connect-attempts-on-ncc=2") });
    await daemon.says(/there is no connectivity to it .NCC./, LIVE_LIMIT);
    expect.equal("volumes", liveNqns(), volumes(1, 1));
    target.port({ id: LATER_ID, traddr: LATER.traddr, trsvcid: Number(LATER.trsvcid) });
    target.link(LATER_ID, volume(2));
    // Longer than the pause between two attempts, and longer than an audit.
    await pass(Seconds(70), "the daemon does not try again");
    expect.equal("volumes while NCC is set", liveNqns(), volumes(1, 1));
    await cdc.change({ do: "entries", entries: [...listed(volumes(1, 1)), entry(0)] });
    await allLive(volumes(1, 2), SOON);
    expect.equal("volumes with NCC cleared", liveNqns(), volumes(1, 2));
  },
};

export const scopesChecks: readonly Check[] = [...unlisted, appears, ncc];

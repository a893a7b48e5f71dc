/** The daemon with a central discovery controller that does what the kernel's own target cannot. */
import { Seconds } from "../../../src/core/domain/units.js";
import { Cdc, type Entry, type Options, itself, referral, subsystem } from "../cdc/cdc.js";
import type { Check } from "../check.js";
import type { Lab } from "../guest/lab.js";
import { pass, waitFor } from "../guest/wait.js";
import { at, filesFor } from "./steps/configuration.js";
import { HOME, allLive, instances, liveDcs, serve, volume, volumes } from "./steps/storage.js";

const LIMIT = Seconds(30);
const CDC_PORT = 8010;
const OTHER_PORT = 8011;
const DISCOVERY_LID = 0x70;

async function start(lab: Lab, port: number, options: Options = {}): Promise<Cdc> {
  const cdc = await Cdc.start({ listen: [{ address: "127.0.0.1", port }], ...options });
  lab.after(() => cdc.close());
  return cdc;
}

/** The volumes of the kernel's own target, as a CDC lists them. */
function listed(nqns: readonly string[], more: object = {}): Entry[] {
  return nqns.map((nqn) => subsystem(nqn, HOME.traddr, Number(HOME.trsvcid), more));
}

const filesOf = (port: number): Readonly<Record<string, string>> =>
  filesFor([at({ traddr: "127.0.0.1", trsvcid: String(port) })]);

const follows: Check = {
  name: "the daemon reads a CDC's page, follows its events, and reads again if the page changes during a read",
  guest: "cdc",
  async run(lab) {
    const { expect } = lab;
    serve(lab.target, volumes(1, 4));
    const cdc = await start(lab, CDC_PORT, { kind: "cdc", entries: listed(volumes(1, 1)) });
    lab.daemon({ files: filesOf(CDC_PORT) });
    await allLive(volumes(1, 1), LIMIT);
    await cdc.change({ do: "entries", entries: listed(volumes(1, 2), { padding: "space" }) });
    await allLive(volumes(1, 2), LIMIT);
    const turned = listed(volumes(1, 4));
    await cdc.change({
      do: "rule",
      rule: { when: { lid: DISCOVERY_LID, offsetAtLeast: 1024 }, deed: { kind: "turn", entries: turned }, times: 1 },
    });
    await cdc.change({ do: "entries", entries: listed(volumes(1, 3)) });
    await allLive(volumes(1, 4), LIMIT);
    const { accepted, commands, registrations } = await cdc.seen();
    // One probe of the address, and one connection.
    expect.atMost("connections to the CDC", accepted, 2);
    lab.note(
      `registrations: ${registrations.length}; commands: ${commands.map(({ opcode }) => opcode.toString(16)).join(" ")}`,
    );
    lab.payload("cdc-daemon", { commands, registrations });
  },
};

const circle: Check = {
  name: "the daemon follows circular referrals only once",
  guest: "cdc",
  async run(lab) {
    const { expect } = lab;
    serve(lab.target, volumes(1, 2));
    const one = await start(lab, CDC_PORT);
    const two = await start(lab, OTHER_PORT);
    const around = [CDC_PORT, OTHER_PORT].map((port) => referral("127.0.0.1", port));
    for (const [cdc, volumeNumber] of [
      [one, 1],
      [two, 2],
    ] as const) {
      const own = cdc.ports.map((port) => itself(port));
      await cdc.change({ do: "entries", entries: [...own, ...around, ...listed([volume(volumeNumber)])] });
    }
    lab.daemon({ files: filesOf(CDC_PORT) });
    await allLive(volumes(1, 2), LIMIT);
    const before = instances();
    await pass(Seconds(5), "nothing more is connected");
    expect.equal("discovery controllers", liveDcs().length, 2);
    expect.equal("connections after a while", instances(), before);
  },
};

const lies: Check = {
  name: "false pages disconnect nothing, and the daemon reads the true page afterwards",
  guest: "cdc",
  limit: Seconds(150),
  async run(lab) {
    const { expect } = lab;
    serve(lab.target, volumes(1, 2));
    const cdc = await start(lab, CDC_PORT, { entries: listed(volumes(1, 1)) });
    lab.daemon({ files: filesOf(CDC_PORT) });
    await allLive(volumes(1, 1), LIMIT);
    const connections = instances();
    const reads = async (): Promise<number> =>
      (await cdc.seen()).commands.filter(({ log }) => log?.lid === DISCOVERY_LID).length;
    const readAgain = async (): Promise<void> => {
      const before = await reads();
      await cdc.change({ do: "aen", mask: "forced" });
      await waitFor("the page to be read", LIMIT, async () => (await reads()) > before);
      await pass(Seconds(3), "longer than the configuration soak");
      expect.equal("the connections", instances(), connections);
    };
    await cdc.change({ do: "header", numrec: "18446744073709551615" });
    await readAgain();
    await cdc.change({ do: "header", recfmt: 7 });
    await readAgain();
    await cdc.change({ do: "header" });
    const rule = { when: { lid: DISCOVERY_LID }, deed: { kind: "reject", status: 0x6002 } } as const;
    await cdc.change({ do: "rule", rule });
    await readAgain();
    await cdc.change({ do: "forget-rules" });
    const garbage = { raw: "fe".repeat(1024) };
    await cdc.change({ do: "entries", entries: [garbage, ...listed(volumes(1, 2)), { trtype: 99 }] });
    await allLive(volumes(1, 2), Seconds(60));
  },
};

export const cdcDaemonChecks: readonly Check[] = [follows, circle, lies];

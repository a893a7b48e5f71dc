/** Which existing connections the daemon adopts on the real kernel: docs/matching.md, row by row. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import { Seconds } from "../../../src/core/domain/units.js";
import { encodeNbft } from "../../unit/codec/nbft-encoder.js";
import { TABLE } from "../../unit/codec/nbft-table.js";
import type { Check } from "../check.js";
import { attribute, controllers } from "../guest/fabrics.js";
import type { Lab } from "../guest/lab.js";
import { cable, type NetworkNamespace, setLink } from "../guest/network.js";
import { run } from "../guest/run.js";
import { pass, waitFor } from "../guest/wait.js";
import { at, filesFor } from "./steps/configuration.js";
import {
  CABLE,
  connectByHand,
  FAR,
  instances,
  OTHER_HOST_NQN,
  OTHER_IDENTITY,
  serveFar,
  volume,
  volumes,
} from "./steps/storage.js";
import { CLEAN, LIVE_LIMIT, STOP_LIMIT } from "./steps/timing.js";

/** A second path to the same address: another cable, with its own addresses. */
const CABLE2 = "here2";
const FROM = "10.99.0.1";
const FROM2 = "10.98.0.1";

/** Longer than the retry after a second failure. Connections that find the cables down fail twice. */
const RETRY_LIMIT = Seconds(90);

interface Row {
  /** Extra options of the connect by hand. */
  readonly made: string;
  readonly identity?: string;
  readonly wanted: string;
  /** `used`: the daemon adopts the connection. `own`: the daemon makes its own connection beside it. */
  readonly verdict: "used" | "own";
}

const ROWS: readonly Row[] = [
  { made: "", wanted: "", verdict: "used" },
  { made: "", wanted: `;host-iface=${CABLE}`, verdict: "used" },
  { made: "", wanted: `;host-iface=${CABLE2}`, verdict: "own" },
  { made: "", wanted: `;host-traddr=${FROM}`, verdict: "used" },
  { made: "", wanted: `;host-traddr=${FROM2}`, verdict: "own" },
  { made: `,host_iface=${CABLE}`, wanted: `;host-iface=${CABLE}`, verdict: "used" },
  { made: `,host_iface=${CABLE2}`, wanted: `;host-iface=${CABLE}`, verdict: "own" },
  { made: `,host_iface=${CABLE2}`, wanted: "", verdict: "used" },
  { made: `,host_traddr=${FROM}`, wanted: `;host-iface=${CABLE}`, verdict: "used" },
  { made: `,host_traddr=${FROM}`, wanted: `;host-iface=${CABLE2}`, verdict: "own" },
  { made: `,host_iface=${CABLE},host_traddr=${FROM}`, wanted: `;host-traddr=${FROM}`, verdict: "used" },
  { made: "", identity: OTHER_IDENTITY, wanted: "", verdict: "own" },
];

const NQNS = ROWS.map((_, index) => volume(index + 1));

/** Lays two cables to one target, and makes a connection by hand for each row. */
function connectRows(lab: Lab): NetworkNamespace {
  const there = serveFar(lab, NQNS);
  cable({ name: CABLE2, address: `${FROM2}/24` }, { name: "there2", address: "10.98.0.2/24" }, there);
  // Used only by connections bound to it: the other route has no metric.
  run("ip", ["route", "add", "10.99.0.0/24", "dev", CABLE2, "metric", "100"]);
  for (const [index, { made, identity }] of ROWS.entries()) {
    connectByHand(volume(index + 1), FAR, `,reconnect_delay=1${made}`, identity);
  }
  return there;
}

const configuration = filesFor(
  [],
  {},
  {
    controllers: ROWS.map(({ wanted }, index) => `${at(FAR)};nqn=${volume(index + 1)}${wanted}`),
  },
);

/** Waits for each row's live connections to match the table, and checks that the connections by hand still exist. */
async function asTheTableSays(lab: Lab, by: Readonly<Record<string, string>>): Promise<void> {
  const live = (): readonly number[] =>
    NQNS.map((nqn) => controllers().filter((one) => one.nqn === nqn && one.state === "live").length);
  const wanted = ROWS.map(({ verdict }) => (verdict === "used" ? 1 : 2));
  await waitFor(
    "the connections in the table",
    RETRY_LIMIT,
    () => live().join(" ") === wanted.join(" "),
    () => live().join(" "),
  );
  await pass(Seconds(5), "nothing more is connected");
  lab.expect.equal("live connections of each row", live(), wanted);
  const now = instances();
  lab.expect.equal("connections by hand", Object.fromEntries(Object.keys(by).map((name) => [name, now[name]])), by);
}

/** Takes both cables down until every connection is down, calls `meanwhile`, and restores the cables. */
async function interrupted(there: NetworkNamespace, meanwhile: () => Promise<void> | void): Promise<void> {
  for (const end of ["there", "there2"]) setLink(end, "down", there);
  await waitFor("every connection to be down", Seconds(60), () => controllers().every(({ state }) => state !== "live"));
  await meanwhile();
  for (const end of ["there", "there2"]) setLink(end, "up", there);
}

const live: Check = {
  name: "adoption: the daemon adopts live connections made by hand as in the table, also after a reconnect",
  guest: "daemon",
  limit: Seconds(240),
  async run(lab) {
    const there = connectRows(lab);
    const before = instances();
    const daemon = lab.daemon({ files: configuration });
    await asTheTableSays(lab, before);
    const all = instances();
    await interrupted(there, () => undefined);
    await asTheTableSays(lab, all);
    lab.expect.equal("connections after the reconnect", instances(), all);
    lab.expect.equal("its exit", await daemon.end("SIGTERM", STOP_LIMIT), CLEAN);
  },
};

const down: Check = {
  name: "adoption: connections that are down when the daemon starts are judged once they are back",
  guest: "daemon",
  limit: Seconds(240),
  async run(lab) {
    const there = connectRows(lab);
    const before = instances();
    await interrupted(there, async () => {
      const daemon = lab.daemon({ files: configuration });
      await daemon.says(/uses the existing connection nvme0 \((connecting|resetting)\)/, LIVE_LIMIT);
    });
    await asTheTableSays(lab, before);
  },
};

const uniqueNqn: Check = {
  name: "adoption: a discovery controller that shows its unique NQN is adopted, also after a restart",
  guest: "daemon",
  kernels: ["6.12"],
  async run(lab) {
    const { expect, target } = lab;
    const unique = "nqn.2024-01.io.stas.lab:discovery";
    expect.that(target.discoveryNqn(unique), "this kernel has no discovery_nqn");
    serveFar(lab, volumes(1, 1));
    const dc = connectByHand(WELL_KNOWN_DISCOVERY_NQN, FAR);
    expect.equal("the NQN that it shows", attribute(dc, "subsysnqn"), unique);
    for (const time of ["first", "second"]) {
      const daemon = lab.daemon({ files: filesFor([at(FAR)]) });
      await daemon.says(new RegExp(`uses the existing connection ${dc} \\(live\\)`), LIVE_LIMIT);
      await waitFor("the volume to be live", LIVE_LIMIT, () =>
        controllers().some(({ nqn, state }) => nqn === volume(1) && state === "live"),
      );
      await pass(Seconds(5), "nothing more is connected");
      expect.equal(`controllers, the ${time} time`, controllers().length, 2);
      expect.equal("its exit", await daemon.end("SIGTERM", STOP_LIMIT), CLEAN);
    }
  },
};

/** Mounts a file system over /sys/firmware, with an nBFT for the interface with this MAC. */
function bootTable(lab: Lab, mac: string): void {
  run("mount", ["-t", "tmpfs", "tmpfs", "/sys/firmware"]);
  lab.after(() => void run("umount", ["/sys/firmware"]));
  mkdirSync("/sys/firmware/acpi/tables", { recursive: true });
  const id = OTHER_HOST_NQN.slice(-36);
  const [hfi] = TABLE.hfis;
  const [boot] = TABLE.subsystems;
  if (hfi === undefined || boot === undefined) throw new Error("the unit tests' table has no interface or no volume");
  const { traddr, trsvcid } = FAR;
  const uri = { transport: "tcp", host: traddr, port: Number(trsvcid) };
  const { bytes } = encodeNbft({
    ...TABLE,
    host: { ...TABLE.host, nqn: OTHER_HOST_NQN, id, nqnConfigured: true },
    hfis: [{ ...hfi, index: 1, mac, vlan: 0, address: FROM }],
    securityProfiles: [],
    discoveryControllers: [{ index: 1, hfi: 1, securityProfile: 0, uri, nqn: "" }],
    subsystems: [{ ...boot, hfis: [1], securityProfile: 0, traddr, trsvcid, subsysnqn: volume(3) }],
  });
  writeFileSync("/sys/firmware/acpi/tables/NBFT", bytes);
}

const nbft: Check = {
  name: "nBFT: the table's discovery controller is connected with its host NQN, and the boot volume stays under the widest scope",
  guest: "daemon",
  async run(lab) {
    const { expect } = lab;
    serveFar(lab, volumes(1, 3));
    const booted = connectByHand(volume(3), FAR, "", OTHER_IDENTITY);
    const more =
      "[I/O controller connection management]\ndisconnect-scope=all-connections-matching-disconnect-trtypes\n";
    bootTable(lab, readFileSync(`/sys/class/net/${CABLE}/address`, "utf8").trim());
    const daemon = lab.daemon({ files: filesFor([], {}, { more, excludes: [`nqn=${volume(3)}`] }) });
    await waitFor("volumes 1 and 2 to be live", LIVE_LIMIT, () =>
      volumes(1, 2).every((nqn) => controllers().some((one) => one.nqn === nqn && one.state === "live")),
    );
    const [dc] = controllers().filter(({ nqn }) => nqn === WELL_KNOWN_DISCOVERY_NQN);
    expect.matches("its address", dc?.address ?? "", new RegExp(`host_iface=${CABLE}`));
    const hosts = new Set(controllers().map(({ hostNqn }) => hostNqn));
    expect.equal("the host NQNs of all connections", [...hosts], [OTHER_HOST_NQN]);
    await pass(Seconds(5), "nothing is disconnected");
    expect.equal("controllers", controllers().length, 4);
    expect.that(attribute(booted, "state") !== undefined, "the boot volume's connection is gone");
    expect.equal("its exit", await daemon.end("SIGTERM", STOP_LIMIT), CLEAN);
  },
};

export const adoptionChecks: readonly Check[] = [live, down, uniqueNqn, nbft];

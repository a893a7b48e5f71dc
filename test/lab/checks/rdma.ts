/** RDMA without hardware (Soft-RoCE): what the kernel accepts there, and a discovery controller with its volume. */
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import { Seconds } from "../../../src/core/domain/units.js";
import type { Check } from "../check.js";
import { attribute, connect, controllers } from "../guest/fabrics.js";
import type { Lab } from "../guest/lab.js";
import { run } from "../guest/run.js";
import { waitFor } from "../guest/wait.js";
import { filesFor } from "./steps/configuration.js";
import { IDENTITY, volume } from "./steps/storage.js";
import { LIVE_LIMIT } from "./steps/timing.js";
import { TAKEN_OVER_RDMA } from "./steps/transports.js";

/** Longer than the kernel waits for a peer that does not answer. */
const SILENT_LIMIT = Seconds(150);

const ADDRESS = "10.98.0.1";
const PORT_ID = 7;

function rdmaPort(lab: Lab, nqn: string): void {
  run("ip", ["link", "add", "roce0", "type", "dummy"]);
  lab.after(() => {
    run("ip", ["link", "delete", "roce0"]);
  });
  run("ip", ["address", "add", `${ADDRESS}/24`, "dev", "roce0"]);
  run("ip", ["link", "set", "roce0", "up"]);
  run("rdma", ["link", "add", "rxe0", "type", "rxe", "netdev", "roce0"]);
  lab.target.subsystem(nqn);
  lab.target.port({ id: PORT_ID, trtype: "rdma", traddr: ADDRESS, trsvcid: 4420 });
  lab.target.link(PORT_ID, nqn);
}

const taken: Check = {
  name: "what the kernel accepts and shows for connections over rdma",
  guest: "rdma",
  kernels: ["6.12-generic"],
  limit: SILENT_LIMIT,
  run(lab) {
    const { expect } = lab;
    rdmaPort(lab, volume(1));
    for (const [options, outcome] of TAKEN_OVER_RDMA) {
      const made = connect(`nqn=${volume(1)},transport=rdma,${options},${IDENTITY}`);
      expect.equal(options, made.ok ? attribute(made.name, "address") : made.errno, outcome);
    }
    return Promise.resolve();
  },
};

const discovery: Check = {
  name: "a discovery controller over rdma and the volume that it lists are connected",
  guest: "rdma",
  kernels: ["6.12-generic"],
  async run(lab) {
    rdmaPort(lab, volume(1));
    const daemon = lab.daemon({ files: filesFor([`transport=rdma;traddr=${ADDRESS};trsvcid=4420`]) });
    await waitFor("both to be live", LIVE_LIMIT, () =>
      [WELL_KNOWN_DISCOVERY_NQN, volume(1)].every((nqn) =>
        controllers().some((one) => one.transport === "rdma" && one.nqn === nqn && one.state === "live"),
      ),
    );
    lab.expect.equal("connections", controllers().length, 2);
    lab.expect.that(!daemon.lines.some((line) => / error /.test(line)), "the log has errors");
  },
};

export const rdmaChecks: readonly Check[] = [taken, discovery];

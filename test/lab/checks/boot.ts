/** Checks of the rig itself. If one fails, no other check can be trusted. */
import { closeSync, existsSync, fsyncSync, openSync, readSync, readdirSync, writeSync } from "node:fs";
import { createConnection } from "node:net";
import { constants, release } from "node:os";
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import { Seconds } from "../../../src/core/domain/units.js";
import type { Check } from "../check.js";
import { HOST_ID, HOST_NQN } from "../guest/daemon.js";
import { command, connect, controller, controllers, optionLine } from "../guest/fabrics.js";
import { fcAddress, fcLink, fcUnlink } from "../guest/fcloop.js";
import { cable } from "../guest/network.js";
import { waitFor } from "../guest/wait.js";

const SUBSYSTEM = "nqn.2024-01.io.stas.lab:volume";
const IDENTITY = `hostnqn=${HOST_NQN},hostid=${HOST_ID}`;

const optionsOf: Check = {
  name: "the guest runs the requested kernel with its options",
  guest: "rig",
  async run({ expect, settings }) {
    const kernel = settings["kernel"] ?? "";
    expect.that(release().startsWith(`${kernel}.`), `the guest runs ${release()} instead of ${kernel}`);
    const options = optionLine();
    expect.matches("the option line", options, /^instance=-1,cntlid=-1,transport=%s,traddr=%s,.*\bdiscovery\b/);
    expect.equal("options that only 6.12 has", options.includes(",keyring=%d,tls_key=%d,"), kernel === "6.12");
  },
};

const discovery: Check = {
  name: "a discovery controller of the kernel's own target connects, is live, and is deleted",
  guest: "rig",
  async run({ target, expect }) {
    target.subsystem(SUBSYSTEM, { serial: "LAB0001" });
    target.namespace(SUBSYSTEM, 1, "/dev/ram0");
    target.port({ id: 1, traddr: "127.0.0.1", trsvcid: 8009 });
    target.link(1, SUBSYSTEM);
    const made = connect(
      `nqn=${WELL_KNOWN_DISCOVERY_NQN},transport=tcp,traddr=127.0.0.1,trsvcid=8009,${IDENTITY},keep_alive_tmo=30`,
    );
    expect.that(made.ok, `the connect failed with errno ${made.ok ? 0 : made.errno}`);
    if (!made.ok) return;
    expect.equal("the reply", made.reply, "instance=0,cntlid=1\n");
    const shown = controller(made.name);
    expect.equal("its state", shown?.state, "live");
    expect.equal("its type", shown?.type, "discovery");
    expect.equal("its NQN", shown?.nqn, WELL_KNOWN_DISCOVERY_NQN);
    expect.equal("its host", shown?.hostNqn, HOST_NQN);
    expect.equal("the answer to its delete", await command(made.name, "delete_controller"), 0);
    await waitFor("the controller to go", Seconds(5), () => controllers().length === 0);
    expect.equal("controllers left", controllers().length, 0);
  },
};

const input: Check = {
  name: "an I/O controller has a block device that stores written data",
  guest: "rig",
  async run({ target, expect }) {
    target.subsystem(SUBSYSTEM);
    target.namespace(SUBSYSTEM, 1, "/dev/ram1");
    target.port({ id: 1, traddr: "127.0.0.1", trsvcid: 4420 });
    target.link(1, SUBSYSTEM);
    const made = connect(`nqn=${SUBSYSTEM},transport=tcp,traddr=127.0.0.1,trsvcid=4420,${IDENTITY}`);
    expect.that(made.ok, `the connect failed with errno ${made.ok ? 0 : made.errno}`);
    const device = await waitFor("its block device", Seconds(10), blockDevice);
    const written = Buffer.alloc(4096, 0x5a);
    keep(device, written);
    expect.that(written.equals(stored("/dev/ram1", written.length)), "the written bytes did not reach the target");
  },
};

const otherNetwork: Check = {
  name: "a target in a network namespace is reached through one interface over a cable",
  guest: "rig",
  async run(lab) {
    const { target, expect } = lab;
    const there = lab.namespace();
    cable({ name: "here", address: "10.99.0.1/24" }, { name: "there", address: "10.99.0.2/24" }, there);
    target.subsystem(SUBSYSTEM);
    target.port({ id: 1, traddr: "10.99.0.2", trsvcid: 4420 });
    target.link(1, SUBSYSTEM, there);
    const path = "transport=tcp,traddr=10.99.0.2,trsvcid=4420,host_traddr=10.99.0.1,host_iface=here";
    const made = connect(`nqn=${SUBSYSTEM},${path},${IDENTITY}`);
    expect.that(made.ok, `the connect failed with errno ${made.ok ? 0 : made.errno}`);
    const address = controllers()[0]?.address ?? "";
    expect.that(address.includes("host_traddr=10.99.0.1,host_iface=here"), `its address is ${address}`);
  },
};

const bus: Check = {
  name: "a check's own bus answers at its address, and again after a restart",
  guest: "rig",
  async run(lab) {
    const bus = await lab.bus();
    lab.expect.matches("the bus's answer", await greeting(bus.address), /^OK [0-9a-f]{32}\r\n$/);
    await bus.restart();
    lab.expect.matches("its answer after the restart", await greeting(bus.address), /^OK [0-9a-f]{32}\r\n$/);
  },
};

const udev: Check = {
  name: "the udev daemon handles a new controller's events",
  guest: "rig",
  async run(lab) {
    await lab.udev();
    const monitor = lab.service("udevadm monitor", "/bin/udevadm", ["monitor", "--udev", "--kernel"]);
    await monitor.says(/KERNEL - the kernel uevent/, Seconds(20));
    lab.target.subsystem(SUBSYSTEM);
    lab.target.port({ id: 1, traddr: "127.0.0.1", trsvcid: 4420 });
    lab.target.link(1, SUBSYSTEM);
    const made = connect(`nqn=${SUBSYSTEM},transport=tcp,traddr=127.0.0.1,trsvcid=4420,${IDENTITY}`);
    lab.expect.that(made.ok, `the connect failed with errno ${made.ok ? 0 : made.errno}`);
    const seen = await monitor.says(/^UDEV.*add.*\/nvme-fabrics\/ctl\/nvme0 /, Seconds(20));
    lab.expect.that(seen.startsWith("UDEV"), "udev did not forward the controller's add");
  },
};

const guestTime: Check = {
  name: "the guest's clock agrees with the kernel's timers: a connect to an unused address times out after 3 s",
  guest: "rig",
  async run(lab) {
    cable({ name: "here", address: "10.99.0.1/24" }, { name: "there", address: "10.99.0.2/24" }, lab.namespace());
    const began = performance.now();
    const made = connect(`nqn=${SUBSYSTEM},transport=tcp,traddr=10.99.0.77,trsvcid=4420,${IDENTITY}`);
    const seconds = (performance.now() - began) / 1000;
    lab.expect.equal("the result", made, { ok: false, errno: constants.errno.ETIMEDOUT });
    lab.expect.atLeast("seconds until then", seconds, 2.9);
    lab.expect.atMost("seconds until then", seconds, 4);
  },
};

const HOST_PORT = { node: "0x10001100aa000001", port: "0x20001100aa000001" };
const TARGET_PORT = { node: "0x10001100ab000001", port: "0x20001100ab000001" };

const otherTransports: Check = {
  name: "the target is reached over loop and over Fibre Channel without hardware",
  guest: "rig",
  kernels: ["6.12"],
  async run(lab) {
    const { target, expect } = lab;
    target.subsystem(SUBSYSTEM);
    target.port({ id: 1, trtype: "loop" });
    target.port({ id: 2, trtype: "fc", traddr: fcAddress(TARGET_PORT) });
    fcLink(HOST_PORT, TARGET_PORT);
    lab.after(() => fcUnlink(HOST_PORT, TARGET_PORT));
    target.link(1, SUBSYSTEM);
    target.link(2, SUBSYSTEM);
    const loop = connect(`nqn=${SUBSYSTEM},transport=loop,${IDENTITY}`);
    expect.that(loop.ok, `the connect over loop failed with errno ${loop.ok ? 0 : loop.errno}`);
    const addresses = `traddr=${fcAddress(TARGET_PORT)},host_traddr=${fcAddress(HOST_PORT)}`;
    const fc = connect(`nqn=${SUBSYSTEM},transport=fc,${addresses},${IDENTITY}`);
    expect.that(fc.ok, `the connect over fc failed with errno ${fc.ok ? 0 : fc.errno}`);
    await waitFor("both controllers to be live", Seconds(10), () =>
      controllers().every(({ state }) => state === "live"),
    );
    expect.equal(
      "the transports",
      controllers().map(({ transport }) => transport),
      ["loop", "fc"],
    );
  },
};

/** A bus's first answer to a client that identifies itself as root (user 0, as the hex digits 30). */
function greeting(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = createConnection(address.replace("unix:path=", ""));
    client.on("connect", () => client.write("\0AUTH EXTERNAL 30\r\n"));
    client.on("data", (answer: Buffer) => {
      client.destroy();
      resolve(answer.toString("latin1"));
    });
    client.on("error", reject);
  });
}

function blockDevice(): string | undefined {
  const name = readdirSync("/sys/class/block").find((one) => /^nvme\d+n\d+$/.test(one));
  return name !== undefined && existsSync(`/dev/${name}`) ? `/dev/${name}` : undefined;
}

function keep(device: string, bytes: Buffer): void {
  const open = openSync(device, "r+");
  writeSync(open, bytes, 0, bytes.length, 0);
  fsyncSync(open);
  closeSync(open);
}

function stored(device: string, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const open = openSync(device, "r");
  readSync(open, bytes, 0, length, 0);
  closeSync(open);
  return bytes;
}

export const bootChecks: readonly Check[] = [
  optionsOf,
  discovery,
  input,
  otherNetwork,
  guestTime,
  otherTransports,
  bus,
  udev,
];

/** The central discovery controller of test/lab/cdc, tested by a real kernel. Other checks rely on it. */
import { Seconds } from "../../../src/core/domain/units.js";
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import { Cdc, type CdcControl, type Options, itself, referral, subsystem } from "../cdc/cdc.js";
import { startCdcProcess } from "../cdc/process.js";
import type { Check } from "../check.js";
import { HOST_ID, HOST_NQN } from "../guest/daemon.js";
import { attribute, command, connect, connectMeanwhile, controllers } from "../guest/fabrics.js";
import type { Lab } from "../guest/lab.js";
import { cable } from "../guest/network.js";
import { pass, waitFor } from "../guest/wait.js";
import { type KernelHost, kernelHost } from "./steps/kernel-host.js";

const UNIQUE = "nqn.2024-01.io.stas.lab:cdc";
const IDENTITY = `hostnqn=${HOST_NQN},hostid=${HOST_ID}`;
const VOLUME = subsystem("nqn.2024-01.io.stas.lab:volume", "127.0.0.1", 4420);
const AEN = "change nvme0 NVME_AEN=0x70f002";

/** Starts a CDC in this process. It cannot answer while the check blocks. */
async function start(lab: Lab, options: Options = {}): Promise<Cdc> {
  const cdc = await Cdc.start(options);
  lab.after(() => cdc.close());
  return cdc;
}

function optionsFor(cdc: CdcControl, more = ""): string {
  const { address, port } = cdc.ports[0] ?? { address: "", port: 0 };
  const nqn = more.includes("nqn=nqn") ? "" : `nqn=${WELL_KNOWN_DISCOVERY_NQN},`;
  return `${nqn}transport=tcp,traddr=${address},trsvcid=${port},${IDENTITY}${more === "" ? "" : `,${more}`}`;
}

/** Connects, and returns the controller's name. */
async function connected(lab: Lab, cdc: CdcControl, more = ""): Promise<string> {
  const made = await connectMeanwhile(optionsFor(cdc, more));
  lab.expect.that(made.ok, `the connect failed with errno ${made.ok ? 0 : made.errno}`);
  if (!made.ok) throw new Error("not connected");
  return made.name;
}

function announced(host: KernelHost, from: number, line: string): Promise<boolean> {
  return waitFor(line, Seconds(5), () => host.announced.slice(from).includes(line));
}

const kinds: Check = {
  name: "the kernel connects to a CDC, a DDC and a controller that is neither, and shows which is which",
  guest: "cdc",
  async run(lab) {
    const { expect } = lab;
    for (const [kind, dctype] of [
      ["cdc", "cdc"],
      ["ddc", "ddc"],
      ["none", "none"],
    ] as const) {
      const cdc = await start(lab, { kind });
      const name = await connected(lab, cdc, "keep_alive_tmo=30");
      expect.equal(`state of a ${kind}`, attribute(name, "state"), "live");
      expect.equal(`dctype of a ${kind}`, attribute(name, "dctype"), dctype);
      expect.equal(`cntrltype of a ${kind}`, attribute(name, "cntrltype"), "discovery");
      expect.equal(`NQN of a ${kind}`, attribute(name, "subsysnqn"), WELL_KNOWN_DISCOVERY_NQN);
      expect.equal(`kato of a ${kind}`, attribute(name, "kato"), "30");
      const [seen] = (await cdc.seen()).associations;
      expect.equal("the host it sees", [seen?.hostnqn, seen?.hostid], [HOST_NQN, HOST_ID.replaceAll("-", "")]);
      expect.equal("the state it sees", [seen?.state, seen?.eventRequests, seen?.kato], ["ready", 1, 30_000]);
      expect.equal("the answer to its delete", await command(name, "delete_controller"), 0);
      await waitFor("the disconnect", Seconds(5), async () => (await cdc.seen()).associations[0]?.state === "gone");
    }
  },
};

const unique: Check = {
  name: "a unique discovery NQN is shown whichever NQN the connect names",
  guest: "cdc",
  async run(lab) {
    const { expect } = lab;
    const cdc = await start(lab, { nqn: UNIQUE });
    for (const more of ["", `nqn=${UNIQUE},discovery`]) {
      const name = await connected(lab, cdc, more);
      expect.equal(`the NQN after a connect with [${more}]`, attribute(name, "subsysnqn"), UNIQUE);
      expect.equal("its state", attribute(name, "state"), "live");
      expect.equal("the answer to its delete", await command(name, "delete_controller"), 0);
    }
  },
};

const pages: Check = {
  name: "log pages are read through the kernel: whole, in parts, supported, extended, rejected, with a thousand entries",
  guest: "cdc",
  async run(lab) {
    const { expect } = lab;
    const host = kernelHost(lab);
    const cdc = await start(lab, { kind: "cdc", features: ["extdlpes", "pleos"], entries: [VOLUME], genctr: 5 });
    const port = cdc.ports[0];
    expect.that(port !== undefined, "the CDC does not listen");
    if (port === undefined) return;
    await cdc.change({ do: "entries", entries: [itself(port), { ...VOLUME, eflags: 4 }, referral("127.0.0.1", 8010)] });
    const name = await connected(lab, cdc);
    const whole = (await host.logPage(name, 0x70, 4096)).bytes;
    expect.equal("genctr, numrec", [whole.readBigUInt64LE(0), whole.readBigUInt64LE(8)], [6n, 3n]);
    expect.equal(
      "subtypes",
      [1024, 2048, 3072].map((at) => whole[at + 2]),
      [3, 2, 1],
    );
    expect.equal("NCC", whole.readUInt16LE(2048 + 10), 4);
    const part = (await host.logPage(name, 0x70, 1024, { offset: 2048 })).bytes;
    expect.that(part.equals(whole.subarray(2048, 3072)), "a part of the page differs from the whole");
    const supported = (await host.logPage(name, 0x00, 1024)).bytes;
    expect.equal("the supported log pages", supported.readUInt32LE(0x70 * 4), 0x0003_0001);
    const extended = (await host.logPage(name, 0x70, 1024 + 3 * 1032, { lsp: 1 })).bytes;
    expect.equal("flags and length", [extended[18], extended.readUInt32LE(20)], [1, 1024 + 3 * 1032]);
    expect.equal("an unknown page", (await host.logPage(name, 0x71, 1024)).status, 0x4109);
    const deed = { kind: "reject", status: 0x6002 } as const;
    await cdc.change({ do: "rule", rule: { when: { lid: 0x00 }, deed, times: 1 } });
    expect.equal("a rejected page", (await host.logPage(name, 0x00, 1024)).status, 0x6002);
    const many = Array.from({ length: 1000 }, (_, index) =>
      subsystem(`nqn.2024-01.io.stas.lab:v${index}`, "::1", 4420),
    );
    await cdc.change({ do: "entries", entries: many });
    const bytes = (await host.logPage(name, 0x70, 256 * 1024, { offset: 1024 + 744 * 1024 })).bytes;
    expect.equal(
      "the last of a thousand",
      bytes.toString("latin1", 255 * 1024 + 256, 255 * 1024 + 284),
      "nqn.2024-01.io.stas.lab:v999",
    );
    const { commands } = await cdc.seen();
    const logs = commands.flatMap(({ log }) => log ?? []);
    expect.equal("the first read, as the CDC saw it", logs[0], {
      lid: 0x70,
      lsp: 0,
      rae: false,
      offset: 0,
      length: 4096,
    });
    lab.payload("cdc-commands", commands);
  },
};

const events: Check = {
  name: "an event arrives as a uevent, and the next one only after the page is read with RAE=0",
  guest: "cdc",
  async run(lab) {
    const { expect } = lab;
    const host = kernelHost(lab);
    const cdc = await start(lab);
    const name = await connected(lab, cdc);
    const count = (): number => host.announced.filter((line) => line === AEN).length;
    await waitFor(
      "the kernel to ask for events",
      Seconds(5),
      async () => (await cdc.seen()).associations[0]?.eventRequests === 1,
    );
    await cdc.change({ do: "entries", entries: [VOLUME] });
    await waitFor("the event", Seconds(5), () => count() === 1);
    await waitFor("the next request", Seconds(5), async () => (await cdc.seen()).associations[0]?.eventRequests === 1);
    await host.logPage(name, 0x70, 1024, { rae: "retain" });
    await cdc.change({ do: "aen" });
    await pass(Seconds(1), "a masked event is not sent");
    expect.equal("events while masked", count(), 1);
    await host.logPage(name, 0x70, 1024, { rae: "clear" });
    await cdc.change({ do: "aen" });
    await waitFor("the second event", Seconds(5), () => count() === 2);
    await cdc.change({ do: "aen", mask: "forced" });
    await waitFor("a forced event", Seconds(5), () => count() === 3);
    expect.equal("events in total", count(), 3);
  },
};

const registrations: Check = {
  name: "a registration (DIM) through the kernel is stored unchanged, even if larger than a capsule, or rejected",
  guest: "cdc",
  async run(lab) {
    const { expect } = lab;
    const host = kernelHost(lab);
    const cdc = await start(lab, { kind: "cdc" });
    const name = await connected(lab, cdc);
    const small = registration(20);
    expect.equal("the answer", (await host.register(name, 0, small)).status, 0);
    // The kernel sends up to 8 KiB in the capsule, and more on request.
    const large = registration(12_000);
    expect.equal("the answer to a large one", (await host.register(name, 0, large)).status, 0);
    const broken = Buffer.from(small);
    broken.writeUInt32LE(1, 0);
    expect.equal("the answer to an invalid one", (await host.register(name, 0, broken)).status, 0x4002);
    await cdc.change({
      do: "rule",
      rule: { when: { opcode: 0x21 }, deed: { kind: "reject", status: 0x6001 }, times: 1 },
    });
    expect.equal("the answer to a rejected one", (await host.register(name, 0, small)).status, 0x6001);
    const seen = await cdc.seen();
    expect.equal(
      "their data",
      seen.registrations.map(({ data }) => data.length / 2),
      [small.length, large.length, small.length],
    );
    expect.that(seen.registrations[1]?.data === large.toString("hex"), "the bytes of the large registration differ");
    expect.equal("the registered host", Object.keys(seen.registered), [HOST_NQN]);
    expect.equal("its deregistration", (await host.register(name, 1, small)).status, 0);
    expect.equal("the registered hosts", (await cdc.seen()).registered, {});
  },
};

/** One host entry with its host identifier, and a vendor specific attribute for the remaining bytes. */
function registration(attributeBytes: number): Buffer {
  const more = attributeBytes - 20;
  const data = Buffer.alloc(1024 + 1032 + attributeBytes);
  data.writeUInt32LE(data.length, 0);
  data.writeBigUInt64LE(1n, 8);
  data.writeUInt16LE(2, 16);
  data.writeUInt16LE(1, 18);
  data.writeUInt16LE(0x5f, 22);
  data.write(HOST_NQN, 24);
  data.set([3, 1], 1024);
  data.write(HOST_NQN, 1024 + 256);
  data.writeUInt32LE(1032 + attributeBytes, 2048);
  data.writeUInt16LE(more > 0 ? 2 : 1, 2052);
  data.writeUInt16LE(1, 2056);
  data.writeUInt16LE(16, 2058);
  data.write(HOST_ID.replaceAll("-", ""), 2060, "hex");
  if (more > 0) {
    data.writeUInt16LE(0xff00, 2076);
    data.writeUInt16LE(more - 4, 2078);
    data.fill(0x5a, 2080);
  }
  return data;
}

const keepAlive: Check = {
  name: "keep alive maintains the connection; if the CDC drops the host on keep alive expiry, or hangs, the kernel reconnects",
  guest: "cdc",
  limit: Seconds(120),
  async run(lab) {
    const { expect } = lab;
    const host = kernelHost(lab);
    const cdc = await start(lab);
    const name = await connected(lab, cdc, "keep_alive_tmo=2,reconnect_delay=1");
    await pass(Seconds(7), "more than three times the keep alive timeout of 2 s");
    expect.equal("its state", attribute(name, "state"), "live");
    const [held] = (await cdc.seen()).associations;
    expect.equal("what the CDC sees", [held?.state, held?.kato], ["ready", 2000]);
    expect.atLeast("keep alive commands", held?.keepAlives ?? 0, 3);
    expect.equal("connections", (await cdc.seen()).accepted, 1);
    const never = { when: { opcode: 0x18 }, deed: { kind: "never" }, times: 1 } as const;
    const took: Record<string, number> = {};
    for (const change of [{ do: "rule", rule: never }, { do: "stall" }] as const) {
      const from = host.announced.length;
      const { accepted } = await cdc.seen();
      const began = performance.now();
      await cdc.change(change);
      await waitFor("the connection to be lost", Seconds(40), () => attribute(name, "state") !== "live");
      took[change.do] = Math.round((performance.now() - began) / 100) / 10;
      await cdc.change({ do: "resume" });
      await waitFor("another connection", Seconds(20), async () => (await cdc.seen()).accepted > accepted);
      await waitFor("it to be live", Seconds(20), () => attribute(name, "state") === "live");
      await announced(host, from, `change ${name} NVME_EVENT=connected`);
    }
    const reasons = (await cdc.seen()).associations.map(({ reason }) => reason);
    lab.note(`lost after ${JSON.stringify(took)} s: ${reasons.join("; ")}`);
    lab.payload("cdc-keep-alive", { keepAlives: held?.keepAlives, leftAfterSeconds: took, reasons });
    expect.equal("the first reason", reasons[0], "the keep alive timer expired");
    expect.matches("the second reason", reasons[1] ?? "", /^the host closed the connection$|^the connection broke$/);
    expect.atMost("seconds until the kernel left the hanging CDC", took["stall"] ?? Infinity, 10);
  },
};

const drops: Check = {
  name: "after a dropped connection the kernel reconnects, with the uevents rediscover, then connected",
  guest: "cdc",
  async run(lab) {
    const { expect } = lab;
    const host = kernelHost(lab);
    const cdc = await start(lab);
    const name = await connected(lab, cdc, "reconnect_delay=1");
    for (const how of ["reset", "close", "terminate"] as const) {
      const from = host.announced.length;
      const { accepted } = await cdc.seen();
      const began = performance.now();
      await cdc.change({ do: "drop", how });
      await waitFor("another connection", Seconds(20), async () => (await cdc.seen()).accepted > accepted);
      await waitFor("it to be live", Seconds(20), () => attribute(name, "state") === "live");
      await announced(host, from, `change ${name} NVME_EVENT=connected`);
      const lines = host.announced.slice(from);
      lab.note(`${how}: live again after ${Math.round(performance.now() - began)} ms: ${lines.join("; ")}`);
      expect.equal(`after a ${how}`, lines, [
        `change ${name} NVME_EVENT=rediscover`,
        `change ${name} NVME_EVENT=connected`,
      ]);
    }
    await cdc.change({ do: "unlisten" });
    await cdc.change({ do: "drop" });
    await waitFor("it to be connecting", Seconds(10), () => attribute(name, "state") === "connecting");
    await cdc.change({ do: "listen" });
    await waitFor("it to be live again", Seconds(20), () => attribute(name, "state") === "live");
    expect.equal("the answer to a reset", await command(name, "reset_controller"), 0);
    expect.equal("controllers", controllers().length, 1);
  },
};

/** Linux errnos. */
const EIO = 5;
const EAGAIN = 11;
const EINVAL = 22;
const ECONNRESET = 104;
const ECONNREFUSED = 111;

const refusals: Check = {
  name: "a CDC that refuses, is silent, closes, sends garbage or does not listen causes the kernel's usual errno",
  guest: "cdc",
  limit: Seconds(180),
  async run(lab) {
    const { expect } = lab;
    const cdc = await start(lab);
    const errno = async (more = ""): Promise<number> => {
      const made = await connectMeanwhile(optionsFor(cdc, more));
      return made.ok ? 0 : made.errno;
    };
    await cdc.change({ do: "hosts", allowed: [] });
    expect.equal("a host that is not allowed", await errno(), EIO);
    await cdc.change({ do: "hosts", allowed: "any" });
    expect.equal("an unknown subsystem", await errno("nqn=nqn.2024-01.io.stas.lab:other,discovery"), EIO);
    await cdc.change({ do: "manner", manner: "closing" });
    expect.equal("a CDC that closes", await errno(), ECONNRESET);
    await cdc.change({ do: "manner", manner: "garbage" });
    expect.equal("garbage", await errno(), EINVAL);
    await cdc.change({ do: "manner", manner: "silent" });
    const began = performance.now();
    expect.equal("silence", await errno(), EAGAIN);
    lab.note(`silence took ${Math.round(performance.now() - began)} ms`);
    await cdc.change({ do: "manner", manner: "normal" });
    await cdc.change({ do: "unlisten" });
    expect.equal("no listener", await errno(), ECONNREFUSED);
    await cdc.change({ do: "listen" });
    expect.equal("listening again", await errno(), 0);
  },
};

const unanswered: Check = {
  name: "a Connect without an answer, or whose connection is reset, fails with EIO after a minute",
  guest: "cdc",
  limit: Seconds(180),
  async run(lab) {
    const { expect } = lab;
    const took: Record<string, number> = {};
    for (const kind of ["never", "drop"] as const) {
      const cdc = await start(lab);
      await cdc.change({ do: "rule", rule: { when: { opcode: 0x7f, fctype: 1 }, deed: { kind } } });
      const began = performance.now();
      const made = await connectMeanwhile(optionsFor(cdc));
      took[kind] = Math.round(performance.now() - began);
      expect.equal(`the errno after ${kind}`, made.ok ? 0 : made.errno, EIO);
      expect.atLeast(`milliseconds until then`, took[kind], 59_000);
      expect.atMost(`milliseconds until then`, took[kind], 65_000);
    }
    lab.note(`milliseconds: ${JSON.stringify(took)}`);
    lab.payload("cdc-unanswered", took);
  },
};

const elsewhere: Check = {
  name: "a CDC in a separate process and network answers a check that blocks, at an address there",
  guest: "cdc",
  async run(lab) {
    const { expect } = lab;
    const there = lab.namespace();
    cable({ name: "here", address: "10.99.0.1/24" }, { name: "there", address: "10.99.0.2/24" }, there);
    const cdc = await startCdcProcess({ kind: "ddc", listen: [{ address: "10.99.0.2", port: 8009 }] }, [
      "nsenter",
      "-t",
      String(there.pid),
      "-n",
    ]);
    lab.after(() => cdc.close());
    const made = connect(optionsFor(cdc, "host_traddr=10.99.0.1,host_iface=here"));
    expect.that(made.ok, `the connect failed with errno ${made.ok ? 0 : made.errno}`);
    if (!made.ok) return;
    expect.equal("its type", attribute(made.name, "dctype"), "ddc");
    const [seen] = (await cdc.seen()).associations;
    expect.matches("the host's address", seen?.peer ?? "", /^10\.99\.0\.1:/);
    await cdc.change({ do: "entries", entries: [VOLUME] });
    expect.equal("its state", attribute(made.name, "state"), "live");
  },
};

export const cdcChecks: readonly Check[] = [
  kinds,
  unique,
  pages,
  events,
  registrations,
  keepAlive,
  drops,
  refusals,
  unanswered,
  elsewhere,
];

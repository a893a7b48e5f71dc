import { describe, expect, it } from "vitest";
import { createHeapClock } from "../../../src/adapters/sim/heap-clock.js";
import type { WorldObservation } from "../../../src/adapters/sim/observation.js";
import { RESOLVER_TIMEOUT } from "../../../src/adapters/sim/resolver.js";
import type { MdnsFault, NameAnswer, ResponderSpec } from "../../../src/adapters/sim/spec.js";
import { UnitJobs } from "../../../src/adapters/sim/system.js";
import { encodeDnsQuery } from "../../../src/core/codec/dns-query.js";
import { ERRNO } from "../../../src/core/domain/errno.js";
import type { MdnsDatagramEvent } from "../../../src/core/ports/mdns.js";
import { DC_ADDRESS, makeSpec, ms, request, TestBed } from "./world-kit.js";

const UNIT = "nvmf-connect@x.service";

describe("unit jobs", () => {
  it("take time: a start during a start is lost, a restart is not", () => {
    const clock = createHeapClock();
    const seen: string[] = [];
    const units = new UnitJobs(clock, (one: WorldObservation) => {
      if (one.kind === "unit-job") seen.push(`${String(clock.now())} ${one.job} ${one.fate}`);
    });
    units.apply({ kind: "unit", name: UNIT, takes: ms(3000) });
    units.start(UNIT);
    clock.after(ms(1000), () => {
      units.start(UNIT);
      units.restart(UNIT);
      units.restart(UNIT);
    });
    clock.after(ms(7000), () => {
      units.start(UNIT);
    });
    while (clock.nextAt() !== undefined) clock.step();
    expect(seen).toEqual([
      "0 start run",
      "1000 start lost",
      "1000 restart queued",
      "1000 restart queued",
      "3000 restart run",
      "7000 start run",
    ]);
  });

  it("are requested by the daemon, and take as long as a step says", () => {
    const bed = new TestBed(makeSpec()).start();
    bed.world.apply({ kind: "unit", name: UNIT, takes: ms(500) });
    const { system } = bed.portsOf("stas");
    system.restartUnit(UNIT);
    system.restartUnit(UNIT);
    bed.run(499);
    expect(bed.observations("unit-job").map(({ fate }) => fate)).toEqual(["run", "queued"]);
    bed.run(1);
    expect(bed.observations("unit-job").map(({ fate }) => fate)).toEqual(["run", "queued", "run"]);
  });
});

describe("the simulated network port", () => {
  const resolved = (answer: NameAnswer, times = 1): readonly unknown[] => {
    const bed = new TestBed(makeSpec({ network: { names: { array: answer } } })).start();
    for (let i = 0; i < times; i++) bed.portsOf("stas").network.resolve(request(i), "array");
    bed.run(RESOLVER_TIMEOUT);
    return bed.given.flatMap(({ at, event }) => (event.kind === "resolved" ? [{ at, ...event.result }] : []));
  };

  it("resolves a name after its delay, and rotates the addresses if the server does", () => {
    const addresses = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
    expect(resolved({ kind: "addresses", addresses, rotate: false, after: ms(7) }, 2)).toEqual([
      { at: 7, ok: true, addresses },
      { at: 7, ok: true, addresses },
    ]);
    const rotated = resolved({ kind: "addresses", addresses, rotate: true, after: ms(7) }, 4);
    expect(rotated).toEqual([
      { at: 7, ok: true, addresses },
      { at: 7, ok: true, addresses: ["10.0.0.2", "10.0.0.3", "10.0.0.1"] },
      { at: 7, ok: true, addresses: ["10.0.0.3", "10.0.0.1", "10.0.0.2"] },
      { at: 7, ok: true, addresses },
    ]);
  });

  it("distinguishes a failed server, a silent server and an unknown name", () => {
    expect(resolved({ kind: "fails", after: ms(30) })).toEqual([{ at: 30, ok: false, errno: ERRNO.EAGAIN }]);
    expect(resolved({ kind: "silent" })).toEqual([{ at: RESOLVER_TIMEOUT, ok: false, errno: ERRNO.ETIMEDOUT }]);
    const bed = new TestBed(makeSpec()).start();
    bed.portsOf("stas").network.resolve(request(1), "nobody");
    bed.world.apply({ kind: "name", name: "nobody", answer: { kind: "silent" } });
    bed.run(10);
    expect(bed.events("resolved")[0]?.result).toEqual({ ok: false, errno: ERRNO.ENOENT });
  });

  it("probes an address, and reports the result", () => {
    const bed = new TestBed(makeSpec()).start();
    const { network } = bed.portsOf("stas");
    const target = { traddr: DC_ADDRESS, trsvcid: "8009", hostTraddr: "", hostIface: "", timeout: ms(2000) };
    network.probe(request(1), { ...target, depth: "nvme-tcp" });
    bed.run(100);
    bed.world.apply({ kind: "listener", id: "dc1", state: "silent" });
    network.probe(request(2), { ...target, depth: "nvme-tcp" });
    network.probe(request(3), { ...target, depth: "tcp" });
    bed.run(1999);
    expect(bed.events("probed").map(({ request: id, result }) => [id, result])).toEqual([
      [1, { ok: true }],
      [3, { ok: true }],
    ]);
    bed.run(1);
    expect(bed.events("probed").at(-1)?.result).toEqual({ ok: false, errno: ERRNO.ETIMEDOUT });
  });

  it("reports changes of interfaces and links that go down, but not of silent links and routes", () => {
    const bed = new TestBed(makeSpec()).start();
    bed.run(10);
    const changes = (): number => bed.events("network-changed").length;
    bed.world.apply({ kind: "link", hostIface: "eth0", state: "silent" });
    bed.world.apply({ kind: "route", to: "10.0.0.0/8", hostIface: "eth0", state: "up" });
    expect(changes()).toBe(0);
    bed.world.apply({ kind: "link", hostIface: "eth0", state: "down" });
    bed.world.apply({ kind: "interface", name: "eth1", mac: "02:00:00:00:00:02", addresses: ["10.1.0.1/24"] });
    expect(changes()).toBe(2);
    expect(bed.portsOf("stas").network.interfaces()).toContainEqual({
      name: "eth1",
      mac: "02:00:00:00:00:02",
      addresses: ["10.1.0.1"],
    });
    bed.world.apply({ kind: "remove-interface", name: "eth1" });
    expect(changes()).toBe(3);
    expect(bed.portsOf("stas").network.interfaces()).toHaveLength(1);
  });
});

const RESPONDER: ResponderSpec = {
  id: "cdc",
  hostIface: "eth0",
  instance: "array 1",
  type: "_nvme-disc._tcp",
  hostName: "array1",
  addresses: ["192.168.1.50", "fd00::50"],
  port: 8009,
  txt: ["p=tcp", "nqn=nqn.x"],
  ttl: ms(75 * 60_000),
  hosts: 1,
  additional: true,
  announced: true,
};

/** A world with one responder and a daemon that browses for it. */
function browsing(avahi: "up" | "down" = "up"): TestBed {
  const bed = new TestBed(makeSpec({ network: { responders: [RESPONDER], avahi } }), (event, ports) => {
    if (event.kind === "control") ports.dnssd.browse(["_nvme-disc._tcp"]);
  });
  return bed.start().run(10);
}

const services = (bed: TestBed): readonly string[] =>
  bed.given.flatMap(({ event }) => {
    if (event.kind === "dnssd-found") return [`found ${event.service.address}`];
    if (event.kind === "dnssd-lost") return [`lost ${event.family}`];
    return event.kind === "dnssd-daemon" ? [`daemon ${event.up ? "up" : "down"}`] : [];
  });

const BOTH_FOUND = ["found 192.168.1.50", "found fd00::50"];
const BOTH_LOST = ["lost ipv4", "lost ipv6"];

describe("the simulated Avahi", () => {
  it("finds announced services, by interface and family", () => {
    const bed = browsing();
    expect(services(bed)).toEqual(["daemon up", ...BOTH_FOUND]);
    const { instance, type, hostIface, port, txt } = RESPONDER;
    const service = { instance, type, hostIface, family: "ipv6", address: "fd00::50", port, txt };
    expect(bed.events("dnssd-found")[1]).toEqual({ kind: "dnssd-found", service });
  });

  it("loses a service one second after its goodbye, unless it is announced again", () => {
    const bed = browsing();
    bed.given.length = 0;
    bed.world.apply({ kind: "goodbye", responder: "cdc" });
    bed.run(500);
    bed.world.apply({ kind: "announce", responder: RESPONDER });
    bed.run(5000);
    expect(services(bed)).toEqual([]);
    bed.world.apply({ kind: "goodbye", responder: "cdc" });
    bed.run(999);
    expect(services(bed)).toEqual([]);
    bed.run(5);
    expect(services(bed)).toEqual(BOTH_LOST);
  });

  it("loses a service at once if its link goes down, and after its TTL if it falls silent", () => {
    const down = browsing();
    down.given.length = 0;
    down.world.apply({ kind: "link", hostIface: "eth0", state: "down" });
    down.run(5);
    down.world.apply({ kind: "link", hostIface: "eth0", state: "up" });
    down.run(5);
    expect(services(down)).toEqual([...BOTH_LOST, ...BOTH_FOUND]);
    const silent = browsing();
    silent.run(3 * RESPONDER.ttl);
    silent.given.length = 0;
    silent.world.apply({ kind: "link", hostIface: "eth0", state: "silent" });
    silent.world.apply({ kind: "goodbye", responder: "cdc" });
    silent.run(1000);
    expect(services(silent)).toEqual([]);
    silent.run(RESPONDER.ttl);
    expect(services(silent)).toEqual(BOTH_LOST);
  });

  it("loses nothing while it is down, and comes back with an empty cache", () => {
    const bed = browsing();
    bed.given.length = 0;
    bed.world.apply({ kind: "avahi", state: "down" });
    bed.world.apply({ kind: "goodbye", responder: "cdc" });
    bed.run(5000);
    bed.world.apply({ kind: "avahi", state: "up" });
    bed.run(5000);
    expect(services(bed)).toEqual(["daemon down", "daemon up"]);
    bed.world.apply({ kind: "announce", responder: { ...RESPONDER, addresses: ["192.168.1.51"] } });
    bed.run(5000);
    expect(services(bed).slice(2)).toEqual(["found 192.168.1.51"]);
    expect(services(browsing("down"))).toEqual(["daemon down"]);
  });

  it("finds a service again if its port changes, and loses an address that is gone", () => {
    const bed = browsing();
    bed.given.length = 0;
    bed.world.apply({ kind: "announce", responder: { ...RESPONDER, addresses: ["192.168.1.50"], port: 4420 } });
    bed.run(10);
    expect(services(bed)).toEqual(["lost ipv6", "found 192.168.1.50"]);
    expect(bed.events("dnssd-found")[0]?.service.port).toBe(4420);
  });
});

/** A query for the PTR records of a type. */
function query(type: string, qtype = 12): Uint8Array {
  const labels = [...type.split("."), "local"].map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  return Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...Buffer.concat(labels), 0, 0, qtype, 0, 1]);
}

const BOTH_FAMILIES = {
  interfaces: [{ name: "eth0", mac: "02:00:00:00:00:01", addresses: ["192.168.1.10/24", "fd00::10/64"] }],
};
const HOST_ADDRESSES = new Set(["192.168.1.10", "fd00::10"]);

/** The datagrams that others than the host itself sent. */
function answers(bed: TestBed): readonly MdnsDatagramEvent[] {
  return bed.events("mdns-datagram").filter(({ from }) => !HOST_ADDRESSES.has(from));
}

describe("simulated mDNS responders", () => {
  it("answer a query on their link, to the querier", () => {
    const bed = new TestBed(makeSpec({ network: { responders: [RESPONDER] } })).start().run(5);
    const { mdns } = bed.portsOf("stas");
    mdns.send("eth0", "ipv4", query("_nvme-disc._udp"));
    mdns.send("eth0", "ipv4", query("_nvme-disc._tcp", 1));
    mdns.send("eth1", "ipv4", query("_nvme-disc._tcp"));
    mdns.send("eth0", "ipv4", Buffer.from([1, 2, 3]));
    bed.run(1000);
    expect(answers(bed)).toEqual([]);
    mdns.send("eth0", "ipv4", query("_NVME-disc._tcp"));
    bed.run(1000);
    const [answer] = answers(bed);
    expect(answer).toMatchObject({ hostIface: "eth0", from: "192.168.1.50" });
    // Header: an authoritative response with five answers: PTR, SRV, TXT, A and AAAA.
    expect([...(answer?.datagram.subarray(0, 12) ?? [])]).toEqual([0, 0, 0x84, 0, 0, 0, 0, 5, 0, 0, 0, 0]);
    const text = Buffer.from(answer?.datagram ?? []).toString("latin1");
    for (const part of ["array 1", "array1", "p=tcp", "nqn=nqn.x", "\xc0\xa8\x01\x32"]) expect(text).toContain(part);
  });

  it("announce themselves and say goodbye to listeners, while the link passes datagrams", () => {
    const bed = new TestBed(makeSpec()).start().run(5);
    bed.world.apply({ kind: "announce", responder: RESPONDER });
    bed.run(100);
    expect(answers(bed)).toEqual([]);
    bed.portsOf("stas").mdns.send("eth0", "ipv4", query("_x._tcp"));
    bed.world.apply({ kind: "announce", responder: RESPONDER });
    bed.world.apply({ kind: "goodbye", responder: "cdc" });
    bed.run(100);
    expect(answers(bed)).toHaveLength(2);
    bed.world.apply({ kind: "link", hostIface: "eth0", state: "silent" });
    bed.world.apply({ kind: "announce", responder: RESPONDER });
    bed.run(100);
    expect(answers(bed)).toHaveLength(2);
  });

  it("are not kept busy by a name that points to itself", () => {
    const bed = new TestBed(makeSpec({ network: { responders: [RESPONDER] } })).start().run(5);
    const { mdns } = bed.portsOf("stas");
    mdns.send("eth0", "ipv4", Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 12, 0, 1]));
    mdns.send("eth0", "ipv4", Buffer.from([0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0]));
    bed.run(1000);
    expect(answers(bed)).toEqual([]);
  });

  it("leave out known answers, even if a second datagram lists them", () => {
    const bed = new TestBed(makeSpec({ network: { responders: [RESPONDER] } })).start().run(5);
    const { mdns } = bed.portsOf("stas");
    const name = ["_nvme-disc", "_tcp", "local"];
    const ask = (ttl: number): void => {
      const known = { name, target: ["array 1", ...name], ttl };
      for (const datagram of encodeDnsQuery([{ name, type: "ptr" }], [known])) mdns.send("eth0", "ipv4", datagram);
      bed.run(1000);
    };
    ask(75 * 30);
    expect(answers(bed)).toEqual([]);
    ask(75 * 30 - 1);
    expect(answers(bed)).toHaveLength(1);
    const many = Array.from({ length: 80 }, (_, at) => ({ name, target: [`other ${String(at)}`, ...name], ttl: 4500 }));
    const continued = encodeDnsQuery(
      [{ name, type: "ptr" }],
      [...many, { name, target: ["array 1", ...name], ttl: 4500 }],
    );
    expect(continued.length).toBeGreaterThan(1);
    for (const datagram of continued) mdns.send("eth0", "ipv4", datagram);
    bed.run(1000);
    expect(answers(bed)).toHaveLength(1);
  });

  it("use the families that they have addresses of, and reach listeners that did not leave", () => {
    const bed = new TestBed(makeSpec({ host: BOTH_FAMILIES, network: { responders: [RESPONDER] } })).start().run(5);
    const { mdns } = bed.portsOf("stas");
    mdns.send("eth0", "ipv6", query("_nvme-disc._tcp"));
    bed.run(1000);
    expect(answers(bed).map(({ family, from }) => [family, from])).toEqual([["ipv6", "fd00::50"]]);
    mdns.leave("eth0");
    bed.world.apply({ kind: "announce", responder: RESPONDER });
    bed.run(1000);
    expect(answers(bed)).toHaveLength(1);
  });

  it("are lost, doubled or late under a fault", () => {
    const bed = new TestBed(makeSpec()).start().run(5);
    bed.portsOf("stas").mdns.send("eth0", "ipv4", query("_x._tcp"));
    const announce = (fault: MdnsFault, run: number): number => {
      // A responder repeats an announcement after one second.
      bed.run(2000);
      bed.given.length = 0;
      bed.world.apply({ kind: "mdns", fault });
      bed.world.apply({ kind: "announce", responder: { ...RESPONDER, addresses: ["192.168.1.50"] } });
      bed.run(run);
      return answers(bed).length;
    };
    expect(announce({ kind: "lose", count: 1 }, 900)).toBe(0);
    expect(announce({ kind: "double", count: 1 }, 900)).toBe(2);
    expect(announce({ kind: "delay", by: ms(500), count: 1 }, 400)).toBe(0);
    bed.run(200);
    expect(answers(bed)).toHaveLength(1);
    expect(announce({ kind: "pass" }, 10)).toBe(1);
    bed.world.apply({ kind: "datagram", hostIface: "eth0", from: "192.168.1.66", hex: "00ff" });
    bed.run(10);
    expect(answers(bed)[1]).toMatchObject({ from: "192.168.1.66" });
    expect([...(answers(bed)[1]?.datagram ?? [])]).toEqual([0, 255]);
  });
});

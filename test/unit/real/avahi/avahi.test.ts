import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ITEMS_MAX } from "../../../../src/adapters/real/avahi/browsing.js";
import { RealDnssd } from "../../../../src/adapters/real/avahi/port.js";
import { AVAHI, BROWSER, RESOLVER } from "../../../../src/adapters/real/avahi/wire.js";
import type { CoreEvent } from "../../../../src/core/ports/index.js";
import { SERVICE_TYPES } from "../../../../src/core/dnssd/browsed.js";
import { Growing, join, lines, startBus, type Member } from "../bus/kit.js";
import { SIGNAL, type TestBus } from "../bus/test-bus.js";
import { FakeAvahi, foundBody, type FakeItem } from "./fake-avahi.js";

const ONE: FakeItem = { index: 2, protocol: 0, name: "one" };
const SERVICE = {
  instance: "one",
  type: "_nvme-disc._tcp",
  hostIface: "eth0",
  family: "ipv4",
  address: "10.0.0.7",
  port: 8009,
  txt: ["p=tcp"],
};
const FOUND = { kind: "dnssd-found", service: SERVICE };
const { address: _, port: __, txt: ___, ...NAMED } = SERVICE;
const LOST = { kind: "dnssd-lost", ...NAMED };
const UP = { kind: "dnssd-daemon", up: true };
const DOWN = { kind: "dnssd-daemon", up: false };

interface Client {
  readonly dnssd: RealDnssd;
  readonly events: Growing<CoreEvent>;
  readonly member: Member;
}

/** Interfaces as sysfs shows them. */
function interfaces(): string {
  const folder = mkdtempSync(joinPath(tmpdir(), "stas-net-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, index] of Object.entries({ eth0: 2, eth1: 3 })) {
    mkdirSync(joinPath(folder, name));
    writeFileSync(joinPath(folder, name, "ifindex"), `${String(index)}\n`);
  }
  return folder;
}

function client(bus: TestBus): Client {
  const member = join(bus.address, []);
  const events = new Growing<CoreEvent>();
  const avahi = member.bus.foreign(AVAHI);
  const dnssd = new RealDnssd({
    avahi,
    deliver: events.add,
    log: { write: member.log.add },
    sysClassNet: interfaces(),
  });
  return { dnssd, events, member };
}

/** A client that browses, and an Avahi with both of its browsers. */
async function browsing(): Promise<Client & { readonly bus: TestBus; readonly avahi: FakeAvahi }> {
  const bus = await startBus();
  const avahi = new FakeAvahi(bus);
  const one = client(bus);
  one.dnssd.browse(SERVICE_TYPES);
  await bus.until(() => avahi.paths("browser").length === SERVICE_TYPES.length);
  return { ...one, bus, avahi };
}

async function next(events: Growing<CoreEvent>, kind: CoreEvent["kind"]): Promise<CoreEvent> {
  return await events.next((event) => event.kind === kind);
}

async function resolvers(bus: TestBus, avahi: FakeAvahi, count: number): Promise<void> {
  await bus.until(() => avahi.paths("resolver").length === count);
}

describe("a browse", () => {
  it("finds Avahi, and browses both types on every interface by multicast", async () => {
    const { avahi, events } = await browsing();
    expect(events.all).toEqual([UP]);
    const asked = avahi.paths("browser").map((path) => avahi.objects.get(path));
    expect(asked).toEqual(SERVICE_TYPES.map((type) => [-1, -1, type, "local", 2]));
  });

  it("subscribes before it asks for anything", async () => {
    const { bus } = await browsing();
    expect(bus.asked.some((asked) => asked === `AddMatch type='signal',sender='${AVAHI}'`)).toBe(true);
  });

  it("asks the bus to start an absent Avahi, and reports it as down if that fails", async () => {
    const bus = await startBus();
    const { dnssd, events } = client(bus);
    dnssd.browse(SERVICE_TYPES);
    await next(events, "dnssd-daemon");
    expect(events.all).toEqual([DOWN]);
    expect(bus.asked.filter((asked) => asked.startsWith("Start"))).toEqual([`StartServiceByName ${AVAHI}`]);
    dnssd.browse(SERVICE_TYPES);
    await next(events, "dnssd-daemon");
    expect(events.all).toEqual([DOWN, DOWN]);
    new FakeAvahi(bus);
    await next(events, "dnssd-daemon");
    expect(events.all).toEqual([DOWN, DOWN, UP]);
  });

  it("reports down without a bus, and up once there is a bus with Avahi", async () => {
    const bus = await startBus();
    await bus.stop();
    const { dnssd, events } = client(bus);
    dnssd.browse(SERVICE_TYPES);
    await next(events, "dnssd-daemon");
    dnssd.browse(SERVICE_TYPES);
    await next(events, "dnssd-daemon");
    await bus.start();
    new FakeAvahi(bus);
    await next(events, "dnssd-daemon");
    expect(events.all).toEqual([DOWN, DOWN, UP]);
  });

  it("that follows another frees the objects of the first, and reports everything again", async () => {
    const { avahi, bus, dnssd, events } = await browsing();
    avahi.onResolver = () => avahi.found(ONE);
    avahi.comes(ONE);
    await next(events, "dnssd-found");
    const before = new Set(avahi.objects.keys());
    dnssd.browse(SERVICE_TYPES);
    await bus.until(() => avahi.objects.size === 2 && [...avahi.objects.keys()].every((path) => !before.has(path)));
    avahi.comes(ONE);
    await next(events, "dnssd-found");
    expect(events.all).toEqual([UP, FOUND, UP, FOUND]);
    dnssd.browse([]);
    await bus.until(() => avahi.objects.size === 0);
    avahi.comes(ONE);
    avahi.goes(ONE);
    await bus.call({ path: "/", interface: "org.freedesktop.DBus.Peer", member: "Ping", destination: bus.lastJoined });
    expect(events.all).toHaveLength(4);
    expect(avahi.wrong).toEqual([]);
  });

  it("that Avahi refuses is reported as down once, with a log line", async () => {
    const bus = await startBus();
    const avahi = new FakeAvahi(bus);
    avahi.refuses.set("ServiceBrowserNew", `${AVAHI}.TooManyObjectsError`);
    const { dnssd, events, member } = client(bus);
    dnssd.browse(SERVICE_TYPES);
    await next(events, "dnssd-daemon");
    await next(events, "dnssd-daemon");
    await bus.call({ path: "/", interface: "org.freedesktop.DBus.Peer", member: "Ping", destination: bus.lastJoined });
    expect(events.all).toEqual([UP, DOWN]);
    expect(lines(member.log.all)).toEqual([
      `warning Avahi does not browse (${AVAHI}.TooManyObjectsError): the daemon asks again later`,
    ]);
  });
});

describe("a service", () => {
  it("is reported when it is found, when it changes, and when it is lost", async () => {
    const { avahi, bus, events } = await browsing();
    avahi.comes(ONE);
    avahi.comes(ONE);
    await resolvers(bus, avahi, 1);
    expect(avahi.objects.get(avahi.paths("resolver")[0] ?? "")).toEqual([
      2,
      0,
      "one",
      "_nvme-disc._tcp",
      "local",
      0,
      2,
    ]);
    avahi.found(ONE);
    avahi.found(ONE);
    avahi.found(ONE, { address: "10.0.0.8", txt: ["p=tcp", "", Buffer.from([0x6e, 0x3d, 0xff])] });
    avahi.goes(ONE);
    avahi.goes(ONE);
    await next(events, "dnssd-lost");
    await resolvers(bus, avahi, 0);
    const changed = { ...SERVICE, address: "10.0.0.8", txt: ["p=tcp", "n=\ufffd"] };
    expect(events.all).toEqual([UP, FOUND, { kind: "dnssd-found", service: changed }, LOST]);
    expect(avahi.wrong).toEqual([]);
  });

  it("is reported once per interface and family, with the name of the interface", async () => {
    const { avahi, events } = await browsing();
    const items = [ONE, { ...ONE, index: 3 }, { ...ONE, protocol: 1 }];
    for (const item of items) avahi.comes(item);
    // The interface of this item is already gone.
    avahi.comes({ ...ONE, index: 9 });
    avahi.found(ONE);
    avahi.found({ ...ONE, index: 3 });
    avahi.found({ ...ONE, protocol: 1 }, { address: "fe80:0:0::7" });
    avahi.found({ ...ONE, index: 9 });
    avahi.goes(ONE);
    await next(events, "dnssd-lost");
    expect(events.all).toEqual([
      UP,
      FOUND,
      { kind: "dnssd-found", service: { ...SERVICE, hostIface: "eth1" } },
      { kind: "dnssd-found", service: { ...SERVICE, family: "ipv6", address: "fe80::7" } },
      LOST,
    ]);
  });

  it("without an address of the family that announces it resolves to any address, and is lost once no family leads there", async () => {
    const { avahi, bus, events } = await browsing();
    const overIpv6 = { ...ONE, protocol: 1 };
    avahi.onResolver = (path, args) => {
      if (args[5] === 1) avahi.signal(RESOLVER, "Failure", "s", ["Timeout reached"], path);
      else avahi.found(args[1] === 0 ? ONE : overIpv6, { protocol: 0 });
    };
    avahi.comes(overIpv6);
    await next(events, "dnssd-found");
    await resolvers(bus, avahi, 1);
    avahi.comes(ONE);
    await next(events, "dnssd-found");
    avahi.goes(overIpv6);
    avahi.goes(ONE);
    await next(events, "dnssd-lost");
    expect(events.all).toEqual([UP, FOUND, FOUND, LOST]);
    await resolvers(bus, avahi, 0);
  });

  it("is not lost when Avahi goes, alone or with the bus, and is reported again when Avahi comes back", async () => {
    const { avahi, bus, events } = await browsing();
    avahi.comes(ONE);
    avahi.found(ONE);
    await next(events, "dnssd-found");
    const back = async (): Promise<void> => {
      const fresh = new FakeAvahi(bus);
      await bus.until(() => fresh.paths("browser").length === 2);
      fresh.comes(ONE);
      fresh.found(ONE);
      await next(events, "dnssd-found");
    };
    // First the name passes directly to another process, then Avahi leaves before the next comes, then the bus dies.
    await back();
    bus.release(AVAHI);
    await back();
    await bus.stop();
    await bus.start();
    await back();
    const cycle = [DOWN, UP, FOUND];
    expect(events.all).toEqual([UP, FOUND, ...cycle, ...cycle, ...cycle]);
  });

  it("leaves nothing behind in Avahi, a thousand times", async () => {
    const { avahi, bus, events } = await browsing();
    const names = Array.from({ length: 1_000 }, (_, at) => `cdc-${String(at)}`);
    avahi.onResolver = (_, [index, protocol, name]) => {
      const item = { index: Number(index), protocol: Number(protocol), name: String(name) };
      avahi.found(item);
      avahi.goes(item);
    };
    for (const name of names) avahi.comes({ ...ONE, name });
    for (let lost = 0; lost < names.length; lost++) await next(events, "dnssd-lost");
    await resolvers(bus, avahi, 0);
    expect(avahi.paths("browser")).toHaveLength(2);
    expect(avahi.wrong).toEqual([]);
    expect(events.all).toHaveLength(1 + 2 * names.length);
  });

  it("that goes while its resolver is being made leaves no resolver either", async () => {
    const { avahi, bus } = await browsing();
    for (let count = 0; count < 100; count++) {
      avahi.comes(ONE);
      avahi.goes(ONE);
    }
    const asked: unknown[] = [];
    avahi.onResolver = (_, [, , name]) => asked.push(name);
    avahi.comes({ ...ONE, name: "last" });
    await bus.until(() => asked.includes("last"));
    await resolvers(bus, avahi, 1);
    expect(avahi.wrong).toEqual([]);
  });
});

describe("hostile signals", () => {
  const text = "a signal from Avahi cannot be parsed and is dropped; more like it are dropped without a log line";

  it.each<[string, string, string, string, readonly unknown[]]>([
    ["no interface", BROWSER, "ItemNew", "iisssu", [-1, 0, "one", "_nvme-disc._tcp", "local", 4]],
    ["another protocol", BROWSER, "ItemNew", "iisssu", [2, 7, "one", "_nvme-disc._tcp", "local", 4]],
    [
      "a name too long for a label",
      BROWSER,
      "ItemNew",
      "iisssu",
      [2, 0, "\u00fc".repeat(32), "_nvme-disc._tcp", "local", 4],
    ],
    ["no name", BROWSER, "ItemNew", "iisssu", [2, 0, "", "_nvme-disc._tcp", "local", 4]],
    ["another domain", BROWSER, "ItemNew", "iisssu", [2, 0, "one", "_nvme-disc._tcp", "example.com", 4]],
    ["another signature", BROWSER, "ItemNew", "s", ["one"]],
    ["no address", RESOLVER, "Found", "iissssisqaayu", foundBody(ONE, { address: "10.0.0" })],
    ["an address of the other family", RESOLVER, "Found", "iissssisqaayu", foundBody(ONE, { address: "fe80::1" })],
    [
      "a string too long for a TXT record",
      RESOLVER,
      "Found",
      "iissssisqaayu",
      foundBody(ONE, { txt: ["x".repeat(256)] }),
    ],
    [
      "a TXT record too long",
      RESOLVER,
      "Found",
      "iissssisqaayu",
      foundBody(ONE, { txt: Array<string>(40).fill("x".repeat(250)) }),
    ],
  ])("are dropped with one line in the log: %s", async (_, of, member, signature, body) => {
    const { avahi, events, member: joined } = await browsing();
    if (member === "Found") avahi.comes(ONE);
    avahi.signal(of, member, signature, body);
    avahi.signal(of, member, signature, body);
    avahi.comes({ ...ONE, name: "sane" });
    avahi.found({ ...ONE, name: "sane" });
    await next(events, "dnssd-found");
    expect(events.all).toEqual([UP, { kind: "dnssd-found", service: { ...SERVICE, instance: "sane" } }]);
    expect(lines(joined.log.all)).toEqual([`warning ${text}`]);
  });

  it("of other types, of unknown services, and from other senders are ignored", async () => {
    const { avahi, bus, events, member } = await browsing();
    const liar = bus.join(() => undefined);
    bus.send(liar, {
      type: SIGNAL,
      path: "/",
      interface: BROWSER,
      member: "ItemNew",
      signature: "iisssu",
      body: [2, 0, "liar", "_nvme-disc._tcp", "local", 4],
    });
    avahi.comes({ ...ONE, name: "printer", type: "_ipp._tcp" });
    avahi.found({ ...ONE, name: "liar" });
    avahi.signal(RESOLVER, "Failure", "s", ["whatever"], "/resolver/99");
    avahi.signal(BROWSER, "Failure", "s", ["whatever"], "/browser/99");
    avahi.signal(BROWSER, "AllForNow", "", []);
    avahi.comes(ONE);
    avahi.found(ONE);
    await next(events, "dnssd-found");
    expect(events.all).toEqual([UP, FOUND]);
    expect(member.log.all).toEqual([]);
  });

  it("in any number create no more resolvers than Avahi allows a client", async () => {
    const { avahi, bus, member } = await browsing();
    for (let at = 0; at < ITEMS_MAX + 50; at++) avahi.comes({ ...ONE, name: `cdc-${String(at)}` });
    await resolvers(bus, avahi, ITEMS_MAX);
    await bus.call({ path: "/", interface: "org.freedesktop.DBus.Peer", member: "Ping", destination: bus.lastJoined });
    expect(avahi.paths("resolver")).toHaveLength(ITEMS_MAX);
    expect(lines(member.log.all)).toEqual([
      `error Avahi announces more than ${String(ITEMS_MAX)} services: the rest are ignored`,
    ]);
  });

  it("that say a browser failed are reported as down, so that the core browses again", async () => {
    const { avahi, bus, events } = await browsing();
    const [path] = avahi.paths("browser");
    avahi.signal(BROWSER, "Failure", "s", ["whatever"], path);
    await events.next((event) => event.kind === "dnssd-daemon" && !event.up);
    await bus.until(() => avahi.objects.size === 0);
    expect(events.all).toEqual([UP, DOWN]);
  });
});

/** Discovery over mDNS with real avahi-daemons. Both adapters must see the same services. */
import { writeFileSync } from "node:fs";
import { GROUP } from "../../../src/adapters/real/mdns/link-socket.js";
import { DATAGRAMS_PER_SECOND_MAX } from "../../../src/adapters/real/mdns/port.js";
import { Seconds } from "../../../src/core/domain/units.js";
import { Avahi } from "../guest/avahi.js";
import type { Check } from "../check.js";
import type { Lab } from "../guest/lab.js";
import { cable, type NetworkNamespace, removeLink, setLink } from "../guest/network.js";
import { run } from "../guest/run.js";
import { pass, waitFor } from "../guest/wait.js";
import { allSee, ByAvahi, ByQueries } from "./steps/discoverers.js";
import { inSeconds } from "./steps/timing.js";

const LIMIT = Seconds(200);

const HERE = "here";
const HERE_TOO = "here2";

/**
 * Lays a cable to a namespace. The far end has the services' address. Link-local addresses are usable at once, without
 * duplicate address detection.
 */
function wire(lab: Lab, name = HERE): NetworkNamespace {
  const namespace = lab.namespace();
  writeFileSync("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
  cable({ name, address: "10.99.0.1/24" }, { name: "there", address: "10.99.0.2/24" }, namespace);
  return namespace;
}

/** A service as seen through an interface, over both families. */
function seen(name: string, hostIface = HERE, more = "8009 p=tcp", address = "10.99.0.2"): readonly string[] {
  return [`${hostIface} ipv4 ${name} ${address} ${more}`, `${hostIface} ipv6 ${name} link-local ${more}`];
}

interface Scene {
  readonly near: Avahi;
  readonly avahi: ByAvahi;
  readonly queries: ByQueries;
  readonly both: readonly (ByAvahi | ByQueries)[];
}

/** Starts the guest's own Avahi with a client, and queries on the same UDP port. */
async function discover(lab: Lab, interfaces: readonly string[] = [HERE]): Promise<Scene> {
  const near = await Avahi.start(lab, "near");
  const avahi = new ByAvahi(lab, near.bus.address);
  const queries = new ByQueries(lab, interfaces);
  avahi.browse();
  return { near, avahi, queries, both: [avahi, queries] };
}

const same: Check = {
  name: "Avahi and our own queries see the same services appear, change and say goodbye, over IPv4 and IPv6",
  guest: "mdns",
  limit: LIMIT,
  async run(lab) {
    const { expect } = lab;
    const far = await Avahi.start(lab, "far", wire(lab));
    const { avahi, both, queries } = await discover(lab);
    const nqn = "nqn=nqn.2014-08.org.nvmexpress.discovery";
    const first = far.publish({ name: "one", txt: ["p=tcp", nqn] });
    far.publish({ name: "two \u00fc. dot", type: "_nvme-disc._udp", port: 4420, txt: ["p=roce"] });
    const two = seen("two \u00fc. dot", HERE, "4420 p=roce");
    await allSee(both, [...seen("one", HERE, `8009 ${nqn} p=tcp`), ...two]);
    await first.end("SIGTERM", Seconds(10));
    await allSee(both, two);
    far.publish({ name: "one", port: 8010 });
    await allSee(both, [...seen("one", HERE, "8010 p=tcp"), ...two]);
    expect.equal("the daemon's reported states", avahi.daemon(), ["up"]);
    expect.equal("log records", [...avahi.log, ...queries.log], []);
    const from = new Set(
      queries.heard.map(({ family, from }) => `${family} ${from.startsWith("fe80:") ? "fe80" : from}`),
    );
    expect.equal("senders heard", [...from].sort(), ["ipv4 10.99.0.1", "ipv4 10.99.0.2", "ipv6 fe80"]);
  },
};

const duplicate: Check = {
  name: "one address on two interfaces: each service is seen on its own interface",
  guest: "mdns",
  limit: LIMIT,
  async run(lab) {
    const { expect } = lab;
    const [far, farToo] = [
      await Avahi.start(lab, "far", wire(lab)),
      await Avahi.start(lab, "far2", wire(lab, HERE_TOO)),
    ];
    const { both, queries } = await discover(lab, [HERE, HERE_TOO]);
    far.publish({ name: "one" });
    farToo.publish({ name: "one" });
    farToo.publish({ name: "two" });
    await allSee(both, [...seen("one"), ...seen("one", HERE_TOO), ...seen("two", HERE_TOO)]);
    expect.equal("log records", queries.log, []);
  },
};

const MANY = 200;

const many: Check = {
  name: "200 services announced at once are all seen, even by an Avahi that is killed and restarted meanwhile",
  guest: "mdns",
  limit: LIMIT,
  async run(lab) {
    const { expect } = lab;
    const far = await Avahi.start(lab, "far", wire(lab));
    const { near, avahi, both, queries } = await discover(lab);
    const names = Array.from({ length: MANY }, (_, at) => `cdc-${String(at)}`);
    const began = performance.now();
    far.announce(names.map((name) => ({ name })));
    const all = names.flatMap((name) => seen(name));
    await waitFor("half of them", Seconds(60), () => avahi.services().length >= MANY);
    const told = avahi.events.length;
    await near.kill();
    await waitFor("the daemon to be reported down", Seconds(10), () => avahi.daemon().at(-1) === "down");
    await near.start();
    const again = (): number =>
      avahi.events.slice(told).reduce((count, { kind }) => count + Number(kind === "dnssd-found"), 0);
    await waitFor(
      "Avahi to report everything again",
      Seconds(100),
      () => again() >= all.length,
      () => String(again()),
    );
    await allSee(both, all, Seconds(100));
    lab.note(
      `${String(all.length)} seen ${inSeconds(performance.now() - began)} after the announcement, in ${String(queries.heard.length)} datagrams`,
    );
    expect.equal("the daemon's reported states", avahi.daemon(), ["up", "down", "up"]);
    // The far Avahi may withdraw services while it reads its files. Only reports while the near Avahi is down count.
    const states = avahi.events.flatMap(({ kind }, index) => (kind === "dnssd-daemon" ? [index] : []));
    const [, down = 0, up = 0] = states;
    expect.equal("the distance between the reports down and up", up - down, 1);
    far.announce([]);
    await allSee(both, [], Seconds(100));
    expect.equal("log records", [...avahi.log, ...queries.log], []);
  },
};

const outage: Check = {
  name: "an interface goes down and up, and is removed and added again: both see the service again, and log each failure once",
  guest: "mdns",
  limit: LIMIT,
  async run(lab) {
    const { expect } = lab;
    const far = await Avahi.start(lab, "far", wire(lab));
    const { avahi, both, queries } = await discover(lab);
    far.publish({ name: "one" });
    await allSee(both, seen("one"));

    setLink(HERE, "down");
    await waitFor("Avahi to lose it", Seconds(20), () => avahi.services().length === 0);
    queries.forget();
    expect.equal("services through queries", queries.services(), []);
    setLink(HERE, "up");
    await allSee(both, seen("one"));

    removeLink(HERE);
    queries.forget();
    for (let count = 0; count < 3; count++) queries.ask();
    await waitFor("Avahi to lose it", Seconds(20), () => avahi.services().length === 0);
    const again = await Avahi.start(lab, "far", wire(lab));
    again.publish({ name: "one" });
    queries.forget();
    await allSee(both, seen("one"));
    const said = queries.log.map(({ level, text }) => `${level} ${text}`);
    const lines = new Set(said);
    lab.note(said.join("; "));
    expect.that(lines.size === said.length || said.length <= 4, `the log repeats itself: ${said.join("; ")}`);
    expect.that(
      said.some((line) => line.includes(`on ${HERE} over IPv4 (ENODEV)`)),
      "the log does not mention the removed interface",
    );
  },
};

const busLost: Check = {
  name: "the bus restarts with Avahi: down, up, and everything is reported again; without Avahi the state is down",
  guest: "mdns",
  limit: LIMIT,
  async run(lab) {
    const { expect } = lab;
    const far = await Avahi.start(lab, "far", wire(lab));
    far.publish({ name: "one" });
    const near = await Avahi.prepare(lab, "near");
    const avahi = new ByAvahi(lab, near.bus.address);
    avahi.browse();
    await waitFor("an answer", Seconds(10), () => avahi.daemon().length > 0);
    expect.equal("the reported states without Avahi", avahi.daemon(), ["down"]);
    await near.start();
    await allSee([avahi], seen("one"));
    await near.kill();
    await near.bus.kill();
    await waitFor("the loss to be reported", Seconds(10), () => avahi.daemon().length === 3);
    await near.bus.restart();
    await near.start();
    const told = avahi.events.length;
    await waitFor("the service to be reported again", Seconds(60), () => {
      return avahi.events.slice(told).filter(({ kind }) => kind === "dnssd-found").length === 2;
    });
    expect.equal("the daemon's reported states", avahi.daemon(), ["down", "up", "down", "up"]);
    avahi.dnssd.browse([]);
    far.publish({ name: "two" });
    await pass(Seconds(5), "nothing is browsed, so nothing is reported");
    expect.equal("the known services after browsing", avahi.services(), seen("one"));
  },
};

const LIAR = "10.99.0.2";

const hostile: Check = {
  name: "datagrams that are too long, from another port, unicast or in a flood do not get through",
  guest: "mdns",
  limit: LIMIT,
  async run(lab) {
    const { expect } = lab;
    const there = wire(lab);
    const queries = new ByQueries(lab, [HERE]);
    queries.ask();
    const within = ["-t", String(there.pid), "-n", process.execPath];
    const send = (bytes: number, to: string = GROUP.ipv4, from = 5353): void => {
      run("nsenter", [...within, "-e", SENDER, "1", String(bytes), to, String(from)]);
    };
    send(100);
    await waitFor("a datagram", Seconds(10), () => queries.bytesFrom(LIAR).length === 1);
    send(100, "10.99.0.1");
    send(100, GROUP.ipv4, 5354);
    send(9_001);
    send(9_000);
    await waitFor("the last datagram", Seconds(10), () => queries.bytesFrom(LIAR).includes(9_000));
    expect.equal("lengths of the datagrams that got through", queries.bytesFrom(LIAR), [100, 9_000]);
    expect.equal("log records", queries.log, []);
    const flood = [...within, "-e", SENDER, String(4 * DATAGRAMS_PER_SECOND_MAX), "20", GROUP.ipv4, "5353"];
    lab.service("the flood", "nsenter", flood);
    await waitFor("the flood to be noticed", Seconds(20), () => queries.log.length > 0);
    await pass(Seconds(2), "the flood ends");
    lab.note(`${String(queries.heard.length)} of a flood of ${String(4 * DATAGRAMS_PER_SECOND_MAX)} got through`);
    send(500);
    await waitFor("a datagram after the flood", Seconds(10), () => queries.bytesFrom(LIAR).includes(500));
    expect.equal(
      "lines of the log",
      queries.log.map(({ text }) => text),
      [
        `mDNS: a flood of datagrams on ${HERE}: those beyond ${String(DATAGRAMS_PER_SECOND_MAX)} per second are dropped`,
      ],
    );
  },
};

/** Sends datagrams of zeros. Arguments: count, length, destination, source port. */
const SENDER = `
const [count, bytes, to, from] = process.argv.slice(1);
const socket = require("node:dgram").createSocket({ type: "udp4", reuseAddr: true });
socket.bind(Number(from), "${LIAR}", () => {
  socket.setMulticastInterface("${LIAR}");
  let left = Number(count);
  const next = () => (left-- > 0 ? socket.send(Buffer.alloc(Number(bytes)), 5353, to, next) : socket.close());
  next();
});
`;

const unfit: Check = {
  name: "an interface without multicast gets no queries, and the log says so once",
  guest: "mdns",
  async run(lab) {
    const { expect } = lab;
    wire(lab);
    run("ip", ["link", "set", HERE, "multicast", "off"]);
    const queries = new ByQueries(lab, [HERE]);
    for (let count = 0; count < 3; count++) queries.ask();
    await pass(Seconds(1), "anything sent arrives");
    const line = (over: string): string =>
      `info mDNS: no query can be sent on ${HERE} over ${over} (it has no multicast): the daemon tries again with the next query`;
    expect.equal(
      "log records",
      queries.log.map(({ level, text }) => `${level} ${text}`),
      [line("IPv4"), line("IPv6")],
    );
    expect.equal("datagrams heard", queries.heard.length, 0);
    run("ip", ["link", "set", HERE, "multicast", "on"]);
    queries.ask();
    await waitFor("our own query to be heard", Seconds(10), () => queries.heard.length > 0);
  },
};

export const mdnsChecks: readonly Check[] = [same, duplicate, many, outage, busLost, hostile, unfit];

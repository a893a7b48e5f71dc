import { describe, expect, test } from "vitest";
import { ERRNO } from "../../../src/core/domain/errno.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { ProbeTarget } from "../../../src/core/ports/network.js";
import { parseNetAddress, parseNetPrefix, within } from "../../../src/adapters/sim/net/address.js";
import { NetworkMisuse } from "../../../src/adapters/sim/net/iface.js";
import { NetworkModel } from "../../../src/adapters/sim/net/paths.js";
import type { ReachTarget } from "../../../src/adapters/sim/net/paths.js";
import type { InterfaceSpec, ListenerState, NetworkSpec } from "../../../src/adapters/sim/spec.js";

const NOTHING: NetworkSpec = { links: [], routes: [], names: {}, responders: [], avahi: "absent" };
const ETH0: InterfaceSpec = {
  name: "eth0",
  mac: "52:54:00:00:00:01",
  addresses: ["192.168.1.10/24", "2001:db8::10/64"],
};
const ETH1: InterfaceSpec = { name: "eth1", mac: "52:54:00:00:00:02", addresses: ["192.168.2.10/24"] };

function network(spec: Partial<NetworkSpec> = {}, interfaces: readonly InterfaceSpec[] = [ETH0, ETH1]): NetworkModel {
  return new NetworkModel({ ...NOTHING, ...spec }, interfaces);
}

function listen(net: NetworkModel, traddr: string, state: ListenerState = "up", trsvcid = "8009", peer = "dc"): void {
  net.listen({ peer, index: 0, transport: "tcp", traddr, trsvcid, state });
}

function target(traddr: string, more: Partial<ReachTarget> = {}): ReachTarget {
  return { transport: "tcp", traddr, trsvcid: "8009", hostTraddr: "", hostIface: "", ...more };
}

function probe(traddr: string, more: Partial<ProbeTarget> = {}): ProbeTarget {
  return {
    traddr,
    trsvcid: "8009",
    hostTraddr: "",
    hostIface: "",
    depth: "nvme-tcp",
    timeout: Milliseconds(2000),
    ...more,
  };
}

describe("addresses", () => {
  test.each([
    ["fe80::1", "fe80:0:0:0:0:0:0:1"],
    ["::ffff:1.2.3.4", "1.2.3.4"],
    ["FE80::A%eth0", "fe80::a"],
    ["::", "0:0:0:0:0:0:0:0"],
  ])("%s is %s", (one, other) => {
    expect(parseNetAddress(one)?.key).toBe(parseNetAddress(other)?.key);
    expect(parseNetAddress(one)).toBeDefined();
  });

  test.each(["", "1.2.3", "1.2.3.256", "host", "1::2::3", "1:2:3:4:5:6:7:8:9", "12345::", "1.2.3.4%eth0"])(
    "%s is not an address",
    (text) => {
      expect(parseNetAddress(text)).toBeUndefined();
    },
  );

  test("a prefix contains only addresses of its own family", () => {
    const inside = (address: string, prefix: string): boolean => {
      const [a, p] = [parseNetAddress(address), parseNetPrefix(prefix)];
      return a !== undefined && p !== undefined && within(a, p);
    };
    expect(inside("192.168.1.255", "192.168.1.10/24")).toBe(true);
    expect(inside("192.168.2.1", "192.168.1.10/24")).toBe(false);
    expect(inside("192.168.1.129", "192.168.1.128/25")).toBe(true);
    expect(inside("192.168.1.127", "192.168.1.128/25")).toBe(false);
    expect(inside("8.8.8.8", "0.0.0.0/0")).toBe(true);
    expect(inside("2001::1", "0.0.0.0/0")).toBe(false);
    expect(inside("8.8.8.8", "::/0")).toBe(false);
    expect(parseNetPrefix("1.2.3.4/33")).toBeUndefined();
  });
});

describe("reach", () => {
  test("uses the interface and source address of a subnet", () => {
    const net = network({ links: [{ hostIface: "eth1", state: "up", latency: Milliseconds(7) }] });
    listen(net, "192.168.2.20");
    listen(net, "2001:db8::20");
    expect(net.reach(target("192.168.2.20"))).toMatchObject({
      kind: "listener",
      iface: "eth1",
      srcAddr: "192.168.2.10",
      latency: 7,
      listener: { peer: "dc" },
    });
    expect(net.reach(target("2001:db8:0::20"))).toMatchObject({ iface: "eth0", srcAddr: "2001:db8::10", latency: 0 });
    expect(net.reach(target("::ffff:192.168.2.20"))).toMatchObject({ kind: "listener", iface: "eth1" });
  });

  test("beyond the subnets uses the route with the longest prefix, over links that are not down", () => {
    const net = network({
      routes: [
        { to: "default", hostIface: "eth0", state: "up" },
        { to: "10.1.0.0/16", hostIface: "eth1", state: "up" },
      ],
    });
    listen(net, "10.1.2.3");
    listen(net, "10.2.2.3");
    expect(net.reach(target("10.1.2.3"))).toMatchObject({ iface: "eth1", srcAddr: "192.168.2.10" });
    expect(net.reach(target("10.2.2.3"))).toMatchObject({ iface: "eth0" });
    net.apply({ kind: "link", hostIface: "eth1", state: "down" });
    expect(net.reach(target("10.1.2.3"))).toMatchObject({ iface: "eth0" });
    net.apply({ kind: "route", to: "10.1.0.0/16", hostIface: "eth0", state: "silent" });
    expect(net.reach(target("10.1.2.3"))).toMatchObject({ kind: "errno", errno: ERRNO.ETIMEDOUT });
    expect(net.reach(target("10.2.2.3"))).toMatchObject({ kind: "listener" });
    net.apply({ kind: "route", to: "10.1.0.0/16", hostIface: "eth0", state: "down" });
    expect(net.reach(target("10.1.2.3"))).toMatchObject({ kind: "listener", iface: "eth0" });
  });

  const silent = { kind: "errno", errno: ERRNO.ETIMEDOUT, after: 3080 };

  test.each<[string, ReachTarget, unknown]>([
    ["no listener at that port", target("192.168.1.20", { trsvcid: "1" }), { errno: ERRNO.ECONNREFUSED }],
    ["no host at that address", target("192.168.1.99"), silent],
    ["no route", target("203.0.113.1"), { errno: ERRNO.ENETUNREACH }],
    ["host_traddr not local", target("192.168.1.20", { hostTraddr: "10.9.9.9" }), { errno: ERRNO.EADDRNOTAVAIL }],
    ["unknown host_iface", target("192.168.1.20", { hostIface: "nope0" }), { errno: ERRNO.ENODEV }],
    ["bound to an interface without a route there", target("192.168.1.20", { hostIface: "eth1" }), silent],
    ["another interface's address over lo", target("192.168.1.10", { hostIface: "lo" }), silent],
    ["a refusing listener", target("192.168.1.21"), { errno: ERRNO.ECONNREFUSED }],
    ["an unreachable listener", target("192.168.1.22"), silent],
    ["link-local without an interface", target("fe80::1"), { errno: ERRNO.EINVAL }],
    ["not an address", target("dc.example"), { errno: ERRNO.EINVAL }],
  ])("%s", (_what, to, expected) => {
    const net = network();
    listen(net, "192.168.1.20");
    listen(net, "192.168.1.21", "refuses");
    listen(net, "192.168.1.22", "unreachable");
    expect(net.reach(to)).toMatchObject({ kind: "errno", ...(expected as object) });
  });

  test("fails at once if a link is down, times out if it is silent, and follows changes of interfaces", () => {
    const net = network();
    listen(net, "192.168.2.20");
    let changes = 0;
    net.onChange(() => changes++);
    net.apply({ kind: "link", hostIface: "eth1", state: "down" });
    expect(net.reach(target("192.168.2.20"))).toMatchObject({ errno: ERRNO.ENETUNREACH });
    net.apply({ kind: "link", hostIface: "eth1", state: "silent" });
    expect(net.reach(target("192.168.2.20"))).toMatchObject(silent);
    net.apply({ kind: "link", hostIface: "eth1", state: "up" });
    net.apply({ kind: "remove-interface", name: "eth1" });
    expect(net.reach(target("192.168.2.20"))).toMatchObject({ errno: ERRNO.ENETUNREACH });
    expect(net.reach(target("192.168.2.20", { hostIface: "eth1" }))).toMatchObject({ errno: ERRNO.ENODEV });
    net.apply({ kind: "interface", ...ETH1, addresses: ["192.168.2.77/24"] });
    expect(net.reach(target("192.168.2.20"))).toMatchObject({ srcAddr: "192.168.2.77" });
    expect(net.interfaces().map(({ name }) => name)).toEqual(["eth0", "eth1"]);
    expect(changes).toBe(5);
  });

  test("finds a link-local address with an interface, as option or as scope", () => {
    const net = network();
    listen(net, "fe80::20");
    expect(net.reach(target("fe80::20%eth0"))).toMatchObject({ kind: "listener", iface: "eth0" });
    expect(net.reach(target("fe80::20", { hostIface: "eth0" }))).toMatchObject({ kind: "listener", iface: "eth0" });
  });

  test("uses a default interface that reaches everything if a world lists none", () => {
    const net = network({}, []);
    listen(net, "10.200.3.4");
    listen(net, "2001:db8:1::4");
    expect(net.reach(target("10.200.3.4"))).toMatchObject({ iface: "eth0", srcAddr: "192.168.1.10" });
    expect(net.reach(target("2001:db8:1::4"))).toMatchObject({ iface: "eth0", srcAddr: "fd00::10" });
    expect(net.interfaces()).toEqual([
      { name: "eth0", mac: "52:54:00:00:00:01", addresses: ["192.168.1.10", "fd00::10"] },
    ]);
  });

  test("finds a shared address up if one of its listeners is up", () => {
    const net = network();
    listen(net, "192.168.1.20", "refuses", "8009", "first");
    listen(net, "192.168.1.20", "up", "8009", "second");
    expect(net.reach(target("192.168.1.20"))).toMatchObject({ kind: "listener", listener: { peer: "second" } });
    expect(net.listenersAt("tcp", "192.168.1.20", "8009").map(({ peer }) => peer)).toEqual(["first", "second"]);
  });
});

test("an address or route that is not valid throws NetworkMisuse", () => {
  expect(() => network({}, [{ ...ETH0, addresses: ["eth0"] }])).toThrow(NetworkMisuse);
  expect(() => network().apply({ kind: "route", to: "somewhere", hostIface: "eth0", state: "up" })).toThrow(
    NetworkMisuse,
  );
});

describe("probe", () => {
  test.each<[ListenerState, unknown, unknown]>([
    ["up", { ok: true, after: 22 }, { ok: true, after: 11 }],
    ["silent", { ok: false, errno: ERRNO.ETIMEDOUT, after: 2000 }, { ok: true, after: 11 }],
    ["closes", { ok: false, errno: ERRNO.ECONNRESET, after: 22 }, { ok: true, after: 11 }],
    ["garbage", { ok: false, errno: ERRNO.EBADMSG, after: 22 }, { ok: true, after: 11 }],
    [
      "refuses",
      { ok: false, errno: ERRNO.ECONNREFUSED, after: 11 },
      { ok: false, errno: ERRNO.ECONNREFUSED, after: 11 },
    ],
    [
      "unreachable",
      { ok: false, errno: ERRNO.ETIMEDOUT, after: 2000 },
      { ok: false, errno: ERRNO.ETIMEDOUT, after: 2000 },
    ],
  ])("a listener that is %s", (state, nvme, tcp) => {
    const net = network({ links: [{ hostIface: "eth0", state: "up", latency: Milliseconds(5) }] });
    listen(net, "192.168.1.20", state);
    expect(net.probe(probe("192.168.1.20"))).toEqual(nvme);
    expect(net.probe(probe("192.168.1.20", { depth: "tcp" }))).toEqual(tcp);
  });

  test("ends at its timeout, or with EHOSTUNREACH if the missing ARP answer is noticed first", () => {
    const net = network({ links: [{ hostIface: "eth0", state: "up", latency: Milliseconds(50) }] });
    listen(net, "192.168.1.20");
    expect(net.probe(probe("192.168.1.20", { timeout: Milliseconds(100) }))).toEqual({
      ok: false,
      errno: ERRNO.ETIMEDOUT,
      after: 100,
    });
    expect(net.probe(probe("192.168.1.99", { timeout: Milliseconds(5000) }))).toEqual({
      ok: false,
      errno: ERRNO.EHOSTUNREACH,
      after: 3080,
    });
    expect(net.probe(probe("203.0.113.1"))).toEqual({ ok: false, errno: ERRNO.ENETUNREACH, after: 1 });
  });
});

describe("the names of an interface", () => {
  test("include alternative ones, which no list shows", () => {
    const net = new NetworkModel({ links: [], routes: [], names: {}, responders: [], avahi: "absent" }, [
      { name: "eth0", altnames: ["enp3s0"], mac: "02:00:00:00:00:01", addresses: ["192.168.1.10/24"] },
    ]);
    listen(net, "192.168.1.20");
    expect(net.probe(probe("192.168.1.20", { hostIface: "enp3s0" })).ok).toBe(true);
    expect(net.probe(probe("192.168.1.20", { hostIface: "enp4s0" }))).toMatchObject({ errno: ERRNO.ENODEV });
    expect(net.interfaces().map(({ name }) => name)).toEqual(["eth0"]);
  });

  test("change, and its addresses, routes and link stay", () => {
    const net = network({ links: [{ hostIface: "eth0", state: "up", latency: Milliseconds(5) }] });
    listen(net, "192.168.1.20");
    net.apply({ kind: "rename-interface", name: "eth0", to: "lan0" });
    expect(net.probe(probe("192.168.1.20", { hostIface: "lan0" }))).toEqual({ ok: true, after: 22 });
    expect(net.probe(probe("192.168.1.20", { hostIface: "eth0" }))).toMatchObject({ errno: ERRNO.ENODEV });
    expect(net.apply({ kind: "rename-interface", name: "eth0", to: "lan1" })).toBe("eth0");
  });
});

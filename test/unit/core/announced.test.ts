import { describe, expect, it } from "vitest";
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import { offerOf, readTxt } from "../../../src/core/dnssd/announced.js";
import type { DnssdService } from "../../../src/core/ports/dnssd.js";

const SERVICE: DnssdService = {
  instance: "cdc",
  type: "_nvme-disc._tcp",
  hostIface: "eth0",
  family: "ipv4",
  address: "192.168.1.20",
  port: 8009,
  txt: ["p=tcp"],
};

function offer(more: Partial<DnssdService>, ignoreIface = false) {
  return offerOf({ ...SERVICE, ...more }, ignoreIface);
}

describe("an announced service offers", () => {
  it("a tcp connection over the interface of its announcement", () => {
    expect(offer({})).toEqual({
      ok: true,
      tid: {
        transport: "tcp",
        traddr: "192.168.1.20",
        trsvcid: "8009",
        subsysnqn: WELL_KNOWN_DISCOVERY_NQN,
        hostTraddr: "",
        hostIface: "eth0",
        hostNqn: "",
      },
    });
    expect(offer({}, true)).toMatchObject({ tid: { hostIface: "" } });
  });

  it("an rdma connection without an interface, for any name of RDMA", () => {
    for (const txt of ["p=roce", "P=RoCE", "p=iwarp", "p= rdma "])
      expect(offer({ txt: [txt] })).toMatchObject({ tid: { transport: "rdma", hostIface: "" } });
  });

  it("the NQN of its TXT record, in any order", () => {
    const tid = { subsysnqn: "nqn.2024-01.io.example:dc=1", transport: "tcp" };
    expect(offer({ txt: ["NQN=nqn.2024-01.io.example:dc=1", "P=TCP"] })).toMatchObject({ tid });
    expect(offer({ txt: ["p=tcp", "nqn="] })).toMatchObject({ tid: { subsysnqn: WELL_KNOWN_DISCOVERY_NQN } });
  });

  it("an address in canonical spelling; a link-local one keeps its interface even with ignore-iface", () => {
    const at = (address: string, ignoreIface = false) => offer({ family: "ipv6", address }, ignoreIface);
    expect(at("FE80:0::0:20")).toMatchObject({ tid: { traddr: "fe80::20%eth0" } });
    expect(at("fe80::20%eth7")).toMatchObject({ tid: { traddr: "fe80::20%eth0" } });
    expect(at("fe80::20", true)).toMatchObject({ tid: { traddr: "fe80::20%eth0", hostIface: "" } });
    expect(at("FD00:0::20")).toMatchObject({ tid: { traddr: "fd00::20" } });
    expect(at("::ffff:192.168.1.20")).toMatchObject({ tid: { traddr: "192.168.1.20" } });
  });

  it.each<[string, Partial<DnssdService>, string]>([
    ["no protocol", { txt: ["nqn=nqn.x"] }, "names no known protocol"],
    ["an unknown protocol", { txt: ["p=pigeon"] }, "names no known protocol"],
    ["no TXT record", { txt: [] }, "names no known protocol"],
    ["an invalid NQN", { txt: ["p=tcp", "nqn=x"] }, "NQN"],
    ["an NQN with a comma", { txt: ["p=tcp", "nqn=nqn.x,hostnqn=y"] }, "NQN"],
    ["an NQN with a line break", { txt: ["p=tcp", "nqn=nqn.x\ny"] }, "NQN"],
    ["an NQN that is too long", { txt: ["p=tcp", `nqn=nqn.${"x".repeat(220)}`] }, "NQN"],
    ["an invalid address", { address: "cdc.local" }, "address"],
    ["the unspecified IPv4 address", { address: "0.0.0.0" }, "address"],
    ["a loopback address", { address: "127.0.0.1" }, "address"],
    ["a multicast address", { address: "224.0.0.251" }, "address"],
    ["an IPv6 multicast address", { address: "ff02::fb" }, "address"],
    ["the unspecified IPv6 address", { address: "::" }, "address"],
    ["a broadcast address", { address: "255.255.255.255" }, "address"],
    ["no port", { port: 0 }, "port"],
  ])("nothing if it gives %s", (_what, more, because) => {
    const refused = offer(more);
    expect(refused).toMatchObject({ ok: false });
    expect("because" in refused && refused.because).toContain(because);
  });
});

describe("a TXT record", () => {
  it("gives the first value of each key, in lower case", () => {
    const read = readTxt(["P=tcp", "p=rdma", "flag", "=nothing", "a=b=c", "empty="]);
    expect([...read]).toEqual([
      ["p", "tcp"],
      ["flag", ""],
      ["a", "b=c"],
      ["empty", ""],
    ]);
  });
});

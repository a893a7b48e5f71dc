import { describe, expect, test } from "vitest";
import {
  allowedFamily,
  isExcluded,
  parseControllerEntry,
  transportIdOf,
  type EntryUse,
} from "../../../src/core/config/controller-entry.js";
import type { ControllerEntry, IpFamily } from "../../../src/core/config/types.js";
import { type TransportId, WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";

const NOTHING: ControllerEntry = {
  transport: "",
  traddr: "",
  trsvcid: "",
  nqn: "",
  hostTraddr: "",
  hostIface: "",
  hostNqn: "",
  options: {},
  line: 7,
};

function parse(use: EntryUse, text: string): ControllerEntry | undefined {
  return parseControllerEntry(use, text, 7).entry;
}

function controller(text: string): ControllerEntry {
  const entry = parse("controller", text);
  if (entry === undefined) throw new Error(`the entry is refused: ${text}`);
  return entry;
}

describe("parseControllerEntry", () => {
  test("reads every key", () => {
    const text =
      "transport=tcp;traddr=FE80::1%eth0;trsvcid=08009;nqn=nqn.x;host-traddr=FE80:0::2;host-iface=eth0;host-nqn=nqn.h;" +
      "hdr-digest=true;data-digest=true;kato=71;nr-io-queues=8;nr-write-queues=6;nr-poll-queues=4;queue-size=400;" +
      "reconnect-delay=13;ctrl-loss-tmo=666;disable-sqflow=true;dhchap-secret=secret:1;dhchap-ctrl-secret=secret:2";
    expect(parseControllerEntry("controller", text, 7)).toEqual({
      entry: {
        transport: "tcp",
        traddr: "fe80::1%eth0",
        trsvcid: "8009",
        nqn: "nqn.x",
        hostTraddr: "fe80::2",
        hostIface: "eth0",
        hostNqn: "nqn.h",
        options: {
          hdrDigest: true,
          dataDigest: true,
          kato: 71,
          nrIoQueues: 8,
          nrWriteQueues: 6,
          nrPollQueues: 4,
          queueSize: 400,
          reconnectDelay: 13,
          ctrlLossTmo: 666,
          disableSqflow: true,
          dhchapSecret: "secret:1",
          dhchapCtrlSecret: "secret:2",
        },
        line: 7,
      },
      notes: [],
    });
  });

  test.each<[string, Partial<ControllerEntry>]>([
    ["", {}],
    [" ; ;; ", {}],
    [" Transport = TCP ; TRADDR = NAS.Example ", { transport: "tcp", traddr: "nas.example" }],
    ["traddr=1.2.3.4;traddr=5.6.7.8", { traddr: "5.6.7.8" }],
    ["host-iface=eth0;host-iface=", {}],
    ["nqn=nqn.a=b=", { nqn: "nqn.a=b=" }],
    ["dhchap-secret=DHHC-1:00:abc==:", { options: { dhchapSecret: "DHHC-1:00:abc==:" } }],
    [
      "transport=fc;traddr=NN-0x204600A098CBCAC6:PN-0x204700A098CBCAC6;trsvcid=none",
      { transport: "fc", traddr: "nn-0x204600a098cbcac6:pn-0x204700a098cbcac6" },
    ],
  ])("%j", (text, expected) => {
    expect(parseControllerEntry("controller", text, 7)).toEqual({ entry: { ...NOTHING, ...expected }, notes: [] });
  });

  test.each([
    ["transport=tcp;traddr=192.168.1.320", /traddr "192\.168\.1\.320" is not an IPv4 address/],
    ["transport=tcp;traddr=10.1.2", /is not an IPv4 address/],
    ["traddr=10.1.2.3:4420", /holds a port: write traddr=10\.1\.2\.3;trsvcid=4420/],
    ["transport=tcp;traddr=[fe80::1%eth0]:8009", /holds a port: write traddr=fe80::1%eth0;trsvcid=8009/],
    ["transport=tcp;traddr=array.example:8009", /holds a port: write traddr=array\.example;trsvcid=8009/],
    ["transport=tcp;traddr=fe80:::1", /is neither an IP address nor a host name/],
    ["transport=tcp;traddr=1.2.3.4;host-traddr=eth0", /host-traddr "eth0" is not an address/],
    ["transport=fc;traddr=nn-0xab:pn-0xcd", /is not a Fibre Channel address: write nn-0x and 16/],
    ["transport=tcp;traddr=1.2.3.4;hostnqn=nqn.x", /\(hostnqn\) is unknown \(did you mean host-nqn\?\)/],
  ])("%s has one remark and stays in force", (text, remark) => {
    const { entry, notes } = parseControllerEntry("controller", text, 7);
    expect(entry).toBeDefined();
    expect(notes).toHaveLength(1);
    expect(notes[0]?.text).toMatch(remark);
  });

  test.each(["array.example", "array", "fe80::1%eth0", "1.2.3.4", "::ffff:1.2.3.4"])("%s has no remark", (traddr) => {
    expect(parseControllerEntry("controller", `transport=tcp;traddr=${traddr}`, 7).notes).toEqual([]);
  });

  test.each<[string, Partial<ControllerEntry>]>([
    ["traddr=1.2.3.4 # the old array", { traddr: "1.2.3.4" }],
    ["traddr=1.2.3.4 ; the old array", { traddr: "1.2.3.4" }],
    ["traddr=1.2.3.4;speed=7", { traddr: "1.2.3.4" }],
    ["traddr=1.2.3.4;fast", { traddr: "1.2.3.4" }],
    ["traddr=1.2.3.4;kato=x", { traddr: "1.2.3.4" }],
    ["traddr=1.2.3.4;dhchap-secret=a,b", { traddr: "1.2.3.4" }],
  ])("%j is read with a warning", (text, expected) => {
    const { entry, notes } = parseControllerEntry("controller", text, 7);
    expect(entry).toEqual({ ...NOTHING, ...expected });
    expect(notes).toMatchObject([{ level: "warning" }]);
  });

  test.each([
    "transport=tpc;traddr=1.2.3.4",
    "traddr=1.2.3.4,host_traddr=5.6.7.8",
    "traddr=1.2.3.4 5.6.7.8",
    "trsvcid=0",
    "trsvcid=65536",
    "trsvcid=http",
    `nqn=nqn.${"é".repeat(110)}`,
  ])("%j is refused as a whole", (text) => {
    const { entry, notes } = parseControllerEntry("controller", text, 7);
    expect(entry).toBeUndefined();
    expect(notes).toMatchObject([{ level: "error" }]);
  });

  test("an NQN may have 223 bytes", () => {
    const nqn = `nqn.${"é".repeat(109)}x`;
    expect(controller(`nqn=${nqn}`).nqn).toBe(nqn);
  });

  test.each([
    "dhchap-secret=hush,hush",
    "dhchap-secret hush=",
    "dhchap-ctrl-secret=hush hush,",
    "hush",
    "x hush",
    "hush:hush:1234=;transport=tcp",
    "transport=tcp;dhchap-secret:hush=",
  ])("no note repeats a possible secret: %j", (text) => {
    for (const use of ["controller", "exclude"] as const) {
      const { notes } = parseControllerEntry(use, text, 7);
      expect(notes.length).toBeGreaterThan(0);
      expect(JSON.stringify(notes)).not.toContain("hush");
    }
  });
});

describe("an exclude never covers more than its line says", () => {
  test.each([
    ["", "warning"],
    [" ;", "warning"],
    ["# everything", "warning"],
    ["host-traddr=1.2.3.4", "warning"],
    ["kato=5", "warning"],
    ["transport=tcp;traddr=", "error"],
    ["transport=tcp;adress=1.2.3.4", "error"],
    ["transport=tcp;1.2.3.4", "error"],
    ["transport=tpc", "error"],
  ])("%j excludes nothing", (text, level) => {
    const { entry, notes } = parseControllerEntry("exclude", text, 7);
    expect(entry).toBeUndefined();
    expect(notes.at(-1)).toMatchObject({ level });
  });

  test.each([
    "host-iface=enp0s8                 # Eliminate everything on this interface",
    "host-iface=enp0s8 ; everything on this interface",
    "host-iface=enp0s8;host-traddr=1.2.3.4",
  ])("%j excludes an interface, with a warning", (text) => {
    const { entry, notes } = parseControllerEntry("exclude", text, 7);
    expect(entry).toEqual({ ...NOTHING, hostIface: "enp0s8" });
    expect(notes).toMatchObject([{ level: "warning" }]);
  });
});

describe("transportIdOf", () => {
  const staf = { service: "staf", ignoreIface: false } as const;
  const stac = { service: "stac", ignoreIface: false } as const;

  test.each([
    ["transport=tcp;traddr=1.2.3.4", staf, { trsvcid: "8009", subsysnqn: WELL_KNOWN_DISCOVERY_NQN }],
    ["transport=rdma;traddr=1.2.3.4", staf, { trsvcid: "4420", subsysnqn: WELL_KNOWN_DISCOVERY_NQN }],
    ["transport=fc;traddr=nn-0x1:pn-0x2;host-traddr=nn-0x3:pn-0x4", staf, { trsvcid: "", traddr: "nn-0x1:pn-0x2" }],
    ["transport=loop;traddr=Port", staf, { trsvcid: "", traddr: "Port" }],
    ["transport=tcp;traddr=1.2.3.4;nqn=nqn.x", staf, { subsysnqn: "nqn.x" }],
    ["transport=tcp;traddr=1.2.3.4;nqn=nqn.x;trsvcid=4420", stac, { trsvcid: "4420", subsysnqn: "nqn.x" }],
    [
      "transport=tcp;traddr=[2001:DB8::1];host-iface=eth0;host-nqn=nqn.h",
      staf,
      { traddr: "2001:db8::1", hostIface: "eth0", hostNqn: "nqn.h" },
    ],
    ["transport=tcp;traddr=1.2.3.4;host-iface=eth0", { service: "staf", ignoreIface: true }, { hostIface: "" }],
    ["traddr=1.2.3.4", staf, { missing: "transport" }],
    ["transport=tcp", staf, { missing: "traddr" }],
    ["transport=tcp;traddr=1.2.3.4", stac, { missing: "nqn" }],
  ] as const)("%s", (text, context, expected) => {
    expect(transportIdOf(controller(text), context)).toMatchObject(expected);
  });
});

const ID: TransportId = {
  transport: "tcp",
  traddr: "fe80::1%eth0",
  trsvcid: "8009",
  subsysnqn: "nqn.x",
  hostTraddr: "",
  hostIface: "",
  hostNqn: "nqn.h",
};

describe("isExcluded", () => {
  const excluded = (text: string, over: Partial<TransportId> = {}): boolean => {
    const entry = parse("exclude", text);
    return entry !== undefined && isExcluded({ ...ID, ...over }, [entry]) === entry;
  };

  test.each<[string, Partial<TransportId>, boolean]>([
    ["transport=tcp", {}, true],
    ["transport=rdma", {}, false],
    ["traddr=FE80:0:0::0001", {}, true],
    ["traddr=[fe80::1]", {}, true],
    ["traddr=fe80::2", {}, false],
    ["traddr=fe80::1%eth0", {}, true],
    ["traddr=fe80::1%eth1", {}, false],
    ["traddr=fe80::1%eth1", { traddr: "fe80::1", hostIface: "eth1" }, true],
    ["traddr=::ffff:10.0.0.1", { traddr: "10.0.0.1" }, true],
    ["traddr=10.0.0.1", { traddr: "::ffff:a00:1" }, true],
    ["traddr=NAS.example", { traddr: "nas.example" }, true],
    ["traddr=NN-0x1:PN-0x2", { transport: "fc", traddr: "nn-0x1:pn-0x2" }, true],
    ["transport=loop;traddr=Port", { transport: "loop", traddr: "Port" }, true],
    ["trsvcid=8009", {}, true],
    ["trsvcid=4420", {}, false],
    ["nqn=nqn.x", {}, true],
    ["nqn=nqn.y", {}, false],
    ["host-iface=eth0", {}, true],
    ["host-iface=eth0", { traddr: "10.0.0.1", hostIface: "eth0" }, true],
    ["host-iface=eth1", {}, false],
    ["host-iface=eth0", { traddr: "10.0.0.1" }, false],
    ["host-nqn=nqn.h", {}, true],
    ["host-nqn=nqn.i", {}, false],
    ["traddr=fe80::1;host-traddr=9.9.9.9", {}, true],
    ["transport=tcp;traddr=fe80::1;trsvcid=8009;nqn=nqn.x", {}, true],
    ["transport=tcp;traddr=fe80::1;trsvcid=8010;nqn=nqn.x", {}, false],
  ])("%s over %j: %s", (text, over, expected) => {
    expect(excluded(text, over)).toBe(expected);
  });

  test("names the first exclude that fits; one without keys fits nothing", () => {
    const first = { ...NOTHING, nqn: "nqn.x", line: 2 };
    expect(isExcluded(ID, [NOTHING, first, { ...first, line: 3 }])).toBe(first);
    expect(isExcluded(ID, [NOTHING])).toBeUndefined();
    expect(isExcluded(ID, [])).toBeUndefined();
  });
});

test.each<[Partial<TransportId>, readonly IpFamily[], boolean]>([
  [{ traddr: "1.2.3.4" }, ["ipv4"], true],
  [{ traddr: "1.2.3.4" }, ["ipv6"], false],
  [{ traddr: "::ffff:1.2.3.4" }, ["ipv4"], true],
  [{ traddr: "fe80::1%eth0" }, ["ipv4"], false],
  [{ transport: "rdma", traddr: "fe80::1%eth0" }, ["ipv6"], true],
  [{ traddr: "nas.example" }, ["ipv4"], true],
  [{ transport: "fc", traddr: "nn-0x1:pn-0x2" }, ["ipv4"], true],
])("allowedFamily %j %j: %s", (over, families, expected) => {
  expect(allowedFamily({ ...ID, ...over }, families)).toBe(expected);
});

/** Each count and each condition of `never`, with a run that meets it and one that does not. */
import { describe, expect, test } from "vitest";
import { getLogPage, LID } from "../../../src/core/codec/admin.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { Ports } from "../../../src/core/ports/index.js";
import { MACHINERY, type Machinery } from "../../../src/harness/run/machinery.js";
import { DC1, named, request, run, scripted, smallWorld, VOL1 } from "./scripted.js";

/** A core that acts once, at 20 s. */
function actsAt20s(act: (ports: Ports) => void): Machinery {
  return scripted((event, ports) => {
    if (event.kind === "control" && event.action === "start") ports.clock.arm("act", Milliseconds(20_000));
    if (event.kind === "timer" && event.timer === "act") act(ports);
  });
}

const probe = { trsvcid: "8009", hostTraddr: "", depth: "tcp", timeout: Milliseconds(1000) } as const;
const twice = actsAt20s((ports) => {
  ports.fabrics.connect(request(1), `${DC1},host_iface=eth0`);
  ports.fabrics.connect(request(2), VOL1);
});
const probes = actsAt20s((ports) => {
  ports.network.probe(request(1), { ...probe, traddr: "192.168.1.20", hostIface: "eth0" });
  ports.network.probe(request(2), { ...probe, traddr: "192.168.1.30", hostIface: "" });
});
const reads = scripted((event, ports) => {
  if (event.kind === "control") ports.fabrics.connect(request(1), DC1);
  if (event.kind !== "fabrics-reply") return;
  const opened = ports.sysfs.open("nvme0", "admin");
  const page = {
    lid: LID.discovery,
    lsp: 0,
    rae: "clear",
    offset: 0,
    length: 1024,
    timeout: Milliseconds(5000),
  } as const;
  if (!opened.ok) return;
  ports.fabrics.admin(request(2), opened.handle, getLogPage({ ...page, rae: "retain" }));
  ports.fabrics.admin(request(3), opened.handle, getLogPage({ ...page, rae: "retain", offset: 1024 }));
  ports.fabrics.admin(request(4), opened.handle, getLogPage(page));
});
const deletes = actsAt20s((ports) => {
  const opened = ports.sysfs.open("nvme0", "delete");
  if (opened.ok) ports.sysfs.delete(request(1), opened.handle);
});
const restarts = actsAt20s((ports) => {
  ports.system.restartUnit("nvmf-connect@a.service");
  ports.system.restartUnit("other.service");
});
const throws = actsAt20s(() => {
  throw new RangeError("broken");
});

const foreign = smallWorld().replace(
  "host:\n",
  "host:\n  kernel: { controllers: [{ made-by: nvme-cli, to: vol1 }] }\n",
);
const both = smallWorld();
const asked = smallWorld("timeline: [{ at: 30s, bus-call: { service: staf, method: list_controllers } }]");
const apart = smallWorld().replace("host:\n", "host:\n  processes: two\n");
const named7 = smallWorld()
  .replace("id: dc1,", "id: dc1, kind: cdc,")
  .replace("  files:\n", '  files:\n    /etc/stas/sys.conf: "[Host]\\nsymname = rack 7\\n"\n');

describe("a count", () => {
  test.each([
    ["{ connects: dc1 }", 1, both, twice, "at 20 s"],
    ["{ connects: dc1@eth0 }", 1, both, twice, "at 20 s"],
    ["{ connects: vol1 }", 1, both, twice, "at 20 s"],
    ["{ connects: vol1@eth0 }", 0, both, twice, undefined],
    ["{ disconnects: vol1 }", 1, foreign, deletes, "at 20 s: nvme0"],
    ["{ disconnects: dc1 }", 0, foreign, deletes, undefined],
    ["{ probes: dc1 }", 1, both, probes, "at 20 s"],
    ["{ probes: dc1@eth0 }", 1, both, probes, "at 20 s"],
    ["{ probes: vol1@eth0 }", 0, both, probes, undefined],
    ["{ log-reads: dc1 }", 1, both, reads, "nvme0"],
    ["{ log-reads: vol1 }", 0, both, reads, undefined],
    ["{ registrations: dc1 }", 1, named7, MACHINERY, "rack 7"],
    ["{ registrations: dc1, symname: rack 7 }", 1, named7, MACHINERY, "rack 7"],
    ["{ registrations: dc1, symname: rack 8 }", 0, named7, MACHINERY, undefined],
    ["{ calls: fabrics.connect }", 2, both, twice, "at 20 s: transport=tcp"],
    ["{ calls: list_controllers }", 1, asked, MACHINERY, "at 30.001 s: :1."],
    ["{ unit-restarts: ^nvmf-connect@ }", 1, both, restarts, "at 20 s: nvmf-connect@a.service"],
    ["{ crashes: both }", 2, apart, throws, "at 20 s: staf"],
    ["{ crashes: stac }", 1, apart, throws, "at 20 s: stac"],
    ["{ crashes: staf }", 1, both, throws, "at 20 s: stas"],
  ])("of %s is %d", (counted, times, world, machinery, firstHint) => {
    const expecting = (bound: string, window = ""): string =>
      `${world}\nexpect: [{ count: ${counted}, ${bound}${window} }]`;
    const count = (text: string) => named(run(text, machinery), "count");
    expect(count(expecting(`is: ${times}`))).toEqual([]);
    expect(count(expecting(`at-most: ${times}`))).toEqual([]);
    expect(count(expecting(`at-least: ${times + 1}`))[0]?.observed).toBe(String(times));
    const [failure] = count(expecting(`is: ${times + 1}`));
    expect(failure?.observed).toBe(String(times));
    if (firstHint === undefined) expect(failure?.hints).toEqual([]);
    else expect(failure?.hints[0]).toContain(firstHint);
    expect(count(expecting("at-least: 1", ", from: 50s"))[0]?.observed).toBe("0");
  });

  test("shows only the times of the first few", () => {
    const machinery = scripted((event, ports) => {
      if (event.kind !== "control") return;
      for (let i = 0; i < 9; i++) ports.system.restartUnit(`u${String(i)}.service`);
    });
    const [failure] = named(run(smallWorld("expect: [{ count: { unit-restarts: u }, is: 0 }]"), machinery), "count");
    expect(failure?.observed).toBe("9");
    expect(failure?.hints).toHaveLength(5);
  });
});

describe("a log expectation", () => {
  const machinery = actsAt20s((ports) => {
    ports.log.write({ level: "warning", text: "it is broken", controller: "vol1" });
  });
  test.each([
    ["{ level: warning }", 1],
    ["{ level: error }", 0],
    ["{ matches: is broken }", 1],
    ['{ matches: "^vol1: it" }', 1],
    ["{ matches: mended }", 0],
    ["{ level: error, matches: is broken }", 0],
  ])("of %s sees %d records", (log, times) => {
    const seen = (is: number) => named(run(smallWorld(`expect: [{ log: ${log}, is: ${is} }]`), machinery), "log");
    expect(seen(times)).toEqual([]);
    expect(seen(times + 1)[0]?.observed).toBe(String(times));
  });
});

describe("the condition of a never", () => {
  const FIRES = ["a connect at 20 s: t"];
  const IDLE = ["the condition never "];
  const twoAddresses = smallWorld().replace(
    'listen: "192.168.1.20:8009"',
    'listen: ["192.168.1.20:8009", "192.168.1.21:8009"]',
  );
  const connects = actsAt20s((ports) => {
    ports.fabrics.connect(request(1), VOL1);
  });

  test.each([
    [
      "a link that a step took down",
      smallWorld(),
      "{ at: 10s, link: { interface: eth0, state: down } }",
      "link: { interface: eth0, state: down }",
      FIRES,
    ],
    [
      "a link that another step brought up again",
      smallWorld(),
      "{ at: 10s, link: { interface: eth0, state: down } }, { at: 15s, link: { interface: eth0, state: up } }",
      "link: { interface: eth0, state: down }",
      [],
    ],
    [
      "a link that no step touches",
      smallWorld(),
      "{ at: 10s, disk: ok }",
      "link: { interface: eth0, state: up }",
      FIRES,
    ],
    [
      "a peer with one address that refuses",
      twoAddresses,
      "{ at: 10s, listener: { id: dc1, state: refuses, index: 1 } }",
      "listener: { id: dc1, state: refuses }",
      IDLE,
    ],
    [
      "a peer whose addresses all refuse",
      twoAddresses,
      "{ at: 10s, listener: { id: dc1, state: refuses } }",
      "listener: { id: dc1, state: refuses }",
      FIRES,
    ],
    [
      "another peer",
      twoAddresses,
      "{ at: 10s, listener: { id: vol1, state: silent } }",
      "listener: { id: dc1, state: silent }",
      IDLE,
    ],
    ["a service that runs", smallWorld(), "{ at: 10s, disk: ok }", "process: { name: staf, running: true }", FIRES],
    [
      "a service that does not run",
      smallWorld(),
      "{ at: 10s, disk: ok }",
      "process: { name: staf, running: false }",
      IDLE,
    ],
  ])("%s", (_which, world, steps, condition, fires) => {
    const never = `expect: [{ never: { connect: vol1, while: { ${condition} } } }]`;
    const failures = named(run(`${world}timeline: [${steps}]\n${never}`, connects), "never");
    expect(failures.map(({ observed }) => observed.slice(0, 20))).toEqual(fires);
  });

  test("applies to deletes", () => {
    const never = (who: string): string => `${foreign}\nexpect: [{ never: { disconnect: ${who} } }]`;
    expect(named(run(never("vol1"), deletes), "never")[0]?.observed).toBe("a disconnect at 20 s: nvme0");
    expect(named(run(never("dc1"), deletes), "never")).toEqual([]);
    expect(named(run(never("vol1").replace(/ \}\]$/, ", from: 21s }]"), deletes), "never")).toEqual([]);
  });
});

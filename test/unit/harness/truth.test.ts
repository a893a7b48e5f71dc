/** The oracles that judge by what the world wants. */
import { describe, expect, test } from "vitest";
import { getLogPage, LID } from "../../../src/core/codec/admin.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { Ports } from "../../../src/core/ports/index.js";
import { DC1, deleteDevice, named, request, run, scripted, smallWorld, VOL1, type Script } from "./scripted.js";

const START = "control";

/** The first read of a log page retains its event, the last lets the next one through. */
function pageRead(rae: "retain" | "clear") {
  return getLogPage({ lid: LID.discovery, lsp: 0, rae, offset: 0, length: 1024, timeout: Milliseconds(5000) });
}

describe("never-disconnect-what-is-wanted", () => {
  const name = "never-disconnect-what-is-wanted";
  /** Connects dc1 and vol1 at the start, reads dc1's page at 5 s, and deletes a device at 30 s. */
  const connectReadDelete = (device: string, io: string): Script => {
    return (event, ports) => {
      if (event.kind === START && event.action === "start") {
        ports.fabrics.connect(request(1), DC1);
        ports.fabrics.connect(request(2), io);
        ports.clock.arm("read", Milliseconds(5000));
        ports.clock.arm("delete", Milliseconds(30_000));
      }
      if (event.kind === "timer" && event.timer === "read") {
        const opened = ports.sysfs.open("nvme0", "admin");
        if (!opened.ok) return;
        ports.fabrics.admin(request(3), opened.handle, pageRead("retain"));
        ports.fabrics.admin(request(4), opened.handle, pageRead("clear"));
      }
      if (event.kind === "timer" && event.timer === "delete") deleteDevice(ports, device);
    };
  };
  const found = (world: string, device = "nvme1", io = VOL1) =>
    named(run(world, scripted(connectReadDelete(device, io))), name);

  test("reports a delete of what a configured discovery controller lists, and of that controller", () => {
    expect(found(smallWorld()).map(({ expected }) => expected)).toEqual(["vol1 stays connected: dc1 wants it"]);
    expect(found(smallWorld(), "nvme0").map(({ expected }) => expected)).toEqual([
      "dc1 stays connected: /etc/stas/stafd.conf line 2 wants it",
    ]);
  });

  const byName = smallWorld("network: { names: { array.example: 192.168.1.20 } }").replace(
    "traddr=192.168.1.20",
    "traddr=array.example",
  );
  const nameFails = "timeline: [{ at: 1s, name: { name: array.example, answer: fails } }]";
  const services = "[Service Discovery]\n      zeroconf = enabled";
  const announced = smallWorld(
    "network: { responders: [{ id: r1, interface: eth0, addresses: [192.168.1.20] }] }",
  ).replace("[Controllers]\n      controller = transport=tcp;traddr=192.168.1.20;trsvcid=8009", services);
  const referred = smallWorld()
    .replace("entries: [vol1]", "entries: [{ referral: dc2 }]")
    .replace("  subsystems:", '    - { id: dc2, listen: "192.168.1.21:8009", entries: [vol1] }\n  subsystems:');

  test.each([
    ["a name of the configuration leads to", byName],
    ["a name led to before its server failed", `${byName}\n${nameFails}`],
    ["a referral leads to", referred],
    ["a controller that was never read is", smallWorld("timeline: [{ at: 3s, listener: { id: dc1, state: silent } }]")],
  ])("reports a delete of what a discovery controller lists that %s", (_what, world) => {
    expect(found(world)).toHaveLength(1);
  });

  test("reports a delete of what an announced service leads to, over the interface of the service", () => {
    expect(found(announced, "nvme1", `${VOL1},host_iface=eth0`)).toHaveLength(1);
    expect(found(announced)).toEqual([]);
  });

  test("reports a delete of what is listed again, if the daemon has news of the page", () => {
    const again =
      "timeline: [{ at: 2s, unlist: { dc: dc1, entries: [vol1] } }, { at: 20s, list: { dc: dc1, entries: [vol1] } }]";
    expect(found(smallWorld(again))).toHaveLength(1);
    const lost = again.replace("[{ at: 2s,", "[{ at: 19s, uevents: { lose: 1, action: change } }, { at: 2s,");
    expect(found(smallWorld(lost))).toEqual([]);
  });

  test.each([
    ["the page no longer lists it", "timeline: [{ at: 20s, unlist: { dc: dc1, entries: [vol1] } }]"],
    ["its entry has NCC set", "timeline: [{ at: 20s, ncc: { dc: dc1, set: [vol1] } }]"],
    [
      "the page lied about its count",
      "timeline: [{ at: 20s, answers: { dc: dc1, answers: [{ lid: 112, numrec: 0 }] } }]",
    ],
    [
      "another connection is the same way",
      "timeline: [{ at: 20s, add-device: { to: vol1, made-by: administrator, host-iface: eth0 } }]",
    ],
    [
      "the configuration in force no longer leads to it",
      'timeline: [{ at: 20s, write-file: { path: /etc/stas/stafd.conf, text: "[Controllers]\\n" } }, { at: 21s, reload: both }]',
    ],
    [
      "the configuration in force excludes it",
      'timeline: [{ at: 20s, write-file: { path: /etc/stas/stacd.conf, text: "[Controllers]\\nexclude = traddr=192.168.1.30\\n" } }, { at: 21s, reload: both }]',
    ],
  ])("is silent if %s", (_why, more) => {
    expect(found(smallWorld(more))).toEqual([]);
  });

  test("reports a delete if the configuration changed and was not read again", () => {
    const more = 'timeline: [{ at: 20s, write-file: { path: /etc/stas/stafd.conf, text: "[Controllers]\\n" } }]';
    expect(found(smallWorld(more))).toHaveLength(1);
  });
});

describe("never-the-last-path", () => {
  const name = "never-the-last-path";
  const world = (more: string): string =>
    smallWorld(more).replace(
      "until:",
      '    - { id: fresh, nqn: "nqn.2024-01.io.example:vol1", listen: "192.168.1.31:4420" }\nuntil:',
    );
  const replaced = "{ at: 10s, set-entries: { dc: dc1, entries: [fresh] } }";
  const probe = { traddr: "192.168.1.31", trsvcid: "4420", hostTraddr: "", hostIface: "" } as const;

  /** Connects dc1 and vol1, reads the page at 5 s and 20 s, probes the new address at 21 s if asked to, and deletes vol1. */
  const replace = (deleteAt: number, probes = false): Script => {
    const read = (ports: Ports, number: number): void => {
      const opened = ports.sysfs.open("nvme0", "admin");
      if (!opened.ok) return;
      ports.fabrics.admin(request(number), opened.handle, pageRead("retain"));
      ports.fabrics.admin(request(number + 1), opened.handle, pageRead("clear"));
    };
    return (event, ports) => {
      if (event.kind === START && event.action === "start") {
        ports.fabrics.connect(request(1), DC1);
        ports.fabrics.connect(request(2), VOL1);
        ports.clock.arm("first", Milliseconds(5000));
        ports.clock.arm("second", Milliseconds(20_000));
        ports.clock.arm("probe", Milliseconds(21_000));
        ports.clock.arm("delete", Milliseconds(deleteAt));
      }
      if (event.kind !== "timer") return;
      if (event.timer === "delete") deleteDevice(ports, "nvme1");
      else if (event.timer !== "probe") read(ports, event.timer === "first" ? 10 : 20);
      else if (probes) ports.network.probe(request(30), { ...probe, depth: "nvme-tcp", timeout: Milliseconds(3000) });
    };
  };
  const found = (more: string, script: Script): number => named(run(world(more), scripted(script)), name).length;

  test("reports the delete of the last path before the new one was tried", () => {
    expect(found(`timeline: [${replaced}]`, replace(22_000))).toBe(1);
  });

  test.each([
    [
      "the new path has failed once",
      `timeline: [{ at: 0s, listener: { id: fresh, state: refuses } }, ${replaced}]`,
      true,
    ],
    [
      "another path is live",
      `timeline: [{ at: 0s, add-device: { to: fresh, made-by: nvme-cli } }, ${replaced}]`,
      false,
    ],
    ["no page lists the subsystem", "timeline: [{ at: 10s, unlist: { dc: dc1, entries: [vol1] } }]", false],
  ])("is silent if %s", (_why, more, probes) => {
    expect(found(more, replace(25_000, probes))).toBe(0);
  });

  test("is silent once the page's word counts", () => {
    const long = (script: Script): number =>
      named(run(world(`timeline: [${replaced}]`).replace("until: 60s", "until: 2m"), scripted(script)), name).length;
    expect([long(replace(79_000)), long(replace(81_000))]).toEqual([1, 0]);
  });
});

describe("settles-on-what-is-wanted", () => {
  const name = "settles-on-what-is-wanted";
  const long = (more = ""): string => smallWorld(more).replace("until: 60s", "until: 10m");

  test("reports what is wanted and answers, and is not connected after a calm time", () => {
    const connectsDc = scripted((event, ports) => {
      if (event.kind === START) ports.fabrics.connect(request(1), DC1);
    });
    expect(named(run(long(), connectsDc), name).map(({ observed }) => observed)).toEqual([
      "tcp 192.168.1.30:4420 nqn.2024-01.io.example:vol1 is not connected, although dc1 wants it",
    ]);
    expect(
      named(
        run(
          long(),
          scripted(() => undefined),
        ),
        name,
      ),
    ).toHaveLength(1);
  });

  test.each([
    ["nothing answers there", "timeline: [{ at: 0s, listener: { id: dc1, state: refuses } }]"],
    ["something has just happened", "timeline: [{ at: 9m, aen: dc1 }]"],
    ["the daemon does not run", "timeline: [{ at: 1s, kill: both }]"],
    ["the target rejects the host", "timeline: [{ at: 0s, fail-connects: { to: dc1, status: 0x4181 } }]"],
  ])("is silent if %s", (_why, more) => {
    expect(
      named(
        run(
          long(more),
          scripted(() => undefined),
        ),
        name,
      ),
    ).toEqual([]);
  });
});

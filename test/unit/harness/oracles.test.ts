import { describe, expect, test } from "vitest";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { Ports } from "../../../src/core/ports/index.js";
import type { ControllerDescription } from "../../../src/harness/core-view.js";
import { secretsOf } from "../../../src/harness/oracles/no-secret.js";
import {
  DC1,
  deleteDevice,
  named,
  request,
  run,
  scenario,
  scripted,
  smallWorld,
  VOL1,
  type Script,
} from "./scripted.js";
import { runScenario } from "../../../src/harness/run/run-scenario.js";

const START = "control";

/** Does one thing at the start and another when a timer fires. */
function startThen(start: (ports: Ports) => void, after: number, then: (ports: Ports) => void): Script {
  return (event, ports) => {
    if (event.kind === START && event.action === "start") {
      start(ports);
      ports.clock.arm("then", Milliseconds(after));
    }
    if (event.kind === "timer") then(ports);
  };
}

const nothing = (): void => undefined;

function describing(device: string, status: ControllerDescription["status"]): () => ControllerDescription[] {
  const transportId = {
    transport: "tcp",
    traddr: "192.168.1.30",
    trsvcid: "4420",
    subsysnqn: "nqn.2024-01.io.example:vol1",
    hostTraddr: "",
    hostIface: "",
    hostNqn: "",
  } as const;
  const said = {
    doing: "does",
    why: "because",
    wanted: "",
    since: Milliseconds(0),
    next: "",
    state: "connected",
  } as const;
  return () => [{ service: "stac", id: "c1", controller: "vol1", transportId, device, status, ...said }];
}

/** A kernel with one controller that someone else made. */
function foreign(madeBy: string, hostNqn = ""): string {
  const nqn = hostNqn === "" ? "" : `, host-nqn: "${hostNqn}", host-id: 22222222-2222-4222-8222-222222222222`;
  return smallWorld().replace(
    "host:\n",
    `host:\n  kernel: { controllers: [{ made-by: ${madeBy}, to: vol1${nqn} }] }\n`,
  );
}

describe("never-delete-foreign", () => {
  const deleteAtStart = scripted((event, ports) => {
    if (event.kind === START) deleteDevice(ports, "nvme0");
  });

  test.each(["nbft", "bios"])("reports a delete of a controller that %s made", (madeBy) => {
    const failures = named(run(foreign(madeBy), deleteAtStart), "never-delete-foreign");
    expect(failures).toHaveLength(1);
    expect(failures[0]?.observed).toContain("firmware made it");
  });

  test("reports a delete of another host's connection", () => {
    const other = "nqn.2014-08.org.nvmexpress:uuid:22222222-2222-4222-8222-222222222222";
    expect(named(run(foreign("administrator", other), deleteAtStart), "never-delete-foreign")).toHaveLength(1);
  });

  test("reports a delete of a PCIe disk", () => {
    const attributes =
      '{ address: "0000:3a:00.0", cntlid: "1", cntrltype: io, state: live, subsysnqn: nqn.2020-01.io.example:disk, transport: pcie }';
    const disk = `{ name: nvme0, made-by: bios, attributes: ${attributes} }`;
    const world = smallWorld().replace("host:\n", `host:\n  kernel: { controllers: [${disk}] }\n`);
    expect(named(run(world, deleteAtStart), "never-delete-foreign")[0]?.observed).toContain("it is a PCIe disk");
  });

  test("is silent about a connection of this host that the daemon adopted", () => {
    expect(named(run(foreign("nvme-cli"), deleteAtStart), "never-delete-foreign")).toEqual([]);
  });
});

describe("connect-and-disconnect-never-swap", () => {
  const name = "connect-and-disconnect-never-swap";

  test("reports a delete while the connect is in the kernel", () => {
    const script: Script = (event, ports) => {
      if (event.kind === START) ports.fabrics.connect(request(1), VOL1);
      // The kernel announces the controller before its connect has ended.
      if (event.kind === "uevent") deleteDevice(ports, "nvme0");
    };
    expect(named(run(smallWorld(), scripted(script)), name).length).toBeGreaterThan(0);
  });

  test("is silent if the delete follows the connect", () => {
    const script: Script = (event, ports) => {
      if (event.kind === START) ports.fabrics.connect(request(1), VOL1);
      if (event.kind === "fabrics-reply") deleteDevice(ports, "nvme0");
    };
    expect(named(run(smallWorld(), scripted(script)), name)).toEqual([]);
  });
});

describe("one-connection-per-transport-id", () => {
  const name = "one-connection-per-transport-id";

  test("reports a discovery controller that is connected twice", () => {
    const script = startThen(
      (ports) => {
        ports.fabrics.connect(request(1), DC1);
      },
      5000,
      (ports) => {
        ports.fabrics.connect(request(2), DC1);
      },
    );
    expect(named(run(smallWorld(), scripted(script)), name)).toHaveLength(1);
  });

  test("reports a connection bound to the interface that leads an unbound one there, and not to another", () => {
    const bound = (hostIface: string): number => {
      const script = startThen(
        (ports) => {
          ports.fabrics.connect(request(1), VOL1);
        },
        5000,
        (ports) => {
          ports.fabrics.connect(request(2), `${VOL1},host_iface=${hostIface}`);
        },
      );
      const interfaces = ["eth0", "eth1"].map(
        (iface, index) =>
          `{ name: ${iface}, mac: "02:00:00:00:00:0${String(index)}", addresses: [192.168.1.1${String(index)}/24] }`,
      );
      const world = smallWorld().replace("host:\n", `host:\n  interfaces: [${interfaces.join(", ")}]\n`);
      return named(run(world, scripted(script)), name).length;
    };
    expect([bound("eth0"), bound("eth1")]).toEqual([1, 0]);
  });

  test("is silent if someone else connected a moment before", () => {
    const script = startThen(nothing, 5000, (ports) => {
      ports.fabrics.connect(request(2), DC1);
    });
    const rival = "timeline: [{ at: 4s, add-device: { to: dc1, made-by: nvme-cli } }]";
    expect(named(run(smallWorld(rival), scripted(script)), name)).toEqual([]);
  });
});

describe("no-orphan", () => {
  const connect: Script = (event, ports) => {
    if (event.kind === START) ports.fabrics.connect(request(1), VOL1);
  };

  test("reports a connection that nothing knows at the end", () => {
    expect(named(run(smallWorld(), scripted(connect)), "no-orphan")).toHaveLength(1);
  });

  test("is silent if a core or a state file knows it", () => {
    const known = scripted(connect, { describe: describing("nvme0", "connected") });
    expect(named(run(smallWorld(), known), "no-orphan")).toEqual([]);
    const recorded = scripted((event, ports) => {
      connect(event, ports);
      if (event.kind === START) ports.store.write(request(2), "/run/stacd/state", VOL1);
    });
    expect(named(run(smallWorld(), recorded), "no-orphan")).toEqual([]);
  });

  test("is silent about a connection that was there when someone removed a state file", () => {
    const lost = "timeline: [{ at: 20s, remove-file: /run/stacd/state }]";
    const recorded = scripted((event, ports) => {
      connect(event, ports);
      if (event.kind === START) ports.store.write(request(2), "/run/stacd/state", VOL1);
    });
    expect(named(run(smallWorld(lost), recorded), "no-orphan")).toEqual([]);
  });

  test("reports a connection that no service ever held, under any disconnect scope", () => {
    const scope = "      [I/O controller connection management]\n      disconnect-scope = no-disconnect\n";
    const world = smallWorld().replace("  files:\n", `  files:\n    /etc/stas/stacd.conf: |\n${scope}`);
    expect(world).toContain("no-disconnect");
    expect(named(run(world, scripted(connect)), "no-orphan")).toHaveLength(1);
  });
});

describe("no-secret-leaves", () => {
  const SECRET = "DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:";
  const world = smallWorld().replace("trsvcid=8009", `trsvcid=8009;dhchap-secret=${SECRET}`);

  test("finds the secrets of a host", () => {
    const files = {
      "/etc/stas/stacd.conf": `controller = a=b;dhchap-secret=${SECRET};c=d`,
      "/etc/nvme/hostkey": "hostkey-1234 x\n",
    };
    expect(secretsOf(files)).toEqual([SECRET, "hostkey-1234"]);
  });

  test("reports a secret in the log, and masks it", () => {
    const script: Script = (event, ports) => {
      if (event.kind === START) ports.log.write({ level: "info", text: `connecting with ${SECRET}` });
    };
    const failures = named(run(world, scripted(script)), "no-secret-leaves");
    expect(failures).toHaveLength(1);
    expect(JSON.stringify(failures)).not.toContain(SECRET);
  });

  test("reports a secret in a file, even if the trace shows only its digest", () => {
    const script: Script = (event, ports) => {
      if (event.kind === START) ports.store.write(request(1), "/run/stafd/state", `${"x".repeat(5000)}${SECRET}`);
    };
    expect(named(run(world, scripted(script)), "no-secret-leaves")).toHaveLength(1);
  });
});

describe("excluded-is-never-connected", () => {
  const excluding = (line: string): string =>
    smallWorld().replace("  files:\n", `  files:\n    /etc/stas/stacd.conf: "[Controllers]\\nexclude = ${line}\\n"\n`);
  const connectAtStart = scripted((event, ports) => {
    if (event.kind === START && event.action === "start") ports.fabrics.connect(request(1), VOL1);
  });

  test("reports a connect to a controller that stacd.conf excludes", () => {
    const failures = named(run(excluding("traddr=192.168.1.30"), connectAtStart), "excluded-is-never-connected");
    expect(failures).toHaveLength(1);
    expect(failures[0]?.hints).toEqual(["line 2 of the configuration in force excludes it"]);
  });

  test("reports only the first few of many connects", () => {
    const again: Script = (event, ports) => {
      if (event.kind !== START && event.kind !== "timer") return;
      ports.fabrics.connect(request(1), VOL1);
      ports.clock.arm("again", Milliseconds(4000));
    };
    const failures = named(run(excluding("traddr=192.168.1.30"), scripted(again)), "excluded-is-never-connected");
    expect(failures.map(({ at }) => at)).toEqual([0, 4000, 8000, 12_000, 16_000]);
  });

  test("is silent about everything else", () => {
    expect(named(run(excluding("traddr=192.168.1.31"), connectAtStart), "excluded-is-never-connected")).toEqual([]);
  });
});

describe("no-crash and bounded-work", () => {
  test("report a core that throws", () => {
    const script: Script = (event) => {
      if (event.kind === START) throw new RangeError("broken");
    };
    expect(named(run(smallWorld(), scripted(script)), "no-crash")[0]?.observed).toContain("RangeError: broken");
  });

  test("report a timer that rearms itself without a pause", () => {
    const script: Script = (_event, ports) => {
      ports.clock.arm("again", Milliseconds(1));
    };
    expect(named(run(smallWorld(), scripted(script)), "bounded-work")).toHaveLength(1);
  });

  test("report a connect that is retried without a pause", () => {
    const script: Script = (event, ports) => {
      if (event.kind === START || event.kind === "fabrics-reply") {
        ports.fabrics.connect(request(event.kind === START ? 1 : event.request + 1), DC1.replace("8009", "9999"));
      }
    };
    expect(named(run(smallWorld(), scripted(script)), "bounded-work")[0]?.expected).toContain("per minute");
  });

  test("report endless calls for one event", () => {
    const script: Script = (event, ports) => {
      if (event.kind !== START) return;
      for (let i = 0; i < 10_000; i++) ports.fabrics.readOptions(request(i));
    };
    expect(named(run(smallWorld(), scripted(script)), "bounded-work")[0]?.observed).toContain("fabrics.readOptions");
  });
});

describe("wanted-controller-is-served", () => {
  test("reports a controller that waits for nothing", () => {
    const machinery = scripted(nothing, { describe: describing("", "idle") });
    expect(named(run(smallWorld(), machinery), "wanted-controller-is-served")).toHaveLength(1);
  });

  test("reports a controller that waits for nothing before a step, even if it is served again at the end", () => {
    let now = (): Milliseconds => Milliseconds(0);
    const machinery = scripted((_event, ports) => (now = ports.clock.now), {
      describe: () => describing("", now() < 10_000 ? "idle" : "timer-armed")(),
    });
    const step = "timeline: [{ at: 9s, disk: full }]";
    expect(named(run(smallWorld(step), machinery), "wanted-controller-is-served")).toHaveLength(1);
    expect(named(run(smallWorld(), machinery), "wanted-controller-is-served")).toEqual([]);
  });

  test("is silent if a timer is armed", () => {
    const machinery = scripted(nothing, { describe: describing("", "timer-armed") });
    expect(run(smallWorld(), machinery).verdict).toBe("pass");
  });
});

test("no oracle complains about the real core in a small world", () => {
  expect(runScenario(scenario(smallWorld())).failures).toEqual([]);
});

import { describe, expect, it } from "vitest";
import { createFakeClock } from "../../../src/adapters/sim/clock.js";
import { createHeapClock } from "../../../src/adapters/sim/heap-clock.js";
import { WALL_START } from "../../../src/adapters/sim/host.js";
import { DISPATCHES_PER_INSTANT_MAX, LivelockError } from "../../../src/adapters/sim/world.js";
import { ERRNO } from "../../../src/core/domain/errno.js";
import type { CoreEvent, Ports } from "../../../src/core/ports/index.js";
import { CONNECT_DC, makeSpec, ms, request, TestBed } from "./world-kit.js";

const isStart = (event: CoreEvent): boolean => event.kind === "control" && event.action === "start";

describe("a process of the simulated world", () => {
  it("receives control start first, even if other events came before", () => {
    const bed = new TestBed(makeSpec());
    bed.world.schedule(ms(5), () => {
      bed.onSeen = (seen) => {
        if (seen.kind !== "process" || seen.phase !== "started") return;
        bed.onSeen = () => undefined;
        bed.world.apply({ kind: "interface", name: "eth1", mac: "", addresses: ["10.0.0.1/24"] });
        bed.world.apply({ kind: "uevents", fault: { kind: "flood", count: 3 } });
      };
      bed.start();
    });
    bed.run(10);
    expect(bed.kinds()).toEqual(["control", "network-changed", "bus-state"]);
  });

  it("takes the events of one step by class, not by arrival", () => {
    const bed = new TestBed(makeSpec()).start().run(5);
    bed.given.length = 0;
    bed.world.schedule(ms(10), () => {
      bed.onSeen = (seen) => {
        if (seen.kind !== "file-written") return;
        bed.world.apply({ kind: "reload", process: "staf" });
        bed.world.apply({ kind: "interface", name: "eth1", mac: "", addresses: [] });
      };
    });
    bed.run(10);
    bed.world.apply({ kind: "write-file", path: "/etc/x", text: "" });
    expect(bed.kinds()).toEqual(["network-changed", "control"]);
  });

  it("has named timers that it can replace and disarm, and that end with it", () => {
    const bed = new TestBed(makeSpec(), (event, ports) => {
      if (!isStart(event)) return;
      ports.clock.arm("replaced", ms(10));
      ports.clock.arm("replaced", ms(20));
      ports.clock.arm("disarmed", ms(10));
      ports.clock.disarm("disarmed");
      ports.clock.arm("long", ms(40 * 86_400_000));
    }).start();
    bed.run(100);
    expect(bed.given.filter(({ event }) => event.kind === "timer").map(({ at }) => at)).toEqual([20]);
    bed.run(50 * 86_400_000);
    expect(bed.events("timer").map(({ timer }) => timer)).toEqual(["replaced", "long"]);
    bed.portsOf("stas").clock.arm("never", ms(10));
    bed.world.apply({ kind: "kill", process: "both" });
    expect(bed.world.nextAt()).toBeUndefined();
    bed.run(100);
    expect(bed.events("timer")).toHaveLength(2);
  });

  it("sees the wall clock step, but not its timers or monotonic time", () => {
    const bed = new TestBed(makeSpec(), (event, ports) => {
      if (isStart(event)) ports.clock.arm("t", ms(1000));
    }).start();
    bed.run(500);
    const { clock } = bed.portsOf("stas");
    expect(clock.wallTime()).toBe(WALL_START + 500);
    bed.world.apply({ kind: "wall-clock", step: ms(-3_600_000) });
    expect(clock.wallTime()).toBe(WALL_START + 500 - 3_600_000);
    expect(clock.now()).toBe(500);
    bed.run(500);
    expect(bed.given.at(-1)).toMatchObject({ at: 1000, event: { kind: "timer", timer: "t" } });
  });

  it("ends at once if it is killed in the middle of its own dispatch", () => {
    const after: string[] = [];
    const bed: TestBed = new TestBed(makeSpec(), (event, ports) => {
      if (!isStart(event)) return;
      ports.fabrics.connect(request(1), CONNECT_DC);
      ports.clock.arm("before", ms(5));
      bed.world.apply({ kind: "kill", process: "staf" });
      ports.clock.arm("after", ms(5));
      ports.store.write(request(2), "/run/x", "x");
      ports.fabrics.connect(request(3), CONNECT_DC);
      ports.network.resolve(request(4), "name");
      after.push(String(ports.store.read("/etc/nvme/hostnqn").ok), String(ports.sysfs.open("nvme0", "admin").ok));
      throw new Error("a dead process cannot crash");
    });
    bed.start().run(1000);
    expect(bed.kinds()).toEqual(["control"]);
    expect(bed.crashes).toEqual([]);
    expect(bed.world.processes()).toEqual([]);
    expect(after).toEqual(["false", "false"]);
    expect(bed.world.readFile("/run/x")).toBeUndefined();
    // The first connect entered the kernel and continues there. A dead process cannot write the second.
    expect(bed.observations("connect-begin")).toHaveLength(1);
    expect(bed.world.connections().map(({ name, state }) => [name, state])).toEqual([["nvme0", "live"]]);
  });

  it("gets new ports when it starts again, and the old ones stay dead", () => {
    const bed = new TestBed(makeSpec()).start();
    const old = bed.portsOf("stas");
    bed.world.apply({ kind: "kill", process: "both" });
    bed.start();
    expect(bed.portsOf("stas")).not.toBe(old);
    old.clock.arm("old", ms(20));
    bed.portsOf("stas").clock.arm("new", ms(1));
    bed.run(10);
    expect(bed.world.nextAt()).toBeUndefined();
    expect(bed.events("timer").map(({ timer }) => timer)).toEqual(["new"]);
  });

  it("crashes if its core throws, and only then", () => {
    const bug = new Error("a bug of ours");
    const bed = new TestBed(makeSpec({ host: { processes: "two" } }), (event) => {
      if (event.kind === "control" && event.action === "reload") throw bug;
    }).start();
    bed.world.apply({ kind: "reload", process: "stac" });
    expect(bed.crashes).toEqual([{ process: "stac", error: bug }]);
    expect(bed.world.processes()).toEqual(["staf"]);
    expect(bed.observations("process").at(-1)).toEqual({
      kind: "process",
      process: "stac",
      phase: "crashed",
      status: 1,
    });
  });

  it("crashes if it never comes to rest at one instant", () => {
    const bed = new TestBed(makeSpec(), (event, ports) => {
      if (isStart(event) || event.kind === "timer") ports.clock.arm("again", ms(0));
    }).start();
    bed.given.length = 0;
    bed.run(1);
    expect(bed.crashes[0]?.error).toBeInstanceOf(LivelockError);
    expect(bed.world.dispatched()).toBe(DISPATCHES_PER_INSTANT_MAX + 1);
  });

  it("ends with its own exit after a stop, and its later calls have no effect", () => {
    const bed = new TestBed(makeSpec(), (event, ports) => {
      if (event.kind === "control" && event.action === "stop") {
        ports.system.notify("stopping");
        ports.system.exit(0);
        ports.system.exit(3);
        ports.clock.arm("late", ms(1));
      }
    }).start();
    bed.portsOf("stas").system.notify("ready");
    bed.world.apply({ kind: "stop", process: "stac" });
    bed.run(10);
    expect(bed.observations("process").map(({ phase, status }) => [phase, status])).toEqual([
      ["started", undefined],
      ["ready", undefined],
      ["stopping", undefined],
      ["exited", 0],
    ]);
    expect(bed.events("timer")).toEqual([]);
  });

  it("ignores a start while it runs and a kill while it does not, and reports both", () => {
    const bed = new TestBed(makeSpec({ host: { processes: "two" } }));
    bed.world.apply({ kind: "start", process: "staf" });
    bed.world.apply({ kind: "start", process: "both" });
    bed.world.apply({ kind: "kill", process: "stac" });
    bed.world.apply({ kind: "kill", process: "stac" });
    expect(bed.observations("ignored").map(({ action, target }) => [action, target])).toEqual([
      ["start", "staf"],
      ["kill", "stac"],
    ]);
    expect(bed.world.processes()).toEqual(["staf"]);
  });

  it("runs both services unless the host has two processes", () => {
    const bed = new TestBed(makeSpec());
    bed.world.apply({ kind: "start", process: "stac" });
    expect(bed.world.processes()).toEqual(["stas"]);
    bed.world.apply({ kind: "kill", process: "staf" });
    expect(bed.world.processes()).toEqual([]);
  });
});

describe("a world", () => {
  /** A core that uses several ports. */
  const busy = (event: CoreEvent, ports: Ports): void => {
    if (isStart(event)) {
      ports.fabrics.readOptions(request(1));
      ports.fabrics.connect(request(2), CONNECT_DC);
      ports.bus.subscribe("stac");
      ports.dnssd.browse(["_nvme-disc._tcp"]);
      ports.clock.arm("save", ms(700));
    }
    if (event.kind === "timer") ports.store.write(request(3), "/run/stafd/state", "{}");
    if (event.kind === "written") ports.clock.arm("save", ms(700));
  };

  const trace = (clock = createFakeClock()): string => {
    const spec = makeSpec({ host: { processes: "two" } });
    const bed = new TestBed(
      { ...spec, host: { ...spec.host, kernel: { ...spec.host.kernel, jitter: 0.3 } } },
      busy,
      clock,
    );
    bed.start();
    bed.world.schedule(ms(2000), () => {
      bed.world.apply({ kind: "link", hostIface: "eth0", state: "down" });
    });
    bed.world.schedule(ms(3000), () => {
      bed.world.apply({ kind: "kill", process: "staf" });
    });
    bed.run(60_000);
    return JSON.stringify([bed.given, bed.seen, bed.world.connections()]);
  };

  it("runs the same way twice, and over either clock", () => {
    const first = trace();
    expect(first.length).toBeGreaterThan(5000);
    expect(trace()).toBe(first);
    expect(trace(createHeapClock())).toBe(first);
  });

  it("deletes a controller through an open descriptor, but not through a closed one", () => {
    const bed = new TestBed(makeSpec(), (event, ports) => {
      if (isStart(event)) ports.fabrics.connect(request(1), CONNECT_DC);
      if (event.kind !== "timer") return;
      const opened = ports.sysfs.open("nvme0", "delete");
      if (!opened.ok) throw new Error("not opened");
      expect(opened.record.attributes.subsysnqn).toBe("nqn.2014-08.org.nvmexpress.discovery\n");
      if (event.timer === "closed") ports.sysfs.close(opened.handle);
      ports.sysfs.delete(request(event.timer === "closed" ? 2 : 3), opened.handle);
    }).start();
    bed.run(1000);
    bed.portsOf("stas").clock.arm("closed", ms(1));
    bed.run(1000);
    expect(bed.events("deleted")).toEqual([{ kind: "deleted", request: 2, result: { ok: false, errno: ERRNO.EBADF } }]);
    expect(bed.world.connections()).toHaveLength(1);
    bed.portsOf("stas").clock.arm("open", ms(1));
    bed.run(1000);
    expect(bed.events("deleted")[1]).toEqual({ kind: "deleted", request: 3, result: { ok: true } });
    expect(bed.world.connections()).toEqual([]);
    expect(bed.crashes).toEqual([]);
  });
});

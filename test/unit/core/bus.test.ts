/** The answers to clients on the bus. */
import { expect, test } from "vitest";
import type { ProcessName } from "../../../src/adapters/sim/observation.js";
import type { WorldAction } from "../../../src/adapters/sim/actions.js";
import { createWorld } from "../../../src/adapters/sim/world.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { BusCallId, BusValue, ServiceName } from "../../../src/core/ports/bus.js";
import type { Ports } from "../../../src/core/ports/index.js";
import { CheckedCore } from "../../../src/harness/run/checked-core.js";
import { parseScenario } from "../../../src/harness/scenario/parse.js";

const HOST = `format: 1
title: bus
host:
  processes: PROCESSES
  files:
    /etc/stas/stafd.conf: "STAFD"
fabric:
  discovery-controllers: [{ id: dc1, listen: "192.168.1.20:8009", entries: [vol1] }]
  subsystems: [{ id: vol1, nqn: "nqn.2024-01.io.example:vol1", listen: "192.168.1.30:4420" }]
expect: [{ at: 5s, connected: [dc1] }]
`;

const GOOD = "[Controllers]\\ncontroller = transport=tcp;traddr=192.168.1.20;trsvcid=8009\\n";

type Reply = Parameters<Ports["bus"]["reply"]>[1];

/** Runs the host for 5 s and makes each call. Returns the answers in order. */
function ask(
  { processes = "one", stafd = GOOD, before = [] as readonly WorldAction[] },
  questions: readonly (readonly [ServiceName, string, ...string[]])[],
): readonly Reply[] {
  const parsed = parseScenario("bus", HOST.replace("PROCESSES", processes).replace("STAFD", stafd));
  if (!parsed.ok) throw new Error("the scenario of this test is not valid");
  const replies = new Map<BusCallId, Reply>();
  const world = createWorld(parsed.scenario.world, {
    boot: (process: ProcessName, ports) => {
      const bus: Ports["bus"] = {
        call: ports.bus.call.bind(ports.bus),
        subscribe: ports.bus.subscribe.bind(ports.bus),
        emit: ports.bus.emit.bind(ports.bus),
        reply: (call, result) => {
          replies.set(call, result);
          ports.bus.reply(call, result);
        },
      };
      return new CheckedCore({ ...ports, bus }, process === "stas" ? "both" : process);
    },
    observe: () => undefined,
    crashed: (_process, error) => {
      throw error;
    },
  });
  for (const action of before) world.apply(action);
  world.apply({ kind: "start", process: "both" });
  world.runUntil(Milliseconds(5_000));
  replies.clear();
  for (const [service, method, ...args] of questions) {
    world.apply({ kind: "bus-call", service, method, args, uid: 1000 });
    world.runUntil(Milliseconds(world.now() + 100));
  }
  return [...replies.values()];
}

const DC = {
  transport: "tcp",
  traddr: "192.168.1.20",
  trsvcid: "8009",
  subsysnqn: "nqn.2014-08.org.nvmexpress.discovery",
  "host-traddr": "",
  "host-iface": "",
  "host-nqn": "",
};

const NO_DC = Object.fromEntries(Object.keys(DC).map((key) => [key, ""]));

function only(reply: Reply | undefined): BusValue | undefined {
  if (reply?.ok !== true) throw new Error(`no answer: ${JSON.stringify(reply)}`);
  expect(reply.values).toHaveLength(1);
  return reply.values[0];
}

test("list_controllers returns each controller with its device", () => {
  const [staf, stac] = ask({}, [
    ["staf", "list_controllers"],
    ["stac", "list_controllers"],
  ]);
  expect(only(staf)).toEqual([{ ...DC, device: "nvme0" }]);
  expect(only(stac)).toEqual([
    { ...DC, traddr: "192.168.1.30", trsvcid: "4420", subsysnqn: "nqn.2024-01.io.example:vol1", device: "nvme1" },
  ]);
});

test("the device of a controller without one is nvme?", () => {
  const before: WorldAction[] = [{ kind: "listener", id: "dc1", state: "refuses" }];
  const [staf] = ask({ before }, [["staf", "list_controllers"]]);
  expect(only(staf)).toEqual([{ ...DC, device: "nvme?" }]);
});

test("get_log_pages returns the entries of the controller with these seven fields", () => {
  const fields = Object.values(DC);
  const [known, unknown, short] = ask({}, [
    ["staf", "get_log_pages", ...fields],
    ["staf", "get_log_pages", ...fields.with(1, "192.168.1.99")],
    ["staf", "get_log_pages", "tcp"],
  ]);
  const listed = only(known);
  expect(listed).toHaveLength(2);
  expect(listed).toMatchObject([
    { subtype: "discovery", traddr: "192.168.1.20" },
    { subtype: "nvme", trtype: "tcp", adrfam: "ipv4", traddr: "192.168.1.30", subnqn: "nqn.2024-01.io.example:vol1" },
  ]);
  expect(only(unknown)).toEqual([]);
  expect(short).toEqual({ ok: false, error: "org.freedesktop.DBus.Error.InvalidArgs" });
});

test("get_all_log_pages distinguishes an unknown page from an empty one", () => {
  const before: WorldAction[] = [{ kind: "listener", id: "dc1", state: "refuses" }];
  const json = only(ask({ before }, [["staf", "get_all_log_pages"]])[0]);
  expect(typeof json === "string" ? JSON.parse(json) : undefined).toEqual([
    {
      "discovery-controller": { ...DC, device: "nvme?" },
      "log-pages": [],
      state: "unknown",
      open: {
        kind: "page",
        read: "never",
        because: expect.stringContaining("ECONNREFUSED from the probe"),
        "for-ms": 5001,
      },
    },
    // What else may lead to more looks like a discovery controller with an empty page: the stacd of nvme-stas reads it so.
    {
      "discovery-controller": { ...NO_DC, device: "nvme?" },
      "log-pages": [],
      state: "unknown",
      open: { kind: "mdns", lacks: "time", "for-ms": 5001 },
    },
  ]);
});

test("staf answers with an error while its configuration is not known", () => {
  const [reply] = ask({ stafd: "[Control" }, [["staf", "get_all_log_pages"]]);
  expect(reply).toEqual({ ok: false, error: "org.nvmexpress.staf.Error.NotKnown" });
});

test("an unknown method gets the error UnknownMethod", () => {
  const error = "org.freedesktop.DBus.Error.UnknownMethod";
  const replies = ask({ processes: "two" }, [
    ["staf", "format_disks"],
    ["stac", "format_disks"],
  ]);
  expect(replies).toEqual([
    { ok: false, error },
    { ok: false, error },
  ]);
});

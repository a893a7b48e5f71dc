/** The kind of a controller on kernels that do not show it (before 5.18): from Identify, from its NQN, or unknown. */
import { describe, expect, test } from "vitest";
import type { WorldObservation } from "../../../src/adapters/sim/observation.js";
import { createWorld } from "../../../src/adapters/sim/world.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { FabricsPort } from "../../../src/core/ports/fabrics.js";
import type { CoreEvent } from "../../../src/core/ports/index.js";
import type { RequestId } from "../../../src/core/ports/request.js";
import { CheckedCore } from "../../../src/harness/run/checked-core.js";
import { parseScenario } from "../../../src/harness/scenario/parse.js";

const IDENTIFY = 0x06;
const CNTRLTYPE_OFFSET = 111;
const EINTR = 4;
const AUDIT_MS = 60_000;
/**
 * Each audit asks each controller that lacks an answer once. There is one audit per minute, and one more after each connect that
 * the kernel refuses because it already has the connection.
 */
const identifiesWithin = (minutes: number, controllers: number): number => controllers * 2 * (minutes + 1);

/** An administrator's connections to a discovery controller, to a listed I/O controller without namespaces, and to a stray. */
const HOST = `format: 1
title: kinds
host:
  kernel:
    version: "5.14"
    controllers:
      - { to: dc1, made-by: administrator }
      - { to: empty, made-by: administrator }
      - { to: stray, made-by: administrator }
  files:
    /etc/stas/stafd.conf: |
      [Controllers]
      controller = transport=tcp;traddr=192.168.1.20;trsvcid=8009
    /etc/stas/stacd.conf: |
      [I/O controller connection management]
      disconnect-scope = all-connections-matching-disconnect-trtypes
fabric:
  discovery-controllers:
    - { id: dc1, listen: "192.168.1.20:8009", entries: [empty] }
  subsystems:
    - { id: empty, nqn: "nqn.x:empty", listen: "192.168.1.20:8009", namespaces: 0 }
    - { id: stray, nqn: "nqn.x:stray", listen: "192.168.1.31:4420", namespaces: 0 }
expect: [{ at: 5s, connected: [dc1] }]
`;

type AdminReply = Extract<CoreEvent, { kind: "admin-reply" }>["result"];

interface Run {
  readonly identifies: number;
  readonly deleted: readonly string[];
  /** The service and state of every controller. */
  readonly states: readonly string[];
}

/** Runs the host. Changes every answer to Identify on its way into the core. */
function run(minutes: number, change: (result: AdminReply, turn: number) => AdminReply): Run {
  const parsed = parseScenario("kinds", HOST);
  if (!parsed.ok) throw new Error("the scenario of this test is not valid");
  const asked = new Set<RequestId>();
  let turn = 0;
  const deleted: string[] = [];
  const cores: CheckedCore[] = [];
  const world = createWorld(parsed.scenario.world, {
    boot: (_process, ports) => {
      const fabrics: FabricsPort = {
        readOptions: (request) => {
          ports.fabrics.readOptions(request);
        },
        connect: (request, options) => {
          ports.fabrics.connect(request, options);
        },
        admin: (request, handle, command) => {
          if (command.opcode === IDENTIFY) asked.add(request);
          ports.fabrics.admin(request, handle, command);
        },
      };
      const core = new CheckedCore({ ...ports, fabrics }, "both");
      cores.push(core);
      const changed = (event: CoreEvent): CoreEvent =>
        event.kind === "admin-reply" && asked.has(event.request)
          ? { ...event, result: change(event.result, ++turn) }
          : event;
      return {
        dispatch: (event) => {
          core.dispatch(changed(event));
        },
      };
    },
    observe: (_at, seen: WorldObservation) => {
      if (seen.kind === "delete-begin") deleted.push(String(seen.uid));
    },
    crashed: (_process, error) => {
      throw error;
    },
  });
  world.apply({ kind: "start", process: "both" });
  world.runUntil(Milliseconds(minutes * AUDIT_MS));
  const states = cores.flatMap((core) => core.describe()).map((one) => `${one.service} ${one.state}`);
  return { identifies: asked.size, deleted, states: states.sort() };
}

function unreported(result: AdminReply): AdminReply {
  if (!result.ok || result.bytes.length <= CNTRLTYPE_OFFSET) return result;
  const bytes = result.bytes.slice();
  bytes[CNTRLTYPE_OFFSET] = 0;
  return { ...result, bytes };
}

describe("on a kernel that does not show the kind of a controller", () => {
  test("Identify gives it: each controller is used, and the stray is disconnected", () => {
    const { states, deleted } = run(2, (result) => result);
    expect(states).toEqual(["stac connected", "staf connected"]);
    expect(deleted).toEqual(["3"]);
  });

  test("if byte 111 is 0, the well-known NQN means a discovery controller, and an unknown one is never touched", () => {
    const { states, deleted, identifies } = run(10, unreported);
    expect(states).toContain("staf connected");
    expect(states).not.toContain("stac connected");
    expect(deleted).toEqual([]);
    // The I/O controllers.
    expect(identifies).toBeLessThanOrEqual(identifiesWithin(10, 2));
  });

  test.each<[what: string, failure: AdminReply]>([
    ["is interrupted", { ok: false, errno: EINTR }],
    ["is rejected", { ok: true, status: 0x6002, value: 0, bytes: new Uint8Array() }],
    ["is cut short", { ok: true, status: 0, value: 0, bytes: new Uint8Array(100) }],
  ])("an Identify that %s gives no kind, and the audit asks again", (_what, failure) => {
    const never = run(10, () => failure);
    expect(never.deleted).toEqual([]);
    expect(never.states).toContain("staf connected");
    expect(never.identifies).toBeGreaterThan(10);
    expect(never.identifies).toBeLessThanOrEqual(identifiesWithin(10, 3));
    const later = run(5, (result, turn) => (turn <= 2 ? failure : result));
    expect(later.states).toEqual(["stac connected", "staf connected"]);
    expect(later.deleted).toEqual(["3"]);
  });
});

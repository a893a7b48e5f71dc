/** The one door of the core: what it refuses. */
import { beforeEach, describe, expect, test } from "vitest";
import { createWorld } from "../../../src/adapters/sim/world.js";
import type { SimulatedWorld } from "../../../src/adapters/sim/world-api.js";
import { Core, SnapshotVersionError } from "../../../src/core/core.js";
import { AssertionError } from "../../../src/core/domain/assertion.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { CoreEvent, Ports } from "../../../src/core/ports/index.js";
import type { RequestId } from "../../../src/core/ports/request.js";
import { CheckedCore } from "../../../src/harness/run/checked-core.js";
import { scenario, smallWorld } from "../harness/scripted.js";

const START: CoreEvent = { kind: "control", action: "start" };
const RELOAD: CoreEvent = { kind: "control", action: "reload" };

let world: SimulatedWorld;
let ports: Ports;
let core: Core;
/** What the core asked the network to probe. */
let probes: RequestId[];

beforeEach(() => {
  probes = [];
  world = createWorld(scenario(smallWorld()).world, {
    boot: (_process, given) => {
      const network: Ports["network"] = {
        interfaces: () => given.network.interfaces(),
        hostInfo: () => given.network.hostInfo(),
        resolve: (request, name) => {
          given.network.resolve(request, name);
        },
        // Nothing answers: what completes a probe is up to the test.
        probe: (request) => probes.push(request),
      };
      ports = { ...given, network };
      core = new CheckedCore(ports, "both");
      return core;
    },
    observe: () => undefined,
    crashed: (_process, error) => {
      throw error;
    },
  });
  world.apply({ kind: "start", process: "both" });
  world.runUntil(Milliseconds(1));
});

function violated(text: string, act: () => void): void {
  expect(act).toThrow(new AssertionError(text));
}

describe("an event", () => {
  test("comes after the start", () => {
    violated("the first event of a core is its start", () => {
      new Core(ports, "both").dispatch(RELOAD);
    });
  });

  test("does not enter while another is handled, and enters afterwards", () => {
    let again: () => void = () => undefined;
    const system: Ports["system"] = {
      notify: () => {
        again();
      },
      restartUnit: () => undefined,
      writeUdevOverride: () => undefined,
      removeUdevOverride: () => undefined,
      exit: () => undefined,
    };
    const other = new Core({ ...ports, system }, "both");
    other.dispatch(START);
    again = () => {
      other.dispatch(RELOAD);
    };
    violated("an event enters once the one before it is handled", () => {
      other.dispatch(RELOAD);
    });
    again = () => undefined;
    other.dispatch(RELOAD);
  });
});

describe("a completion", () => {
  const refused = { ok: false, errno: 111 } as const;

  test("belongs to a request that was made", () => {
    violated("a port completes only requests that the core made", () => {
      core.dispatch({ kind: "probed", request: 1e6 as RequestId, result: refused });
    });
  });

  test("is of the kind that its request asks for", () => {
    violated("a request that ends with probed was completed by written", () => {
      core.dispatch({ kind: "written", request: probes[0]!, result: { ok: true } });
    });
  });

  test("is dropped where it comes a second time", () => {
    const event: CoreEvent = { kind: "probed", request: probes[0]!, result: refused };
    core.dispatch(event);
    const before = JSON.stringify(core.snapshot());
    core.dispatch(event);
    expect(JSON.stringify(core.snapshot())).toBe(before);
  });
});

describe("a timer", () => {
  test("that is not armed does nothing", () => {
    const before = JSON.stringify(core.snapshot());
    core.dispatch({ kind: "timer", timer: "retry c77" });
    core.dispatch({ kind: "timer", timer: "no timer of ours" });
    expect(JSON.stringify(core.snapshot())).toBe(before);
  });
});

describe("a snapshot", () => {
  test("of this version is restored, by the class that is asked", () => {
    const snapshot = core.snapshot();
    const restored = CheckedCore.restore(ports, snapshot);
    expect(restored).toBeInstanceOf(CheckedCore);
    expect(restored.snapshot()).toEqual(snapshot);
  });

  test("of another version is refused, by name", () => {
    const old = { ...core.snapshot(), version: 1 };
    expect(() => Core.restore(ports, old)).toThrow(SnapshotVersionError);
    expect(() => Core.restore(ports, old)).toThrow("the snapshot is of version 1, and only version 4 can be restored");
  });
});

test("a core whose state contradicts itself does not pass its check", () => {
  const { state, ...rest } = core.snapshot();
  const text = JSON.stringify(state).replace('"at":"probing"', '"at":"waiting"');
  const broken = Core.restore(ports, { ...rest, state: JSON.parse(text) as typeof state });
  expect(() => {
    broken.check();
  }).toThrow(AssertionError);
});

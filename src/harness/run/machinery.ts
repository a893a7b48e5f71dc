/** What a run is made of: the world and the cores in it. Tests replace them. */
import type { WorldSpec } from "../../adapters/sim/spec.js";
import type { SimulatedWorld, WorldHooks } from "../../adapters/sim/world-api.js";
import { createWorld } from "../../adapters/sim/world.js";
import type { CoreServices, CoreSnapshot } from "../../core/core.js";
import type { Ports } from "../../core/ports/index.js";
import type { ObservedCore } from "../core-view.js";
import { CheckedCore } from "./checked-core.js";

export interface Machinery {
  createWorld(spec: WorldSpec, hooks: WorldHooks): SimulatedWorld;
  createCore(ports: Ports, services: CoreServices): ObservedCore;
  /** A core that continues from the snapshot of another, after a round trip through JSON. */
  restoreCore(ports: Ports, from: ObservedCore): ObservedCore;
}

/** The text is not a snapshot of a core. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError";

  constructor() {
    super("this is not a snapshot of a core");
  }
}

/** Reads a snapshot written as JSON. Throws SnapshotError if it is not one. */
export function parseSnapshot(text: string): CoreSnapshot {
  const value: unknown = JSON.parse(text);
  if (!isSnapshot(value)) throw new SnapshotError();
  return value;
}

function isSnapshot(value: unknown): value is CoreSnapshot {
  if (typeof value !== "object" || value === null) return false;
  if (!("version" in value) || !("services" in value) || !("state" in value)) return false;
  return (
    typeof value.version === "number" &&
    (value.services === "both" || value.services === "staf" || value.services === "stac")
  );
}

/** The simulated world and the real core. */
export const MACHINERY: Machinery = {
  createWorld: (spec, hooks) => createWorld(spec, hooks),
  createCore: (ports, services) => new CheckedCore(ports, services),
  restoreCore: (ports, from) => CheckedCore.restore(ports, parseSnapshot(JSON.stringify(from.snapshot()))),
};

/** What a run is made of: the world, and the cores that run in it. Tests put others in their place. */
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
  /** A core that goes on from the snapshot of another, after a round trip through JSON. */
  restoreCore(ports: Ports, from: ObservedCore): ObservedCore;
}

/** A text that holds no snapshot of a core. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError";

  constructor() {
    super("this is no snapshot of a core");
  }
}

/** Reads a snapshot written as JSON. Throws SnapshotError where it is none. */
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

/** The objects and helpers that the parts of the simulated kernel share. */
import { Milliseconds } from "../../../core/domain/units.js";
import type { Cancel, SimClock } from "../clock.js";
import type { FabricModel } from "../fabric/fabric.js";
import type { NetworkModel } from "../net/paths.js";
import type { ControllerState, WorldObservation } from "../observation.js";
import type { RandomStream } from "../random.js";
import { touch } from "./controller.js";
import type { Controller } from "./controller.js";
import type { KernelProfile } from "./profiles.js";
import type { Registry } from "./registry.js";
import type { Uevents } from "./uevents.js";

export interface KernelParts {
  readonly clock: SimClock;
  readonly network: NetworkModel;
  readonly fabric: FabricModel;
  readonly profile: KernelProfile;
  readonly registry: Registry;
  readonly uevents: Uevents;
  readonly latency: LatencyDraw;
  readonly observe: (observation: WorldObservation) => void;
}

/** Draws latencies around their nominal value. Draws nothing without jitter. */
export class LatencyDraw {
  readonly #stream: RandomStream;
  readonly #jitter: number;

  /** `jitter`: each latency is nominal +- this share. */
  constructor(stream: RandomStream, jitter: number) {
    this.#stream = stream;
    this.#jitter = Math.min(1, Math.max(0, jitter));
  }

  /** One factor for all steps of an operation, so that they keep their order. */
  factor(): number {
    return this.#jitter === 0 ? 1 : 1 + (2 * this.#stream.unit() - 1) * this.#jitter;
  }

  one(nominal: Milliseconds): Milliseconds {
    return scaled(nominal, this.factor());
  }

  /** Whether the second of two racing steps comes first: one time in three, never without jitter. */
  overtakes(): boolean {
    return this.#jitter > 0 && this.#stream.below(3) === 0;
  }
}

export function scaled(nominal: number, factor: number): Milliseconds {
  return Milliseconds(Math.max(0, Math.round(nominal * factor)));
}

/** Moves a controller to another state, and reports it. */
export function setState(parts: KernelParts, controller: Controller, to: ControllerState): void {
  const from = controller.state;
  if (from === to) return;
  controller.state = to;
  touch(controller);
  parts.observe({ kind: "controller-state", uid: controller.uid, name: controller.name, from, to });
}

/** Runs `step` after `delay`, unless the controller is gone by then. */
export function later(parts: KernelParts, delay: Milliseconds, controller: Controller, step: () => void): Cancel {
  return parts.clock.after(delay, () => {
    if (controller.presence === "present") step();
  });
}

/** The kernel's controllers, as the harness follows them from observations of the world. */
import type { ConnectionView, WorldObservation } from "../adapters/sim/observation.js";
import { Milliseconds } from "../core/domain/units.js";
import type { ControllerRef } from "./vocabulary/parts/ids.js";

/** Our own view: one object for the life of the controller. Its state follows the kernel's. */
type Followed = Omit<ConnectionView, "state"> & { state: ConnectionView["state"] };

/** The kernel's present controllers. Each view that it returns shows the present state. */
export interface KernelControllers {
  readonly size: number;
  all(): Iterable<ConnectionView>;
  get(uid: number): ConnectionView | undefined;
  /** When this controller was added; 0 if it was there from the start. */
  addedAt(uid: number): Milliseconds;
  /** Whether it was added by a connect that has not made it live yet. */
  isInTheMaking(uid: number): boolean;
  /** Controllers that a reference names. */
  matching(ref: ControllerRef): readonly ConnectionView[];
  /** Whether one of the references names this controller. */
  isOneOf(refs: readonly ControllerRef[], uid: number): boolean;
  /** Whether a reference names a live controller. */
  isConnected(ref: ControllerRef): boolean;
  /** Whether a reference names any controller. */
  exists(ref: ControllerRef): boolean;
}

/** An index kept up to date by observations, so that no lookup walks the kernel. */
export class ControllerIndex implements KernelControllers {
  readonly #present = new Map<number, Followed>();
  readonly #addedAt = new Map<number, Milliseconds>();
  readonly #inTheMaking = new Set<number>();

  constructor(initial: readonly ConnectionView[]) {
    for (const view of initial) this.#add(view, Milliseconds(0));
  }

  /** Applies an observation, before any observer sees it. */
  observe(seen: WorldObservation, at: Milliseconds): void {
    if (seen.kind === "controller-added") {
      this.#add(seen.controller, at);
      if (seen.controller.state !== "live") this.#inTheMaking.add(seen.controller.uid);
    } else if (seen.kind === "controller-state") {
      const view = this.#present.get(seen.uid);
      if (view !== undefined) view.state = seen.to;
      if (seen.to === "live") this.#inTheMaking.delete(seen.uid);
    } else if (seen.kind === "controller-removed") {
      this.#present.delete(seen.controller.uid);
      this.#addedAt.delete(seen.controller.uid);
      this.#inTheMaking.delete(seen.controller.uid);
    }
  }

  get(uid: number): ConnectionView | undefined {
    return this.#present.get(uid);
  }

  addedAt(uid: number): Milliseconds {
    return this.#addedAt.get(uid) ?? Milliseconds(0);
  }

  isInTheMaking(uid: number): boolean {
    return this.#inTheMaking.has(uid);
  }

  get size(): number {
    return this.#present.size;
  }

  all(): Iterable<ConnectionView> {
    return this.#present.values();
  }

  matching(ref: ControllerRef): readonly ConnectionView[] {
    return [...this.#present.values()].filter((view) => refMatches(ref, view));
  }

  isOneOf(refs: readonly ControllerRef[], uid: number): boolean {
    const view = this.#present.get(uid);
    return view !== undefined && refs.some((ref) => refMatches(ref, view));
  }

  isConnected(ref: ControllerRef): boolean {
    for (const view of this.#present.values()) {
      if (view.state === "live" && refMatches(ref, view)) return true;
    }
    return false;
  }

  exists(ref: ControllerRef): boolean {
    for (const view of this.#present.values()) if (refMatches(ref, view)) return true;
    return false;
  }

  #add(view: ConnectionView, at: Milliseconds): void {
    this.#present.set(view.uid, { ...view });
    this.#addedAt.set(view.uid, at);
  }
}

/** Whether a reference of a scenario names this controller. */
export function refMatches(ref: ControllerRef, view: ConnectionView): boolean {
  if (view.peer === undefined ? view.name !== ref.id : view.peer !== ref.id) return false;
  return ref.hostIface === undefined || view.hostIface === ref.hostIface;
}

/** Whether a connect string names the interface of a reference. True if the reference names none. */
export function viaInterface(ref: ControllerRef, options: string): boolean {
  return ref.hostIface === undefined || options.split(",").includes(`host_iface=${ref.hostIface}`);
}

/** `dc1`, or `dc1@eth1`. */
export function formatRef(ref: ControllerRef): string {
  return ref.hostIface === undefined ? ref.id : `${ref.id}@${ref.hostIface}`;
}

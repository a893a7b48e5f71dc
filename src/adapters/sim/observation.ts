/** What happens in a simulated world, as plain records for the trace and the oracles. */
import type { Milliseconds } from "../../core/domain/units.js";
import type { BusResult, ServiceName } from "../../core/ports/bus.js";
import type { FabricId, MadeBy } from "./spec.js";

/** A daemon process of the simulated host. `stas` runs both services. */
export type ProcessName = "stas" | "staf" | "stac";

/** Who caused an observation: a daemon process, or an actor in the world. */
export type Actor = ProcessName | "kernel" | "administrator" | "nvme-cli" | "nbft" | "bios";

export type ControllerState = "new" | "live" | "resetting" | "connecting" | "deleting" | "deleting (no IO)" | "dead";

/** One controller of the simulated kernel. `uid` is never reused, unlike `name`. */
export interface ConnectionView {
  readonly uid: number;
  readonly name: string;
  /** The peer in the fabric, if it is known. */
  readonly peer: FabricId | undefined;
  readonly madeBy: MadeBy;
  readonly role: "discovery" | "io" | "pcie";
  readonly state: ControllerState;
  readonly transport: string;
  readonly traddr: string;
  readonly trsvcid: string;
  readonly subsysnqn: string;
  readonly hostTraddr: string;
  readonly hostIface: string;
  readonly hostNqn: string;
}

export type WorldObservation =
  /** A connect string was written to `/dev/nvme-fabrics`. `peer` is undefined if no peer listens there. */
  | {
      readonly kind: "connect-begin";
      readonly by: Actor;
      readonly options: string;
      readonly peer: FabricId | undefined;
    }
  | {
      readonly kind: "connect-end";
      readonly by: Actor;
      readonly options: string;
      readonly errno: number;
      readonly uid: number | undefined;
    }
  | {
      readonly kind: "controller-added";
      readonly by: Actor;
      readonly controller: ConnectionView;
    }
  | {
      readonly kind: "controller-state";
      readonly uid: number;
      readonly name: string;
      readonly from: ControllerState;
      readonly to: ControllerState;
    }
  | {
      readonly kind: "delete-begin";
      readonly by: Actor;
      readonly uid: number;
      readonly name: string;
    }
  | {
      readonly kind: "controller-removed";
      readonly by: Actor;
      readonly cause: "delete" | "ctrl-loss" | "rejected" | "connect-failed";
      readonly controller: ConnectionView;
    }
  | {
      readonly kind: "uevent";
      readonly fate: "sent" | "lost" | "delayed" | "doubled" | "truncated" | "overflowed";
      readonly header: string;
    }
  /** A discovery controller accepted the registration of a host (TP8010). */
  | { readonly kind: "registered"; readonly peer: FabricId; readonly hostNqn: string; readonly symname: string }
  | {
      readonly kind: "file-written";
      readonly by: Actor;
      readonly path: string;
      readonly bytes: number;
    }
  | {
      readonly kind: "file-failed";
      readonly by: Actor;
      readonly path: string;
      readonly errno: number;
    }
  | {
      readonly kind: "unit-job";
      readonly unit: string;
      readonly job: "start" | "restart";
      readonly fate: "run" | "lost" | "queued";
    }
  /** A client of the timeline got its reply. */
  | {
      readonly kind: "bus-reply";
      readonly service: ServiceName;
      readonly method: string;
      readonly uid: number;
      readonly result: BusResult;
    }
  /** An action had no effect: its target does not exist, or is in that state already. */
  | { readonly kind: "ignored"; readonly action: string; readonly target: string }
  | {
      readonly kind: "process";
      readonly process: ProcessName;
      /** `ready` and `reloading`: the daemon notified this. `stopping`: it was asked to stop. */
      readonly phase: "started" | "ready" | "reloading" | "stopping" | "exited" | "killed" | "crashed";
      readonly status: number | undefined;
    };

/** An observation with its simulated time. */
export interface TimedObservation {
  readonly at: Milliseconds;
  readonly observation: WorldObservation;
}

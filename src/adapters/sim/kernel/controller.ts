/** The objects of the simulated kernel: controllers, subsystems, namespaces and open handles. */
import type { Milliseconds } from "../../../core/domain/units.js";
import type { AdminReplyEvent } from "../../../core/ports/fabrics.js";
import type { HandlePurpose } from "../../../core/ports/sysfs.js";
import type { Cancel } from "../clock.js";
import type { Peer } from "../fabric/peers.js";
import type { Listener, ReachTarget } from "../net/paths.js";
import type { ConnectionView, ControllerState } from "../observation.js";
import type { MadeBy } from "../spec.js";
import type { ConnectOptions } from "./options.js";

/** The block and generic devices of a namespace. They belong to the subsystem. */
export interface Namespace {
  /** `nvme1n1` */
  readonly disk: string;
  /** `ng1n1` */
  readonly generic: string;
  readonly minor: number;
  readonly genericMinor: number;
  readonly diskseq: number;
}

/** One `nvme-subsysN`. It has the number of its first controller, and holds it as long as it exists. */
export interface Subsystem {
  readonly instance: number;
  readonly nqn: string;
  readonly controllers: Set<Controller>;
  namespaces: Namespace[];
  /** Minors of hidden path devices: taken, but never visible. */
  readonly pathMinors: Map<Controller, number[]>;
}

export type AdminResult = AdminReplyEvent["result"];

export type DeleteResult = { readonly ok: true } | { readonly ok: false; readonly errno: number };

/** An admin command in flight. */
export interface PendingCommand {
  readonly done: (result: AdminResult) => void;
  readonly cancel: Cancel[];
  /** When it times out. */
  readonly deadline: Milliseconds;
  /** Sends it again. Set while the command or its reply is lost on the way. */
  resend: (() => void) | undefined;
}

/** How the host will notice a lost connection. */
interface Notice {
  readonly kind: "loud" | "silent";
  readonly cancel: Cancel;
}

/** A delete in progress. */
export interface Deletion {
  /** `shutdown`: waits for a shutdown command on a dead link. `removing`: only the host's own work is left. */
  phase: "shutdown" | "removing";
  readonly waiters: (() => void)[];
  /** Completes a delete that waits for a shutdown command. */
  finish: (() => void) | undefined;
  cancel: Cancel | undefined;
}

/** One controller. Handles refer to this object, never to its name. */
export interface Controller {
  readonly uid: number;
  readonly instance: number;
  readonly name: string;
  readonly madeBy: MadeBy;
  readonly role: ConnectionView["role"];
  readonly options: ConnectOptions;
  /** Where its connection leads: its options, with the present name of an interface that was renamed. */
  way: ReachTarget;
  /** Attributes from the scenario, served unchanged. */
  readonly given: Readonly<Record<string, string>> | undefined;
  /** The peer of the connection. `undefined` if it is outside the fabric of the scenario. */
  peer: Peer | undefined;
  listener: Listener | undefined;
  state: ControllerState;
  /** In sysfs, or removed. */
  presence: "present" | "gone";
  /** Whether the connect that made it has ended. */
  made: "connecting" | "done";
  /** Whether its attributes are filled in. */
  isFilled: boolean;
  /** The controller id from the target. Still visible while it is not connected. */
  cntlid: number;
  holdsCntlid: boolean;
  /** Source address of the connection. Empty while not connected. */
  srcAddr: string;
  subsystem: Subsystem | undefined;
  /** `masked`: an AEN was sent, and no read with RAE=0 followed. `owed`: an AEN is stuck on a dead link. */
  aen: "armed" | "masked" | "owed";
  /** When the keep-alive timer started. */
  keepAliveFrom: Milliseconds;
  /** Failed attempts since it was last live. */
  attempts: number;
  notice: Notice | undefined;
  /** The next step of its life: an attempt, or the end of an attempt or reset. */
  next: Cancel | undefined;
  deletion: Deletion | undefined;
  /** Deletes that wait for the end of its connect. */
  readonly afterMade: (() => void)[];
  readonly pending: Set<PendingCommand>;
  /** Open `/dev/nvmeN` descriptors. While any is open, the number is not reused. */
  adminHandles: number;
  /** Whether its number is still taken. */
  number: "held" | "free";
  /** Attribute texts, and whether those that depend on the state are current. See `touch` and `forget`. */
  texts: Map<string, string> | undefined;
  textsOf: "now" | "before";
  /** The cached view. `undefined` after a change. */
  view: ConnectionView | undefined;
}

/** An open `/dev/nvmeN` (`admin`) or `delete_controller` (`delete`). */
export interface KernelHandle {
  readonly purpose: HandlePurpose;
  readonly controller: Controller;
  isOpen: boolean;
}

/** The controller as the trace and the oracles see it. */
export function viewOf(controller: Controller): ConnectionView {
  if (controller.view !== undefined) return controller.view;
  const { options } = controller;
  const shown = controller.given?.["subsysnqn"]?.trim();
  const view: ConnectionView = {
    uid: controller.uid,
    name: controller.name,
    peer: controller.peer?.id,
    madeBy: controller.madeBy,
    role: controller.role,
    state: controller.state,
    transport: controller.given?.["transport"]?.trim() ?? options.transport,
    traddr: options.traddr,
    trsvcid: options.trsvcid,
    subsysnqn: shown ?? controller.subsystem?.nqn ?? options.nqn,
    hostTraddr: options.hostTraddr,
    hostIface: options.hostIface,
    hostNqn: options.hostNqn,
  };
  controller.view = view;
  return view;
}

/** Invalidates what was built from state, address and controller id. Call after every change of one of them. */
export function touch(controller: Controller): void {
  controller.textsOf = "before";
  controller.view = undefined;
}

/** Invalidates all attribute texts. Call after a change of the target, or of what it reports. */
export function forget(controller: Controller): void {
  controller.texts = undefined;
  controller.view = undefined;
}

/** Whether the controller is leaving. Such a controller is no duplicate, and cannot be deleted again. */
export function isLeaving(controller: Controller): boolean {
  return controller.presence === "gone" || controller.deletion !== undefined;
}

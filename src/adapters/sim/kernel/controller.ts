/** What the simulated kernel holds: controllers, subsystems, namespaces and open handles. */
import type { Milliseconds } from "../../../core/domain/units.js";
import type { AdminReplyEvent } from "../../../core/ports/fabrics.js";
import type { HandlePurpose } from "../../../core/ports/sysfs.js";
import type { Cancel } from "../clock.js";
import type { Peer } from "../fabric/peers.js";
import type { Listener } from "../net/paths.js";
import type { ConnectionView, ControllerState } from "../observation.js";
import type { MadeBy } from "../spec.js";
import type { ConnectOptions } from "./options.js";

/** A namespace's block and generic devices, which belong to the subsystem. */
export interface Namespace {
  /** `nvme1n1` */
  readonly disk: string;
  /** `ng1n1` */
  readonly generic: string;
  readonly minor: number;
  readonly genericMinor: number;
  readonly diskseq: number;
}

/** One `nvme-subsysN`. Its number is its first controller's, and stays taken as long as it lives. */
export interface Subsystem {
  readonly instance: number;
  readonly nqn: string;
  readonly controllers: Set<Controller>;
  namespaces: Namespace[];
  /** Minors of hidden path devices, taken but never shown. */
  readonly pathMinors: Map<Controller, number[]>;
}

export type AdminResult = AdminReplyEvent["result"];

export type DeleteResult = { readonly ok: true } | { readonly ok: false; readonly errno: number };

/** An admin command on its way. */
export interface PendingCommand {
  readonly done: (result: AdminResult) => void;
  readonly cancel: Cancel[];
  /** When its own time is over. */
  readonly deadline: Milliseconds;
  /** Sends it again; set while it, or its reply, is lost on the way. */
  resend: (() => void) | undefined;
}

/** How a lost connection will be noticed. */
interface Notice {
  readonly kind: "loud" | "silent";
  readonly cancel: Cancel;
}

/** A delete under way. */
export interface Deletion {
  /** `shutdown`: waits for a shutdown command on a dead link; `removing`: only the host's own work is left. */
  phase: "shutdown" | "removing";
  readonly waiters: (() => void)[];
  /** Brings a delete that waits for a shutdown command to its end. */
  finish: (() => void) | undefined;
  cancel: Cancel | undefined;
}

/** One controller. It is this object, never its name, that handles hold on to. */
export interface Controller {
  readonly uid: number;
  readonly instance: number;
  readonly name: string;
  readonly madeBy: MadeBy;
  readonly role: ConnectionView["role"];
  readonly options: ConnectOptions;
  /** Attributes that a scenario gives, served unchanged. */
  readonly given: Readonly<Record<string, string>> | undefined;
  /** Whom it is connected to; `undefined` for one outside the fabric of the scenario. */
  peer: Peer | undefined;
  listener: Listener | undefined;
  state: ControllerState;
  /** In sysfs, or removed. */
  presence: "present" | "gone";
  /** Whether the connect that made it has ended. */
  made: "connecting" | "done";
  /** Whether its attributes are filled in. */
  isFilled: boolean;
  /** What the target gave it; kept on show while it is not connected. */
  cntlid: number;
  holdsCntlid: boolean;
  /** Source address of the connection; empty while there is none. */
  srcAddr: string;
  subsystem: Subsystem | undefined;
  /** `masked`: one AEN was sent, and the log was not read with RAE=0 since. `owed`: it is stuck on a dead link. */
  aen: "armed" | "masked" | "owed";
  /** When the keep-alive began to tick. */
  keepAliveFrom: Milliseconds;
  /** Failed attempts since it was live last. */
  attempts: number;
  notice: Notice | undefined;
  /** The next step of its own life: an attempt, the end of one, of a reset. */
  next: Cancel | undefined;
  deletion: Deletion | undefined;
  /** Deletes that wait for the connect that makes it. */
  readonly afterMade: (() => void)[];
  readonly pending: Set<PendingCommand>;
  /** Open `/dev/nvmeN` descriptors: they keep its number from being reused. */
  adminHandles: number;
  /** Whether its number is still taken. */
  number: "held" | "free";
  /** Attribute texts, and whether those that go with the state are out of date; see `touch` and `forget`. */
  texts: Map<string, string> | undefined;
  textsOf: "now" | "before";
  /** Until something changes. */
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

/** What was built from state, address and controller id is out of date. Call after every change of one of them. */
export function touch(controller: Controller): void {
  controller.textsOf = "before";
  controller.view = undefined;
}

/** The same for all that is on show: call after a change of what the target tells, or of who the target is. */
export function forget(controller: Controller): void {
  controller.texts = undefined;
  controller.view = undefined;
}

/** Whether the controller is on its way out: neither a duplicate of anything, nor to be deleted again. */
export function isLeaving(controller: Controller): boolean {
  return controller.presence === "gone" || controller.deletion !== undefined;
}

/**
 * The simulated kernel: `/dev/nvme-fabrics`, `/dev/nvmeN`, `/sys/class/nvme` and the uevents, over one network and one
 * fabric. test/unit/sim/kernel-facts lists its behaviour, latencies.ts its latencies.
 */
import { ERRNO } from "../../../core/domain/errno.js";
import type { Milliseconds } from "../../../core/domain/units.js";
import type { AdminCommand } from "../../../core/ports/fabrics.js";
import type { HandlePurpose, SysfsRecord, SysfsSummary } from "../../../core/ports/sysfs.js";
import { SysfsReader } from "../../shared/sysfs-reader.js";
import type { SimClock } from "../clock.js";
import type { FabricModel } from "../fabric/fabric.js";
import { sendsAens } from "../fabric/peers.js";
import type { NetworkModel } from "../net/paths.js";
import type { Actor, ConnectionView, WorldObservation } from "../observation.js";
import type { RandomStream } from "../random.js";
import type { FabricId, KernelSpec, MadeBy } from "../spec.js";
import type { KernelAction } from "./actions.js";
import { adminCommand, closeHandle, openHandle } from "./admin.js";
import type { OpenHandleResult } from "./admin.js";
import { FabricsDevice } from "./connect.js";
import type { FabricsResult } from "./connect.js";
import { viewOf } from "./controller.js";
import type { AdminResult, Controller, DeleteResult, KernelHandle } from "./controller.js";
import { addInitial, connectText } from "./initial.js";
import type { HostIdentity } from "./initial.js";
import { LATENCY } from "./latencies.js";
import { resetController, review, sendAen, wake } from "./lifecycle.js";
import { LatencyDraw } from "./parts.js";
import type { KernelParts } from "./parts.js";
import { pathState } from "./path.js";
import { KERNEL_PROFILES } from "./profiles.js";
import { Registry } from "./registry.js";
import { deleteController, giveUp } from "./removal.js";
import { attributeTexts, SysfsTree } from "./sysfs-tree.js";
import { Uevents } from "./uevents.js";
import type { UeventSink } from "./uevents.js";

/** The property of a uevent that was requested through sysfs (Documentation/ABI/testing/sysfs-uevent). */
const SYNTHETIC = ["SYNTH_UUID", "0"] as const;

/** What a kernel is made from. */
interface KernelSetup {
  readonly clock: SimClock;
  /** The random stream of a label. */
  readonly random: (label: string) => RandomStream;
  readonly network: NetworkModel;
  readonly fabric: FabricModel;
  readonly spec: KernelSpec;
  /** The identity of the host, for controllers that others made. */
  readonly host: HostIdentity;
  readonly observe: (observation: WorldObservation) => void;
  /** Steps the wall clock of the host. */
  readonly stepWall: (by: Milliseconds) => void;
}

export class KernelModel {
  readonly #parts: KernelParts;
  readonly #spec: KernelSpec;
  readonly #host: HostIdentity;
  readonly #device: FabricsDevice;
  readonly #stepWall: (by: Milliseconds) => void;
  readonly #tree: SysfsTree;
  readonly #reader: SysfsReader;
  #views: { readonly of: readonly Controller[]; readonly list: readonly ConnectionView[] } | undefined;

  constructor(setup: KernelSetup) {
    const profile = KERNEL_PROFILES[setup.spec.version];
    this.#spec = setup.spec;
    this.#host = setup.host;
    this.#stepWall = setup.stepWall;
    this.#parts = {
      clock: setup.clock,
      network: setup.network,
      fabric: setup.fabric,
      profile,
      registry: new Registry(),
      uevents: new Uevents(profile),
      latency: new LatencyDraw(setup.random("kernel latency"), setup.spec.jitter),
      observe: setup.observe,
    };
    this.#device = new FabricsDevice(this.#parts, setup.spec);
    this.#tree = new SysfsTree(this.#parts.registry, profile, setup.random("sysfs order"));
    this.#reader = new SysfsReader(this.#tree);
    setup.network.onChange((change) => {
      if (change.kind === "rename-interface") this.#renamed(change.name, change.to);
      this.networkChanged();
    });
    setup.fabric.onListenerChanged((peer) => {
      for (const controller of this.#parts.registry.of(peer)) review(this.#parts, controller);
    });
    setup.fabric.onPageChanged((dc, seenBy) => {
      this.#pageChanged(dc, seenBy);
    });
  }

  /** Adds the initial controllers. Call once, before anything else. Throws WorldMisuse. */
  boot(): void {
    for (const spec of this.#spec.controllers) addInitial(this.#parts, spec, this.#host);
    this.networkChanged();
  }

  /** Writes a connect string, then reads the reply: `instance=0,cntlid=1\n`, or the errno. */
  connect(by: Actor, madeBy: MadeBy, options: string, done: (result: FabricsResult) => void): void {
    this.#device.connect({ by, madeBy, text: options, done });
  }

  /** Reads the option line. Waits behind the connects before it. */
  readOptions(done: (result: FabricsResult) => void): void {
    this.#device.readOptions(done);
  }

  openHandle(name: string, purpose: HandlePurpose): OpenHandleResult {
    return openHandle(this.#parts, name, purpose);
  }

  closeHandle(handle: KernelHandle): void {
    closeHandle(this.#parts, handle);
  }

  /** Writes to the `delete_controller` behind a handle. */
  deleteThrough(by: Actor, handle: KernelHandle, done: (result: DeleteResult) => void): void {
    if (handle.purpose !== "delete" || !handle.isOpen) {
      this.#parts.clock.after(LATENCY.syscall, () => {
        done({ ok: false, errno: ERRNO.EBADF });
      });
      return;
    }
    deleteController(this.#parts, handle.controller, by, done);
  }

  admin(handle: KernelHandle, command: AdminCommand, done: (result: AdminResult) => void): void {
    adminCommand(this.#parts, handle, command, done);
  }

  /** `/sys/class/nvme`, for another reader. */
  sysfs(): SysfsTree {
    return this.#tree;
  }

  list(): readonly SysfsSummary[] {
    return this.#reader.list();
  }

  read(name: string): SysfsRecord | undefined {
    return this.#reader.read(name);
  }

  /** Every readable attribute of every controller, by name. */
  attributes(): ReadonlyMap<string, ReadonlyMap<string, string>> {
    const { registry, profile } = this.#parts;
    return new Map(registry.all().map((controller) => [controller.name, attributeTexts(controller, profile)]));
  }

  onUevent(sink: UeventSink): void {
    this.#parts.uevents.onUevent(sink);
  }

  /** Every controller in sysfs, by instance number. */
  views(): readonly ConnectionView[] {
    const all = this.#parts.registry.all();
    const known = this.#views;
    if (known?.of === all && all.every((controller, index) => controller.view === known.list[index])) return known.list;
    const list = all.map(viewOf);
    this.#views = { of: all, list };
    return list;
  }

  /** Checks the path of every connection after a change of the network. The network calls it by itself. */
  networkChanged(): void {
    for (const controller of this.#parts.registry.all()) review(this.#parts, controller);
  }

  /** Returns the target's name if no such device or peer exists. */
  apply(action: KernelAction): string | undefined {
    switch (action.kind) {
      case "remove-device":
        return this.#each(action.target, (controller) => {
          this.#removeDevice(controller);
        });
      case "trigger-device":
        return this.#each(action.target, (controller) => {
          this.#parts.uevents.controller("add", controller, SYNTHETIC);
        });
      case "reset-device":
        return this.#each(action.target, (controller) => {
          resetController(this.#parts, controller);
        });
      case "add-device":
        if (this.#parts.fabric.peer(action.to) === undefined) return action.to;
        this.connect(
          action.madeBy,
          action.madeBy,
          connectText(this.#parts.fabric, action, this.#host),
          () => undefined,
        );
        return undefined;
      case "suspend":
        this.#stepWall(action.asleep);
        for (const controller of this.#parts.registry.all()) wake(this.#parts, controller, action.asleep);
        return undefined;
      case "fabrics-device":
        this.#device.presence = action.presence;
        return undefined;
      case "attributes-after":
        this.#device.setAttributesAfter(action.delay);
        return undefined;
    }
  }

  /** A socket is bound to the interface, not to its name (test/lab/checks/targets.ts). */
  #renamed(name: string, to: string): void {
    for (const controller of this.#parts.registry.all()) {
      if (controller.way.hostIface === name) controller.way = { ...controller.way, hostIface: to };
    }
  }

  /** Acts on a device, or on every controller of a peer. Returns the target's name if there is none. */
  #each(target: string, act: (controller: Controller) => void): string | undefined {
    const { registry } = this.#parts;
    const named = registry.get(target);
    const targets = named === undefined ? registry.of(target) : [named];
    for (const controller of targets) act(controller);
    return targets.length > 0 ? undefined : target;
  }

  #removeDevice(controller: Controller): void {
    const remove = (): void => {
      giveUp(this.#parts, controller, { by: "kernel", cause: "delete" });
    };
    if (controller.made === "connecting") controller.afterMade.push(remove);
    else remove();
  }

  /** Sends an AEN to each connected controller that got none since its last read of the log page (6.12-cloud.s2.log). */
  #pageChanged(dc: FabricId, seenBy: (hostNqn: string) => boolean): void {
    for (const controller of this.#parts.registry.of(dc)) {
      if (controller.peer === undefined || !sendsAens(controller.peer)) continue;
      const there = controller.state === "live" && controller.deletion === undefined;
      if (!there || controller.aen !== "armed" || !seenBy(controller.options.hostNqn)) continue;
      if (pathState(this.#parts, controller) === "well") sendAen(this.#parts, controller);
      else controller.aen = "owed";
    }
  }
}

export type { FabricsResult } from "./connect.js";
export type { AdminResult, KernelHandle } from "./controller.js";

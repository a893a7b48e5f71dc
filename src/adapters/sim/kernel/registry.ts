/** The controllers and subsystems of the kernel, and their numbers. */
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../core/domain/transport-id.js";
import { Milliseconds } from "../../../core/domain/units.js";
import type { Peer } from "../fabric/peers.js";
import type { Listener } from "../net/paths.js";
import type { ControllerState } from "../observation.js";
import type { FabricId, MadeBy } from "../spec.js";
import { forget, isLeaving } from "./controller.js";
import type { Controller, Namespace, Subsystem } from "./controller.js";
import { LowestFree } from "./numbers.js";
import type { ConnectOptions } from "./options.js";

/** What a controller is made from. */
interface Making {
  readonly madeBy: MadeBy;
  readonly role: Controller["role"];
  readonly options: ConnectOptions;
  readonly peer: Peer | undefined;
  readonly listener: Listener | undefined;
  readonly state: ControllerState;
  /** Its number, if a scenario gives one. */
  readonly instance?: number;
  readonly given?: Readonly<Record<string, string>>;
}

/** The lab's twelve RAM and loop disks come before the first namespace (6.12-cloud.s1.log: 13 and 14). */
const DISKSEQ_FIRST = 13;

/** Two connects with the same key are duplicates to the kernel (6.12.s3.log). */
function duplicateKey(options: ConnectOptions): string {
  const { transport, traddr, trsvcid, nqn, hostTraddr, hostIface, hostNqn, hostId } = options;
  return [transport, traddr, trsvcid, nqn, hostTraddr, hostIface, hostNqn, hostId].join("|");
}

function groupAdd<K>(groups: Map<K, Set<Controller>>, key: K, controller: Controller): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, new Set([controller]));
  else group.add(controller);
}

function groupRemove<K>(groups: Map<K, Set<Controller>>, key: K, controller: Controller): void {
  const group = groups.get(key);
  group?.delete(controller);
  if (group?.size === 0) groups.delete(key);
}

function numbersPerAddress(peer: Peer): boolean {
  return peer.role === "io" && peer.spec.cntlids === "per-address";
}

export class Registry {
  readonly #instances = new LowestFree(0);
  readonly #cntlids = new LowestFree(1);
  readonly #minors = new LowestFree(0);
  readonly #genericMinors = new LowestFree(0);
  readonly #byName = new Map<string, Controller>();
  readonly #byPeer = new Map<FabricId, Set<Controller>>();
  readonly #bySame = new Map<string, Set<Controller>>();
  readonly #hosts = new Map<string, { readonly nqn: string; readonly id: string; users: number }>();
  readonly #subsystems = new Map<string, Subsystem>();
  #diskseq = DISKSEQ_FIRST;
  #uid = 1;
  #sorted: readonly Controller[] | undefined;

  make(making: Making): Controller {
    const wanted = making.instance;
    const instance = wanted !== undefined && this.#instances.claim(wanted) ? wanted : this.#instances.take();
    const controller: Controller = {
      uid: this.#uid++,
      instance,
      name: `nvme${String(instance)}`,
      madeBy: making.madeBy,
      role: making.role,
      options: making.options,
      way: making.options,
      given: making.given,
      peer: making.peer,
      listener: making.listener,
      state: making.state,
      presence: "present",
      made: "connecting",
      isFilled: false,
      cntlid: 0,
      holdsCntlid: false,
      srcAddr: "",
      subsystem: undefined,
      aen: "armed",
      keepAliveFrom: Milliseconds(0),
      attempts: 0,
      notice: undefined,
      next: undefined,
      deletion: undefined,
      afterMade: [],
      pending: new Set(),
      adminHandles: 0,
      number: "held",
      texts: undefined,
      textsOf: "before",
      view: undefined,
    };
    this.#byName.set(controller.name, controller);
    if (controller.peer !== undefined) groupAdd(this.#byPeer, controller.peer.id, controller);
    groupAdd(this.#bySame, duplicateKey(controller.options), controller);
    this.#countHost(controller.options, 1);
    this.#sorted = undefined;
    return controller;
  }

  /** Sets the peer of a controller. */
  setPeer(controller: Controller, peer: Peer, listener: Listener): void {
    if (controller.peer !== peer) forget(controller);
    if (controller.peer !== undefined) groupRemove(this.#byPeer, controller.peer.id, controller);
    controller.peer = peer;
    controller.listener = listener;
    groupAdd(this.#byPeer, peer.id, controller);
  }

  get(name: string): Controller | undefined {
    return this.#byName.get(name);
  }

  /** Every controller in sysfs, by number. */
  all(): readonly Controller[] {
    this.#sorted ??= [...this.#byName.values()].sort((a, b) => a.instance - b.instance);
    return this.#sorted;
  }

  of(peer: FabricId): readonly Controller[] {
    return [...(this.#byPeer.get(peer) ?? [])];
  }

  /** Whether a controller with these options exists and is not leaving. */
  hasDuplicate(options: ConnectOptions): boolean {
    const same = this.#bySame.get(duplicateKey(options));
    return same !== undefined && [...same].some((controller) => !isLeaving(controller));
  }

  /** Whether a controller has this host id with another host NQN, or the reverse. */
  hasHostConflict(hostNqn: string, hostId: string, defaults: { readonly nqn: string; readonly id: string }): boolean {
    const differs = (host: { readonly nqn: string; readonly id: string }): boolean =>
      (host.nqn === hostNqn) !== (host.id === hostId);
    return differs(defaults) || [...this.#hosts.values()].some(differs);
  }

  /** How many controllers of a peer connections with other options have. */
  others(peer: FabricId, options: ConnectOptions): number {
    return this.of(peer).filter((other) => other.holdsCntlid && other.options !== options).length;
  }

  /**
   * Whether the target gives a new controller an id that another controller of the subsystem has. The kernel then rejects
   * the new one (nvme_validate_cntlid in drivers/nvme/host/core.c; not measured).
   */
  isDoubled({ peer, listener }: Controller): boolean {
    if (peer === undefined || listener === undefined || !numbersPerAddress(peer)) return false;
    const cntlid = this.#nextAt(peer, listener);
    return this.of(peer.id).some((other) => other.cntlid === cntlid && !isLeaving(other));
  }

  takeCntlid(controller: Controller): void {
    const { peer, listener } = controller;
    const own = peer !== undefined && listener !== undefined && numbersPerAddress(peer);
    controller.cntlid = own ? this.#nextAt(peer, listener) : this.#cntlids.take();
    controller.holdsCntlid = true;
  }

  /** The lowest controller id that no connection through this address has. */
  #nextAt(peer: Peer, listener: Listener): number {
    const through = this.of(peer.id).filter((other) => other.holdsCntlid && other.listener === listener);
    const taken = new Set(through.map(({ cntlid }) => cntlid));
    let cntlid = 1;
    while (taken.has(cntlid)) cntlid++;
    return cntlid;
  }

  #freeCntlid({ peer }: Controller, cntlid: number): void {
    if (peer === undefined || !numbersPerAddress(peer)) this.#cntlids.release(cntlid);
  }

  claimCntlid(controller: Controller, cntlid: number): void {
    controller.holdsCntlid = this.#cntlids.claim(cntlid);
    controller.cntlid = cntlid;
  }

  releaseCntlid(controller: Controller): void {
    if (controller.holdsCntlid) this.#freeCntlid(controller, controller.cntlid);
    controller.holdsCntlid = false;
  }

  /** Takes a new controller id before it frees the old one. */
  exchangeCntlid(controller: Controller): void {
    const old = controller.holdsCntlid ? controller.cntlid : undefined;
    this.takeCntlid(controller);
    if (old !== undefined) this.#freeCntlid(controller, old);
  }

  /** Joins the subsystem of an NQN. With the well-known NQN, each controller has its own subsystem (6.12-cloud.s2.log). */
  join(controller: Controller, nqn: string): { readonly subsystem: Subsystem; readonly isNew: boolean } {
    const shared = nqn !== WELL_KNOWN_DISCOVERY_NQN;
    const known = shared ? this.#subsystems.get(nqn) : undefined;
    const subsystem: Subsystem = known ?? {
      instance: controller.instance,
      nqn,
      controllers: new Set(),
      namespaces: [],
      pathMinors: new Map(),
    };
    if (known === undefined && shared) this.#subsystems.set(nqn, subsystem);
    subsystem.controllers.add(controller);
    controller.subsystem = subsystem;
    forget(controller);
    return { subsystem, isNew: known === undefined };
  }

  /** Adds a path to the namespaces of the subsystem. Returns the namespaces whose devices are new. */
  attachNamespaces(controller: Controller, count: number): readonly Namespace[] {
    const { subsystem } = controller;
    if (subsystem === undefined) return [];
    const paths: number[] = [];
    const fresh: Namespace[] = [];
    for (let nsid = 1; nsid <= count; nsid++) {
      paths.push(this.#minors.take());
      this.#diskseq++;
      if (nsid <= subsystem.namespaces.length) continue;
      const number = String(subsystem.instance);
      fresh.push({
        disk: `nvme${number}n${String(nsid)}`,
        generic: `ng${number}n${String(nsid)}`,
        minor: this.#minors.take(),
        genericMinor: this.#genericMinors.take(),
        diskseq: this.#diskseq++,
      });
    }
    subsystem.pathMinors.set(controller, paths);
    subsystem.namespaces = [...subsystem.namespaces, ...fresh];
    return fresh;
  }

  /** Drops a path. Returns the namespaces without a path. */
  detachNamespaces(controller: Controller): readonly Namespace[] {
    const { subsystem } = controller;
    const paths = subsystem?.pathMinors.get(controller);
    if (subsystem === undefined || paths === undefined) return [];
    subsystem.pathMinors.delete(controller);
    for (const minor of paths) this.#minors.release(minor);
    if (subsystem.pathMinors.size > 0) return [];
    const gone = subsystem.namespaces;
    subsystem.namespaces = [];
    for (const namespace of gone) {
      this.#minors.release(namespace.minor);
      this.#genericMinors.release(namespace.genericMinor);
    }
    return gone;
  }

  /** Removes a controller from sysfs. Its number stays taken until `free`. */
  remove(controller: Controller): void {
    controller.presence = "gone";
    this.#byName.delete(controller.name);
    if (controller.peer !== undefined) groupRemove(this.#byPeer, controller.peer.id, controller);
    groupRemove(this.#bySame, duplicateKey(controller.options), controller);
    this.#sorted = undefined;
  }

  /** Frees what a removed controller still holds. Returns its subsystem if that is gone too. */
  free(controller: Controller): Subsystem | undefined {
    const { subsystem } = controller;
    this.#countHost(controller.options, -1);
    if (subsystem === undefined || subsystem.instance !== controller.instance)
      this.#instances.release(controller.instance);
    if (subsystem === undefined) return undefined;
    subsystem.controllers.delete(controller);
    if (subsystem.controllers.size > 0) return undefined;
    this.#instances.release(subsystem.instance);
    if (this.#subsystems.get(subsystem.nqn) === subsystem) this.#subsystems.delete(subsystem.nqn);
    return subsystem;
  }

  #countHost(options: ConnectOptions, by: 1 | -1): void {
    const key = `${options.hostNqn}|${options.hostId}`;
    const host = this.#hosts.get(key) ?? { nqn: options.hostNqn, id: options.hostId, users: 0 };
    host.users += by;
    if (host.users <= 0) this.#hosts.delete(key);
    else this.#hosts.set(key, host);
  }
}

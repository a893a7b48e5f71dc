/** The simulated storage: its listeners, the pages of its discovery controllers, and its answers to admin commands. */
import { decodeGetLogPage, LID, OPCODE } from "../../../core/codec/admin.js";
import { decodeRegistration, type Registration } from "../../../core/codec/dim.js";
import { DecodeError } from "../../../core/codec/error.js";
import type { DiscoveryLogEntry } from "../../../core/domain/discovery-log.js";
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../core/domain/transport-id.js";
import type { Transport } from "../../../core/domain/transport-id.js";
import { Milliseconds } from "../../../core/domain/units.js";
import type { AdminCommand } from "../../../core/ports/fabrics.js";
import { isSameAddress } from "../net/address.js";
import type { Listener, NetworkModel } from "../net/paths.js";
import type {
  AnswerSpec,
  ConnectFailure,
  DhchapKeys,
  EntrySpec,
  FabricId,
  FabricSpec,
  ListenerState,
} from "../spec.js";
import type { FabricAction } from "./actions.js";
import { type Admission, type ConnectAsk, failureOf, lackingKey } from "./admission.js";
import { discoveryPage, identifyPage, listed, slicePage, supportedLogPages, visibleEntries } from "./pages.js";
import type { PageView } from "./pages.js";
import { admits, armAnswers, makeDiscoveryPeer, makeSubsystemPeer, sendsAens } from "./peers.js";
import { NVME_STATUS } from "./status.js";
import type { ArmedAnswer, DiscoveryPeer, Peer, SubsystemPeer } from "./peers.js";

/** How an admin command ends. `after`: its duration, beyond the round trip. */
type AdminAnswer = {
  readonly after: Milliseconds;
  readonly result:
    | { readonly kind: "status"; readonly status: number; readonly value: number; readonly bytes: Uint8Array }
    | { readonly kind: "errno"; readonly errno: number };
};

/** The controller of the host that sends a command. */
interface AdminAsker {
  readonly peer: Peer;
  readonly listener: Listener;
  readonly hostNqn: string;
  readonly cntlid: number;
  readonly katoSeconds: number;
}

/** A page changed. `seenBy`: whether a host sees the change. */
type PageChanged = (dc: FabricId, seenBy: (hostNqn: string) => boolean) => void;

const NO_BYTES = new Uint8Array(0);

/** Get Features and its two features (6.12-cloud.s1.log). */
const GET_FEATURES = 0x0a;
const FEATURE = { asyncEvents: 0x0b, keepAlive: 0x0f } as const;
/** Discovery log page change notices are enabled. */
const AEN_CONFIG = 0x8000_0000;

export class FabricModel {
  readonly #peers = new Map<FabricId, Peer>();
  readonly #network: NetworkModel;
  readonly #pageChanged: PageChanged[] = [];
  readonly #listenerChanged: ((peer: FabricId) => void)[] = [];
  readonly #registered: ((dc: FabricId, registration: Registration) => void)[] = [];
  readonly #firmware: string;

  /** `firmware`: the firmware revision of the targets of this fabric. */
  constructor(spec: FabricSpec, network: NetworkModel, firmware = "6.12.117") {
    this.#network = network;
    this.#firmware = firmware;
    for (const dc of spec.discoveryControllers) this.#add(makeDiscoveryPeer(dc));
    for (const subsystem of spec.subsystems) this.#add(makeSubsystemPeer(subsystem));
  }

  peer(id: FabricId): Peer | undefined {
    return this.#peers.get(id);
  }

  /** What a discovery controller lists to a host, without itself. One that can list port-local entries lists only those. */
  listedBy(id: FabricId, listener: number, hostNqn: string): readonly DiscoveryLogEntry[] {
    const dc = this.#discovery(id);
    const through = dc?.listeners[listener];
    if (dc === undefined || through === undefined) return [];
    return listed(dc, { listener: through, hostNqn }, this.#peers, dc.spec.pleo).map(({ entry }) => entry);
  }

  /** Calls back when the page of a discovery controller changed. */
  onPageChanged(callback: PageChanged): void {
    this.#pageChanged.push(callback);
  }

  /** Calls back when a discovery controller has accepted a registration. */
  onRegistered(callback: (dc: FabricId, registration: Registration) => void): void {
    this.#registered.push(callback);
  }

  /** Calls back when a listener of a peer changed its state. */
  onListenerChanged(callback: (peer: FabricId) => void): void {
    this.#listenerChanged.push(callback);
  }

  /** The peer that a connect string names, if a peer with that NQN listens at that address. */
  find(transport: Transport, traddr: string, trsvcid: string, nqn: string): Peer | undefined {
    return this.#serving(this.#network.listenersAt(transport, traddr, trsvcid), nqn)?.peer;
  }

  /**
   * How a Connect command at an address ends (6.12-cloud.s3.log). Call once per command: a call uses up scripted failures.
   * `inUse`: how many controllers of a peer other connections have.
   */
  admit(listeners: readonly Listener[], ask: ConnectAsk, inUse: (peer: FabricId) => number): Admission {
    const serving = this.#serving(listeners, ask.nqn);
    if (serving === undefined) return { kind: "rejected", status: NVME_STATUS.connectInvalid };
    const { peer, listener } = serving;
    if (listener.state === "refuses") return { kind: "rejected", status: NVME_STATUS.connectInvalid };
    if (listener.state !== "up") return { kind: "unwell", state: listener.state };
    if (peer.role === "io" && !admits(peer, ask.hostNqn)) {
      return { kind: "rejected", status: NVME_STATUS.connectNotAllowed };
    }
    const failure = failureOf(peer, ask, inUse);
    if (failure?.kind === "errno") return { kind: "failed", errno: failure.errno };
    if (failure !== undefined) return { kind: "rejected", status: failure.status };
    const lacking = lackingKey(peer.dhchap, ask);
    if (lacking !== undefined) return { kind: "unauthenticated", lacking };
    return { kind: "accepted", peer, listener };
  }

  /** How an admin command ends. Call once, when the controller processes it: a call uses up scripted answers. */
  answer(asker: AdminAsker, command: AdminCommand): AdminAnswer {
    const armed = this.#armedFor(asker.peer, command);
    const after = armed?.spec.after ?? Milliseconds(0);
    if (armed?.spec.errno !== undefined) return { after, result: { kind: "errno", errno: armed.spec.errno } };
    if (armed?.spec.status !== undefined && armed.spec.status !== NVME_STATUS.success)
      return status(armed.spec.status, after);
    switch (command.opcode) {
      case OPCODE.getLogPage:
        return this.#logPage(asker, command, armed, after);
      case OPCODE.identify:
        return status(0, after, slicePage(this.#identify(asker), 0, wanted(command)));
      case OPCODE.discoveryInformationManagement:
        return status(this.#register(asker.peer, command), after);
      case GET_FEATURES:
        return feature(asker, command.cdw10 & 0xff, after);
      default:
        return status(NVME_STATUS.invalidOpcode, after);
    }
  }

  /** Returns the name that leads nowhere: a peer that does not exist or is of the other kind, an address without listeners. */
  apply(action: FabricAction): FabricId | undefined {
    switch (action.kind) {
      case "list":
        return found(
          action.dc,
          this.#edit(action.dc, (dc) => [...dc.entries, ...action.entries], action.entries),
        );
      case "unlist":
        return found(action.dc, this.#unlist(action.dc, action.entries));
      case "set-entries":
        return found(
          action.dc,
          this.#edit(action.dc, () => [...action.entries], undefined),
        );
      case "ncc":
        return found(action.dc, this.#setNcc(action.dc, action.entries, action.set === "set"));
      case "aen":
        return found(
          action.dc,
          this.#fire(action.dc, () => true),
        );
      case "answers":
        return found(action.dc, this.#setAnswers(action.dc, action.answers));
      case "fail-connects":
        return found(action.to, this.#failConnects(action.to, action.failure, action.times));
      case "dhchap":
        return found(action.id, this.#setKeys(action.id, action.keys));
      case "accept-connects":
        return found(action.to, this.#failConnects(action.to, undefined));
      case "allow-hosts":
        return found(action.subsystem, this.#allowHosts(action.subsystem, action.hosts));
      case "listener":
        return found(action.id, this.#setListener(action.id, action.state, action.index));
      case "address":
        return found(action.address, this.#setAddress(action.address, action.state));
    }
  }

  #add(peer: Peer): void {
    this.#peers.set(peer.id, peer);
    for (const listener of peer.listeners) this.#network.listen(listener);
  }

  /** The peer with that NQN among the listeners. A discovery controller also answers to the well-known NQN. */
  #serving(listeners: readonly Listener[], nqn: string): { peer: Peer; listener: Listener } | undefined {
    for (const listener of listeners) {
      const peer = this.#peers.get(listener.peer);
      if (peer === undefined) continue;
      const wellKnown = peer.role === "discovery" && nqn === WELL_KNOWN_DISCOVERY_NQN;
      if (peer.nqn === nqn || wellKnown) return { peer, listener };
    }
    return undefined;
  }

  #armedFor(peer: Peer, command: AdminCommand): ArmedAnswer | undefined {
    const lid = command.opcode === OPCODE.getLogPage ? command.cdw10 & 0xff : undefined;
    const armed = peer.answers.find(
      ({ spec, timesLeft }) =>
        timesLeft > 0 &&
        (spec.lid === undefined || spec.lid === lid) &&
        (spec.opcode === undefined || spec.opcode === command.opcode) &&
        (spec.lid !== undefined || spec.opcode !== undefined || lid === LID.discovery),
    );
    if (armed !== undefined) armed.timesLeft--;
    return armed;
  }

  #logPage(asker: AdminAsker, command: AdminCommand, armed: ArmedAnswer | undefined, after: Milliseconds): AdminAnswer {
    const { peer } = asker;
    if (peer.role !== "discovery") return status(NVME_STATUS.invalidField, after);
    let request: ReturnType<typeof decodeGetLogPage>;
    try {
      request = decodeGetLogPage(command);
    } catch (error) {
      if (error instanceof DecodeError) return status(NVME_STATUS.invalidField, after);
      throw error;
    }
    const { lid, offset, length } = request;
    if (lid === LID.supportedLogPages) {
      const page = supportedLogPages(peer);
      return page === undefined
        ? status(NVME_STATUS.invalidField, after)
        : status(0, after, slicePage(page, offset, length));
    }
    if (lid !== LID.discovery) return status(NVME_STATUS.invalidField, after);
    const view: PageView = { listener: asker.listener, hostNqn: asker.hostNqn, lsp: request.lsp };
    const bytes = discoveryPage(peer, view, this.#peers, { offset, length, numrec: armed?.spec.numrec });
    if (offset === 0 && armed !== undefined && armed.movesLeft > 0) {
      armed.movesLeft--;
      peer.genctr++;
    }
    return status(0, after, bytes);
  }

  #identify(asker: AdminAsker): Uint8Array {
    return identifyPage(asker.peer, asker.cntlid, this.#firmware);
  }

  /** The kernel's own target accepts no registration (6.12-cloud.s1.log). A CDC and a DDC do (TP8010). */
  #register(peer: Peer, command: AdminCommand): number {
    if (peer.role !== "discovery" || peer.spec.kind === "plain") return NVME_STATUS.invalidOpcode;
    if (command.data.direction !== "to-controller") return NVME_STATUS.invalidField;
    try {
      const registration = decodeRegistration(command.data.bytes);
      for (const callback of this.#registered) callback(peer.id, registration);
      return NVME_STATUS.success;
    } catch (error) {
      if (error instanceof DecodeError) return NVME_STATUS.invalidField;
      throw error;
    }
  }

  #discovery(id: FabricId): DiscoveryPeer | undefined {
    const peer = this.#peers.get(id);
    return peer?.role === "discovery" ? peer : undefined;
  }

  #edit(id: FabricId, entries: (dc: DiscoveryPeer) => EntrySpec[], touched: readonly EntrySpec[] | undefined): boolean {
    const dc = this.#discovery(id);
    if (dc === undefined) return false;
    dc.entries = entries(dc);
    const seenBy = (hostNqn: string): boolean =>
      touched === undefined || touched.some((entry) => visibleEntries(dc, entry, hostNqn, this.#peers) > 0);
    this.#changed(dc, seenBy);
    return true;
  }

  #unlist(id: FabricId, entries: readonly FabricId[]): boolean {
    const gone = (entry: EntrySpec): boolean => entry.kind !== "raw" && entries.includes(entry.id);
    const touched = this.#discovery(id)?.entries.filter(gone);
    if (touched === undefined || touched.length === 0) return this.#discovery(id) !== undefined;
    return this.#edit(id, (dc) => dc.entries.filter((entry) => !gone(entry)), touched);
  }

  #setNcc(id: FabricId, entries: readonly FabricId[], ncc: boolean): boolean {
    const named = (entry: EntrySpec): boolean => entry.kind === "subsystem" && entries.includes(entry.id);
    const touched = this.#discovery(id)?.entries.filter(named);
    if (touched === undefined) return false;
    const set = (entry: EntrySpec): EntrySpec =>
      entry.kind === "subsystem" && entries.includes(entry.id) ? { ...entry, ncc } : entry;
    return this.#edit(id, (dc) => dc.entries.map(set), touched);
  }

  #setAnswers(id: FabricId, answers: readonly AnswerSpec[]): boolean {
    const peer = this.#peers.get(id);
    if (peer === undefined) return false;
    peer.answers = armAnswers(answers);
    return true;
  }

  #setKeys(id: FabricId, keys: DhchapKeys | undefined): boolean {
    const peer = this.#peers.get(id);
    if (peer === undefined) return false;
    peer.dhchap = keys;
    return true;
  }

  #failConnects(id: FabricId, failure: ConnectFailure | undefined, times = Number.POSITIVE_INFINITY): boolean {
    const peer = this.#peers.get(id);
    if (peer === undefined) return false;
    peer.failing = failure && { failure, timesLeft: times };
    return true;
  }

  #allowHosts(id: FabricId, hosts: readonly string[] | "any"): boolean {
    const peer = this.#peers.get(id);
    if (peer?.role !== "io") return false;
    const before: SubsystemPeer = { ...peer };
    peer.allowedHosts = hosts === "any" ? undefined : new Set(hosts);
    for (const dc of this.#peers.values()) {
      if (dc.role !== "discovery") continue;
      if (!dc.entries.some((entry) => entry.kind === "subsystem" && entry.id === id)) continue;
      this.#changed(dc, (hostNqn) => admits(before, hostNqn) !== admits(peer, hostNqn));
    }
    return true;
  }

  #setListener(id: FabricId, state: ListenerState, index: number | undefined): boolean {
    const peer = this.#peers.get(id);
    if (peer === undefined) return false;
    for (const listener of peer.listeners) {
      if (index === undefined || listener.index === index) listener.state = state;
    }
    for (const callback of this.#listenerChanged) callback(id);
    return true;
  }

  /** All listeners change before the first callback, since those at one address change at one moment. */
  #setAddress(address: string, state: ListenerState): boolean {
    const changed = new Set<FabricId>();
    for (const peer of this.#peers.values()) {
      for (const listener of peer.listeners) {
        if (!isSameAddress(listener.traddr, address)) continue;
        listener.state = state;
        changed.add(peer.id);
      }
    }
    for (const id of changed) for (const callback of this.#listenerChanged) callback(id);
    return changed.size > 0;
  }

  #changed(dc: DiscoveryPeer, seenBy: (hostNqn: string) => boolean): void {
    dc.genctr++;
    dc.pages.clear();
    this.#fire(dc.id, seenBy);
  }

  #fire(id: FabricId, seenBy: (hostNqn: string) => boolean): boolean {
    if (!this.#peers.has(id)) return false;
    for (const callback of this.#pageChanged) callback(id, seenBy);
    return true;
  }
}

function found(name: FabricId, there: boolean): FabricId | undefined {
  return there ? undefined : name;
}

function status(code: number, after: Milliseconds, bytes: Uint8Array = NO_BYTES): AdminAnswer {
  return { after, result: { kind: "status", status: code, value: 0, bytes } };
}

function wanted(command: AdminCommand): number {
  return command.data.direction === "from-controller" ? command.data.length : 0;
}

function feature(asker: AdminAsker, id: number, after: Milliseconds): AdminAnswer {
  const aens = sendsAens(asker.peer) ? AEN_CONFIG : 0;
  const value = id === FEATURE.keepAlive ? asker.katoSeconds * 1000 : id === FEATURE.asyncEvents ? aens : undefined;
  if (value === undefined) return status(NVME_STATUS.invalidField, after);
  return { after, result: { kind: "status", status: 0, value, bytes: NO_BYTES } };
}

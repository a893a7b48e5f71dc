/** Peers of the simulated fabric: the current state of discovery controllers and subsystems. */
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../core/domain/transport-id.js";
import type { Listener } from "../net/paths.js";
import type { EntryList } from "./entry-list.js";
import type {
  AnswerSpec,
  ConnectFailure,
  DhchapKeys,
  DiscoveryControllerSpec,
  EntrySpec,
  FabricId,
  ListenSpec,
  SubsystemSpec,
} from "../spec.js";

/** A scripted answer, with its remaining counts. */
export interface ArmedAnswer {
  readonly spec: AnswerSpec;
  /** How many more times it is given. */
  timesLeft: number;
  /** How many more times the generation counter changes after a read of the header. */
  movesLeft: number;
}

interface PeerBase {
  readonly id: FabricId;
  readonly listeners: readonly Listener[];
  readonly serial: string;
  answers: ArmedAnswer[];
  /** How the next Connect commands fail, and how many of them. */
  dhchap: DhchapKeys | undefined;
  failing: { readonly failure: ConnectFailure; timesLeft: number } | undefined;
}

export interface DiscoveryPeer extends PeerBase {
  readonly role: "discovery";
  readonly spec: DiscoveryControllerSpec;
  /** Its own NQN: unique or well-known. */
  readonly nqn: string;
  entries: EntrySpec[];
  /** Generation counter of the page. */
  genctr: number;
  /** The pages built so far. Cleared when the page changes. */
  readonly pages: Map<string, EntryList>;
}

export interface SubsystemPeer extends PeerBase {
  readonly role: "io";
  readonly spec: SubsystemSpec;
  readonly nqn: string;
  /** `undefined`: any host. */
  allowedHosts: ReadonlySet<string> | undefined;
}

export type Peer = DiscoveryPeer | SubsystemPeer;

/** The generation counter of a page that has not changed. */
const GENCTR_FIRST = 1;

export function armAnswers(specs: readonly AnswerSpec[]): ArmedAnswer[] {
  return specs.map((spec) => ({
    spec,
    timesLeft: spec.times ?? Number.POSITIVE_INFINITY,
    movesLeft: spec.genctrMoves ?? 0,
  }));
}

/** Twenty hex digits that are different for each peer, as the kernel's target invents them. */
function serialOf(id: FabricId): string {
  let high = 0x811c9dc5;
  let low = 0x01000193;
  for (let i = 0; i < id.length; i++) {
    high = Math.imul(high ^ id.charCodeAt(i), 0x01000193) >>> 0;
    low = Math.imul(low ^ high, 0x85ebca6b) >>> 0;
  }
  return `${high.toString(16).padStart(8, "0")}${low.toString(16).padStart(8, "0")}0000`;
}

function makeListeners(peer: FabricId, listen: readonly ListenSpec[]): Listener[] {
  return listen.map(({ transport, traddr, trsvcid, state }, index) => ({
    peer,
    index,
    transport,
    traddr,
    trsvcid,
    state,
  }));
}

export function makeDiscoveryPeer(spec: DiscoveryControllerSpec): DiscoveryPeer {
  return {
    id: spec.id,
    role: "discovery",
    spec,
    nqn: spec.nqn ?? WELL_KNOWN_DISCOVERY_NQN,
    listeners: makeListeners(spec.id, spec.listen),
    serial: serialOf(spec.id),
    answers: armAnswers(spec.answers),
    dhchap: spec.dhchap,
    failing: undefined,
    entries: [...spec.entries],
    genctr: GENCTR_FIRST,
    pages: new Map(),
  };
}

export function makeSubsystemPeer(spec: SubsystemSpec): SubsystemPeer {
  return {
    id: spec.id,
    role: "io",
    spec,
    nqn: spec.nqn,
    listeners: makeListeners(spec.id, spec.listen),
    serial: serialOf(spec.id),
    answers: [],
    dhchap: spec.dhchap,
    failing: undefined,
    allowedHosts: spec.allowedHosts === undefined ? undefined : new Set(spec.allowedHosts),
  };
}

export function admits(peer: SubsystemPeer, hostNqn: string): boolean {
  return peer.allowedHosts === undefined || peer.allowedHosts.has(hostNqn);
}

/** Whether a peer sends AENs of its discovery log page. */
export function sendsAens(peer: Peer): boolean {
  return peer.role === "discovery" && peer.spec.aens !== false;
}

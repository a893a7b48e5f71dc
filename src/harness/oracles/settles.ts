import type { WorldAction } from "../../adapters/sim/actions.js";
import type { ConnectionView } from "../../adapters/sim/observation.js";
import type { AnswerSpec, FabricId, FabricSpec } from "../../adapters/sim/spec.js";
import type { Milliseconds } from "../../core/domain/units.js";
import { formatTransportId, type TransportId } from "../../core/domain/transport-id.js";
import { failed } from "../observers/observer.js";
import type { RunView } from "../observers/run-view.js";
import { serves } from "../truth/path.js";
import type { WantedWay } from "../truth/wanted.js";
import type { Oracle } from "./oracle.js";

/** Calm after which everything has had its turn: a refresh of a name or a log page (5 min), then a few retries (1 min each). */
const CALM_MS = 480_000;
/** The same if a service leads to it: an announced address that did not answer is probed every 10 min. */
const CALM_WITH_SERVICES_MS = 900_000;

/** Missing connections that are reported, if there are many. */
const REPORTED_MAX = 5;

/** Actions that change nothing for good, and do not disturb the calm. */
function isHarmless({ kind }: WorldAction): boolean {
  return kind === "bus-call" || kind === "wall-clock";
}

/** Peers that may refuse the host, now or after some connects. */
function reluctantPeers({ discoveryControllers, subsystems }: FabricSpec): readonly FabricId[] {
  return [
    ...discoveryControllers.filter(({ keepAlive }) => keepAlive !== undefined),
    ...subsystems.filter(({ controllers, allowedHosts }) => controllers !== undefined || allowedHosts !== undefined),
  ].map(({ id }) => id);
}

/** Whether scripted answers may keep a page from being read for long. */
function mayHide(answers: readonly AnswerSpec[]): boolean {
  return answers.some(({ times, opcode }) => times === undefined && (opcode === undefined || opcode === 0x02));
}

/** Whether the host can connect this way without anything that this oracle does not model: another identity, TLS. */
function isPlain({ truth, spec }: RunView, { hostNqn }: TransportId): boolean {
  const { staf, stac } = truth.inForce;
  return (
    (hostNqn === "" || hostNqn === spec.host.nqn) && staf?.connection.tls !== true && stac?.connection.tls !== true
  );
}

/**
 * Calm world, connected host: if nothing has happened for `CALM_MS`, each way that the world wants, by discovery controllers
 * that answer, to a target that answers, is connected.
 */
export const settles: Oracle = {
  name: "settles-on-what-is-wanted",
  observe(view, report) {
    const { discoveryControllers, subsystems } = view.spec.fabric;
    const nqns = new Map(subsystems.map(({ id, nqn }) => [id, nqn]));
    const hidden = new Set(discoveryControllers.flatMap(({ id, answers }) => (mayHide(answers) ? [id] : [])));
    const reluctant = new Set(reluctantPeers(view.spec.fabric));
    let calmSince: Milliseconds = view.now();
    /** Whether a connect this way would meet a peer that takes it: this one, if one is given, else a subsystem of that NQN. */
    const isUp = (tid: TransportId, peer?: FabricId): boolean => {
      const up = view.facts.meets(tid)?.up ?? [];
      const isTarget = (one: FabricId): boolean =>
        peer === undefined ? nqns.get(one) === tid.subsysnqn : one === peer;
      return up.some(isTarget) && !up.some((one) => reluctant.has(one));
    };
    const isConnected = ({ tid }: WantedWay, role: ConnectionView["role"]): boolean =>
      [...view.controllers.all()].some(
        (one) => one.role === role && one.state === "live" && serves(view.facts, one, tid),
      );
    /** Of the addresses of one name, one is enough: the others need not be connected, and lead no further. */
    const isSpare = (way: WantedWay, all: Iterable<WantedWay>, role: ConnectionView["role"]): boolean =>
      way.hostName !== "" &&
      [...all].some((other) => other.hostName === way.hostName && other.by === way.by && isConnected(other, role));
    return {
      acted(action) {
        if (!isHarmless(action)) calmSince = view.now();
        if (action.kind === "answers" && mayHide(action.answers)) hidden.add(action.dc);
        if (action.kind === "fail-connects") reluctant.add(action.to);
        if (action.kind === "allow-hosts") reluctant.add(action.subsystem);
      },
      finish() {
        const isServed = view.serviceState("staf").running && view.serviceState("stac").running;
        const { staf } = view.truth.inForce;
        const calm = staf?.zeroconf === true && view.facts.announced().length > 0 ? CALM_WITH_SERVICES_MS : CALM_MS;
        if (!isServed || view.now() - calmSince < calm) return;
        const wanted = view.truth.wantedNow();
        /** The discovery controllers that are connected: only what they list counts. */
        const listers = new Set<TransportId>();
        const counts = ({ through, hostName }: WantedWay): boolean =>
          (through === undefined || listers.has(through)) && !view.truth.names.hasMoved(hostName);
        const dcs: WantedWay[] = [];
        for (const way of wanted.dcs.values()) {
          const { dc, tid } = way;
          if (dc === undefined || hidden.has(dc) || !counts(way) || !isUp(tid, dc)) continue;
          dcs.push(way);
          if (isConnected(way, "discovery")) listers.add(tid);
        }
        const ios = [...wanted.ios.values()].filter((way) => counts(way) && isUp(way.tid));
        const missing = (ways: readonly WantedWay[], role: ConnectionView["role"]): readonly WantedWay[] =>
          ways.filter((way) => isPlain(view, way.tid) && !isConnected(way, role) && !isSpare(way, ways, role));
        for (const { tid, by } of [...missing(dcs, "discovery"), ...missing(ios, "io")].slice(0, REPORTED_MAX))
          report(
            "in the end everything is connected that the world wants and that answers",
            failed(
              `${formatTransportId(tid)} is not connected, although ${by} wants it`,
              "an event that was lost for good, or a controller that was forgotten",
            ),
          );
      },
    };
  },
};

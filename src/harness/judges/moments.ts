/** Expectations about one moment: the run stops there, and the world is looked at. */
import type { ConnectionView } from "../../adapters/sim/observation.js";
import type { ControllerDescription } from "../core-view.js";
import { formatRef, refMatches } from "../controllers.js";
import type { ControllerRef, Expectation } from "../scenario/types.js";
import { spellDuration } from "../scenario/duration.js";
import { failed, type Finding, formatTime, MET, type Observer, open, type Report } from "../observers/observer.js";
import { peerAddresses } from "../observers/peers.js";
import type { RunView } from "../observers/run-view.js";

type Of<K extends Expectation["kind"]> = Extract<Expectation, { readonly kind: K }>;

/** Looks once. */
function once(report: Report, expected: string, at: Of<"connected">["at"], look: () => Finding): Observer {
  let finding: Finding = open("the run ended before");
  return {
    looksAt: [at],
    look: () => {
      finding = look();
    },
    finish: () => {
      report(expected, finding);
    },
  };
}

function statesOf(views: readonly ConnectionView[]): string {
  return views.length === 0 ? "no controller" : views.map((view) => `${view.name} ${view.state}`).join(", ");
}

/** What the cores say of a peer, as hints. */
function explain(view: RunView, ref: ControllerRef): readonly string[] {
  return view
    .describe()
    .filter((controller) => isAbout(view, controller, ref))
    .map(({ service, doing, why, since }) => `${service}: ${doing} since ${formatTime(since)} (${why})`);
}

/** Whether a core's controller is one to this peer. */
function isAbout(view: RunView, description: ControllerDescription, ref: ControllerRef): boolean {
  const { traddr, trsvcid, hostIface } = description.transportId;
  if (ref.hostIface !== undefined && hostIface !== ref.hostIface) return false;
  if (description.device !== "") {
    for (const controller of view.controllers.all()) {
      if (controller.name === description.device) return refMatches({ id: ref.id }, controller);
    }
  }
  return peerAddresses(view.spec, ref.id).some((listen) => listen.traddr === traddr && listen.trsvcid === trsvcid);
}

export function connectedJudge({ at, connected, exactly }: Of<"connected">, view: RunView, report: Report): Observer {
  const names = connected.map(formatRef).join(", ");
  const expected = `connected at ${formatTime(at)}: ${names === "" ? "nothing" : names}${exactly ? ", and nothing else" : ""}`;
  return once(report, expected, at, () => {
    const missing = connected.filter((ref) => !view.controllers.isConnected(ref));
    if (missing.length > 0) {
      const observed = missing
        .map((ref) => `${formatRef(ref)}: ${statesOf(view.controllers.matching(ref))}`)
        .join("; ");
      return failed(observed, ...missing.flatMap((ref) => explain(view, ref)));
    }
    if (!exactly) return MET;
    const others = [...view.controllers.all()].filter((other) => !connected.some((ref) => refMatches(ref, other)));
    if (others.length === 0) return MET;
    const observed = others
      .map((other) => `${other.name} to ${other.peer ?? other.traddr} (${other.state})`)
      .join(", ");
    return failed(`also there: ${observed}`);
  });
}

export function disconnectedJudge({ at, disconnected }: Of<"disconnected">, view: RunView, report: Report): Observer {
  const expected = `no controller at ${formatTime(at)} to ${disconnected.map(formatRef).join(", ")}`;
  return once(report, expected, at, () => {
    const present = disconnected.filter((ref) => view.controllers.exists(ref));
    if (present.length === 0) return MET;
    const observed = present.map((ref) => `${formatRef(ref)}: ${statesOf(view.controllers.matching(ref))}`).join("; ");
    return failed(observed, ...present.flatMap((ref) => explain(view, ref)));
  });
}

export function stateJudge({ at, controller, service, state }: Of<"state">, view: RunView, report: Report): Observer {
  const expected = `${service} has ${formatRef(controller)} ${state} at ${formatTime(at)}`;
  return once(report, expected, at, () => {
    const found = view.describe().filter((each) => each.service === service && isAbout(view, each, controller));
    if (state === "absent") return found.length === 0 ? MET : failed(`${service} has it ${statesIn(found)}`);
    if (found.some((each) => each.state === state)) return MET;
    return failed(
      found.length === 0 ? `${service} has no such controller` : statesIn(found),
      ...explain(view, controller),
    );
  });
}

function statesIn(found: readonly ControllerDescription[]): string {
  return found.map((each) => each.state).join(", ");
}

export function fileJudge({ at, path, exists, contains }: Of<"file">, view: RunView, report: Report): Observer {
  const holding = contains === undefined ? "" : ` holding "${contains}"`;
  const expected = `${exists ? "a" : "no"} file ${path}${holding} at ${formatTime(at)}`;
  return once(report, expected, at, () => {
    const text = view.readFile(path);
    if (!exists) return text === undefined ? MET : failed("the file is there");
    if (text === undefined) return failed("there is no such file");
    if (contains === undefined || text.includes(contains)) return MET;
    return failed(`the file does not hold it (${String(text.length)} characters)`);
  });
}

export function processJudge({ at, name, running, status }: Of<"process">, view: RunView, report: Report): Observer {
  const ending = status === undefined ? "" : ` after exit status ${String(status)}`;
  const expected = `${name} ${running ? "runs" : "does not run"} at ${formatTime(at)}${ending}`;
  return once(report, expected, at, () => {
    const found = view.serviceState(name);
    if (found.running !== running) return failed(found.running ? "it runs" : "it does not run");
    if (status === undefined || found.status === status) return MET;
    return failed(found.status === undefined ? "it did not exit by itself" : `exit status ${String(found.status)}`);
  });
}

/** How many obligations are named as hints. */
const OBLIGATIONS_SHOWN_MAX = 5;

/** A run that did not settle is inconclusive: it names what is pending, and the event that could have met it. */
export function settledJudge({ by }: Of<"settled">, view: RunView, report: Report): Observer {
  return once(report, `settled by ${spellDuration(by)}: nothing pending`, by, () => {
    const [first, ...others] = view.pending();
    if (first === undefined) return MET;
    const more = others.slice(0, OBLIGATIONS_SHOWN_MAX - 1).map((obligation) => `also pending: ${obligation}`);
    return open(`still pending: ${first}`, view.lastEventAbout(first), ...more);
  });
}

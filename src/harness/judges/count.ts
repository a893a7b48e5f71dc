/** Expectations that count: what the daemon did, and what it logged. */
import type { Milliseconds } from "../../core/domain/units.js";
import { isDaemon } from "../observers/connections.js";
import { formatRef, refMatches, viaInterface } from "../controllers.js";
import type { Bound, ControllerRef, Counted, Expectation } from "../scenario/types.js";
import { spellRange } from "../scenario/duration.js";
import { failed, type Finding, formatTime, MET, type Observer, type Report } from "../observers/observer.js";
import type { RunView } from "../observers/run-view.js";
import { peerAddresses } from "../observers/peers.js";

type Of<K extends Expectation["kind"]> = Extract<Expectation, { readonly kind: K }>;

/** Times of occurrences that are shown; the rest is only counted. */
const TIMES_SHOWN_MAX = 5;

/** Counts occurrences within a window. */
class Tally {
  readonly #window: Of<"count">["window"];
  readonly #times: string[] = [];
  count = 0;

  constructor(window: Of<"count">["window"]) {
    this.#window = window;
  }

  add(at: Milliseconds, what: string): void {
    if (at < this.#window.from || at > this.#window.to) return;
    this.count += 1;
    if (this.#times.length < TIMES_SHOWN_MAX) this.#times.push(`at ${formatTime(at)}${what === "" ? "" : `: ${what}`}`);
  }

  finding({ kind, count }: Bound): Finding {
    const met = kind === "is" ? this.count === count : kind === "at-most" ? this.count <= count : this.count >= count;
    return met ? MET : failed(String(this.count), ...this.#times);
  }
}

function formatBound({ kind, count }: Bound): string {
  return kind === "is" ? String(count) : `${kind === "at-most" ? "at most" : "at least"} ${String(count)}`;
}

function formatCounted(counted: Counted): string {
  switch (counted.kind) {
    case "connects":
    case "disconnects":
    case "probes":
    case "log-reads":
      return `${counted.kind} of ${formatRef(counted.controller)}`;
    case "registrations": {
      const name = counted.symname === undefined ? "" : ` as "${counted.symname}"`;
      return `registrations with ${counted.dc}${name}`;
    }
    case "calls":
      return `calls of ${counted.call}`;
    case "reconciles":
      return `reconciles of ${counted.service}`;
    case "unit-restarts":
      return `restarts of units matching /${counted.matches}/`;
    case "crashes":
      return `crashes of ${counted.process}`;
  }
}

export function countJudge({ counted, bound, window }: Of<"count">, view: RunView, report: Report): Observer {
  const tally = new Tally(window);
  const expected = `${formatBound(bound)} ${formatCounted(counted)} in ${spellRange(window)}`;
  return {
    ...watch(counted, tally, view),
    finish: () => {
      report(expected, tally.finding(bound));
    },
  };
}

type Watch = Pick<Observer, "observed" | "called" | "dispatched" | "handled" | "crashed">;

function watch(counted: Counted, tally: Tally, view: RunView): Watch {
  switch (counted.kind) {
    case "connects": {
      const { controller } = counted;
      return {
        observed: (seen, at) => {
          if (seen.kind !== "connect-begin" || !isDaemon(seen.by) || seen.peer !== controller.id) return;
          if (viaInterface(controller, seen.options)) tally.add(at, "");
        },
      };
    }
    case "disconnects":
      return {
        observed: (seen, at) => {
          if (seen.kind !== "delete-begin" || !isDaemon(seen.by)) return;
          if (view.controllers.isOneOf([counted.controller], seen.uid)) tally.add(at, seen.name);
        },
      };
    case "probes":
      return watchProbes(counted.controller, tally, view);
    case "log-reads":
      return watchLogReads(counted.controller, tally, view);
    case "registrations":
      return {
        observed: (seen, at) => {
          if (seen.kind !== "registered" || seen.peer !== counted.dc) return;
          if (counted.symname === undefined || counted.symname === seen.symname) tally.add(at, seen.symname);
        },
      };
    case "calls":
      return {
        called: (call, at) => {
          if (call.name === counted.call) tally.add(at, call.subject);
        },
        dispatched: (_process, event, at) => {
          if (event.kind === "bus-call" && event.method === counted.call) tally.add(at, event.sender);
        },
      };
    case "reconciles":
      return {
        handled: (_process, reconciles, at) => {
          for (let left = reconciles[counted.service]; left > 0; left--) tally.add(at, "");
        },
      };
    case "unit-restarts": {
      const pattern = new RegExp(counted.matches, "u");
      return {
        called: ({ name, subject }, at) => {
          if (name === "system.restartUnit" && pattern.test(subject)) tally.add(at, subject);
        },
      };
    }
    case "crashes":
      return {
        crashed: (process, _error, at) => {
          if (counted.process === "both" || process === "stas" || process === counted.process) tally.add(at, process);
        },
      };
  }
}

function watchProbes(ref: ControllerRef, tally: Tally, view: RunView): Watch {
  const addresses = new Set(peerAddresses(view.spec, ref.id).map(({ traddr, trsvcid }) => `${traddr} ${trsvcid}`));
  return {
    called: (call, at) => {
      if (call.probe === undefined) return;
      if (ref.hostIface !== undefined && call.probe.hostIface !== ref.hostIface) return;
      if (addresses.has(`${call.probe.traddr} ${call.probe.trsvcid}`)) tally.add(at, "");
    },
  };
}

/** A read of the page begins with its header. */
function watchLogReads(ref: ControllerRef, tally: Tally, view: RunView): Watch {
  return {
    called: (call, at) => {
      if (call.pageRead?.step !== "begin") return;
      for (const controller of view.controllers.all()) {
        if (controller.name === call.pageRead.device && refMatches(ref, controller)) tally.add(at, controller.name);
      }
    },
  };
}

export function logJudge({ level, matches, bound, window }: Of<"log">, report: Report): Observer {
  const tally = new Tally(window);
  const pattern = matches === undefined ? undefined : new RegExp(matches, "u");
  const what = [level ?? "", "log records", matches === undefined ? "" : `matching /${matches}/`]
    .filter((part) => part !== "")
    .join(" ");
  const expected = `${formatBound(bound)} ${what} in ${spellRange(window)}`;
  return {
    logged: (_process, record, at) => {
      if (level !== undefined && record.level !== level) return;
      const { text, controller } = record;
      const named = controller === undefined ? text : `${controller}: ${text}`;
      if (pattern === undefined || pattern.test(text) || pattern.test(named)) tally.add(at, named);
    },
    finish: () => {
      report(expected, tally.finding(bound));
    },
  };
}

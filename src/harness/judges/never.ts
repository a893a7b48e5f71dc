import type { WorldAction } from "../../adapters/sim/actions.js";
import type { ListenerState, LinkState } from "../../adapters/sim/spec.js";
import { formatRef, viaInterface } from "../controllers.js";
import { isDaemon } from "../observers/connections.js";
import type { Condition, Expectation } from "../scenario/types.js";
import { spellRange } from "../scenario/duration.js";
import { failed, type Finding, formatTime, MET, type Observer, type Report } from "../observers/observer.js";
import type { RunView } from "../observers/run-view.js";
import { peerAddresses } from "../observers/peers.js";

type Never = Extract<Expectation, { readonly kind: "never" }>;

/** No connect to, or no delete of, some controllers by a daemon. */
export function neverJudge(expectation: Never, view: RunView, report: Report): Observer {
  const { what, controllers, while: condition, window } = expectation;
  let finding: Finding = MET;
  const follower = condition === undefined ? undefined : new ConditionFollower(condition, view);
  const names = controllers.map(formatRef).join(", ");
  const during = condition === undefined ? "" : ` while ${formatCondition(condition)}`;
  const expected = `never a ${what} of ${names} in ${spellRange(window)}${during}`;
  return {
    acted: (action) => follower?.act(action),
    observed: (seen, at) => {
      if (finding.kind === "failed" || at < window.from || at > window.to) return;
      const hit =
        what === "connect"
          ? seen.kind === "connect-begin" &&
            isDaemon(seen.by) &&
            controllers.some((ref) => seen.peer === ref.id && viaInterface(ref, seen.options))
          : seen.kind === "delete-begin" && isDaemon(seen.by) && view.controllers.isOneOf(controllers, seen.uid);
      if (!hit || follower?.holds() === false) return;
      const subject = seen.kind === "delete-begin" ? seen.name : seen.kind === "connect-begin" ? seen.options : "";
      finding = failed(`a ${what} at ${formatTime(at)}: ${subject}`);
    },
    finish: () => {
      report(expected, finding);
    },
  };
}

/** Follows one condition of the world through the steps of the time line. */
class ConditionFollower {
  readonly #condition: Condition;
  readonly #view: RunView;
  /** Of the link, or of each address of the peer. */
  readonly #states: (LinkState | ListenerState)[];

  constructor(condition: Condition, view: RunView) {
    this.#condition = condition;
    this.#view = view;
    this.#states = initialStates(condition, view);
  }

  act(action: WorldAction): void {
    const condition = this.#condition;
    if (condition.kind === "link" && action.kind === "link" && action.hostIface === condition.hostIface) {
      this.#states[0] = action.state;
    }
    if (condition.kind !== "listener" || action.kind !== "listener" || action.id !== condition.id) return;
    if (action.index === undefined) this.#states.fill(action.state);
    else this.#states[action.index] = action.state;
  }

  holds(): boolean {
    const condition = this.#condition;
    if (condition.kind === "process") {
      return this.#view.serviceState(condition.name).running === condition.running;
    }
    return this.#states.length > 0 && this.#states.every((state) => state === condition.state);
  }
}

function initialStates(condition: Condition, view: RunView): (LinkState | ListenerState)[] {
  switch (condition.kind) {
    case "link":
      return [view.spec.network.links.find((link) => link.hostIface === condition.hostIface)?.state ?? "up"];
    case "listener":
      return peerAddresses(view.spec, condition.id).map((listen) => listen.state);
    case "process":
      return [];
  }
}

function formatCondition(condition: Condition): string {
  switch (condition.kind) {
    case "link":
      return `link ${condition.hostIface} is ${condition.state}`;
    case "listener":
      return `${condition.id} is ${condition.state}`;
    case "process":
      return `${condition.name} ${condition.running ? "runs" : "does not run"}`;
  }
}

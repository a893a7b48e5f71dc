/** Tells each watcher of a run only what it asked for, because most watch little and all of it is on the hot path. */
import type { ProcessName, WorldObservation } from "../../adapters/sim/observation.js";
import type { WorldAction } from "../../adapters/sim/actions.js";
import type { Milliseconds } from "../../core/domain/units.js";
import type { CoreEvent } from "../../core/ports/index.js";
import type { LogRecord } from "../../core/ports/log.js";
import type { Judge } from "../judges/judge.js";
import type { Oracle } from "../oracles/oracle.js";
import type { StepId } from "../scenario/types.js";
import type { PortCall } from "../trace/teller.js";

export class Watchers {
  readonly #judges: readonly Judge[];
  readonly #oracles: readonly Oracle[];
  readonly #observedBy: readonly ((seen: WorldObservation, at: Milliseconds) => void)[];
  readonly #calledBy: readonly ((call: PortCall, at: Milliseconds) => void)[];
  readonly #dispatchedBy: readonly ((process: ProcessName, event: CoreEvent, at: Milliseconds) => void)[];
  readonly #loggedBy: readonly ((record: LogRecord, at: Milliseconds) => void)[];

  constructor(judges: readonly Judge[], oracles: readonly Oracle[]) {
    this.#judges = judges;
    this.#oracles = oracles;
    const watchers = [...oracles, ...judges];
    this.#observedBy = watchers.flatMap((each) => each.observed?.bind(each) ?? []);
    this.#dispatchedBy = watchers.flatMap((each) => each.dispatched?.bind(each) ?? []);
    this.#loggedBy = judges.flatMap((each) => each.logged?.bind(each) ?? []);
    this.#calledBy = [
      ...oracles.flatMap((oracle) =>
        oracle.called === undefined
          ? []
          : (call: PortCall) => {
              if (call.phase === "before") oracle.called?.(call);
            },
      ),
      ...judges.flatMap((judge) => judge.called?.bind(judge) ?? []),
    ];
  }

  observed(seen: WorldObservation, at: Milliseconds): void {
    for (const watch of this.#observedBy) watch(seen, at);
  }

  called(call: PortCall, at: Milliseconds): void {
    for (const watch of this.#calledBy) watch(call, at);
  }

  dispatched(process: ProcessName, event: CoreEvent, at: Milliseconds): void {
    for (const watch of this.#dispatchedBy) watch(process, event, at);
  }

  logged(record: LogRecord, at: Milliseconds): void {
    for (const watch of this.#loggedBy) watch(record, at);
  }

  crashed(process: ProcessName, error: unknown, at: Milliseconds): void {
    for (const oracle of this.#oracles) oracle.crashed?.(process, error);
    for (const judge of this.#judges) judge.crashed?.(process, at);
  }

  leaked(line: string): void {
    for (const oracle of this.#oracles) oracle.leaked?.(line);
  }

  stepping(id: StepId | undefined, action: WorldAction, at: Milliseconds): void {
    for (const oracle of this.#oracles) oracle.acted?.(action);
    for (const judge of this.#judges) {
      judge.acted?.(action);
      if (id !== undefined) judge.stepped?.(id, at);
    }
  }

  rested(): void {
    for (const oracle of this.#oracles) oracle.rested?.();
  }

  look(at: Milliseconds): void {
    for (const judge of this.#judges) if (judge.looksAt.includes(at)) judge.look?.(at);
  }

  finish(): void {
    for (const oracle of this.#oracles) oracle.finish?.();
  }
}

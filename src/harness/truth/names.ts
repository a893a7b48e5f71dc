/** Host names as the name server answers them, and as each process has heard it. */
import type { WorldAction } from "../../adapters/sim/actions.js";
import type { ProcessName } from "../../adapters/sim/observation.js";
import type { CoreEvent } from "../../core/ports/index.js";
import type { RequestId } from "../../core/ports/request.js";
import type { RunFacts } from "../observers/run-facts.js";
import type { PortCall } from "../trace/teller.js";

/** What one process asked and heard. */
interface Hearing {
  readonly asked: Map<RequestId, string>;
  readonly heard: Map<string, readonly string[]>;
}

/** The addresses of host names. A name server that fails takes nothing back. */
export class TrueNames {
  readonly #view: Pick<RunFacts, "facts">;
  readonly #processes = new Map<ProcessName, Hearing>();
  /** The last addresses of each name, for the time when its server fails. */
  readonly #last = new Map<string, readonly string[]>();

  readonly #moved = new Set<string>();

  constructor(view: Pick<RunFacts, "facts">) {
    this.#view = view;
  }

  /** A step is about to be carried out. If it changes the answer for a name, the addresses so far are the last. */
  acted(action: WorldAction): void {
    if (action.kind !== "name") return;
    const { name, answer } = action;
    const before = this.#answer(name);
    const isMove = answer.kind === "addresses" && before.some((address) => !answer.addresses.includes(address));
    if (isMove) this.#moved.add(name);
  }

  /** Whether a name has lost an address in this run. What is connected there may stay. */
  hasMoved(name: string): boolean {
    return this.#moved.has(name);
  }

  called({ process, name, subject, request }: PortCall): void {
    if (name === "network.resolve" && request !== undefined) this.#of(process).asked.set(request, subject);
  }

  dispatched(process: ProcessName, event: CoreEvent): void {
    if (event.kind === "control" && event.action === "start") this.#processes.delete(process);
    if (event.kind !== "resolved") return;
    const { asked, heard } = this.#of(process);
    const name = asked.get(event.request);
    asked.delete(event.request);
    if (name !== undefined && event.result.ok && event.result.addresses.length > 0)
      heard.set(name, event.result.addresses);
  }

  /** The addresses of a name. Once this process has heard an answer, only those that it has heard. */
  addresses(name: string, process: ProcessName): readonly string[] {
    const now = this.#answer(name);
    const heard = this.#processes.get(process)?.heard.get(name);
    return heard === undefined ? now : now.filter((address) => heard.includes(address));
  }

  /** The addresses that the name server gives now; none while it fails. */
  answered(name: string): readonly string[] {
    const answer = this.#view.facts.nameAnswer(name);
    return answer?.kind === "addresses" ? answer.addresses : [];
  }

  #answer(name: string): readonly string[] {
    const answer = this.#view.facts.nameAnswer(name);
    if (answer?.kind === "addresses") this.#last.set(name, answer.addresses);
    return this.#last.get(name) ?? [];
  }

  #of(process: ProcessName): Hearing {
    const known = this.#processes.get(process);
    if (known !== undefined) return known;
    const made: Hearing = { asked: new Map(), heard: new Map() };
    this.#processes.set(process, made);
    return made;
  }
}

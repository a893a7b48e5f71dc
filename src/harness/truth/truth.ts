/** The truth of a run: what the world wants connected, and what the daemon can know of it. Follows a run by its hooks. */
import type { WorldAction } from "../../adapters/sim/actions.js";
import type { FabricId, HostSpec } from "../../adapters/sim/spec.js";
import type { ProcessName } from "../../adapters/sim/observation.js";
import type { Milliseconds } from "../../core/domain/units.js";
import type { CoreEvent } from "../../core/ports/index.js";
import type { ServiceName } from "../../core/ports/bus.js";
import type { RunFacts } from "../observers/run-facts.js";
import type { PortCall } from "../trace/teller.js";
import { InForce } from "./in-force.js";
import { TrueNames } from "./names.js";
import { ToldPages } from "./pages.js";
import { wantedSet, type WantedSet } from "./wanted.js";

function processOf({ processes }: HostSpec, service: ServiceName): ProcessName {
  return processes === "one" ? "stas" : service;
}

/** Whether the answers of a discovery controller may hold another page than its own. */
function lies(answers: readonly { readonly numrec?: number }[]): boolean {
  return answers.some(({ numrec }) => numrec !== undefined);
}

/** What is so in the world of a run. All observers of the run share it, and it hears of everything before they do. */
export class Truth {
  readonly inForce: InForce;
  readonly pages: ToldPages;
  readonly #view: RunFacts;
  readonly names: TrueNames;
  /** Discovery controllers that have served a page that is not theirs: nothing follows from them. */
  readonly #liars: Set<FabricId>;
  /** The wanted set as last asked for, if nothing has happened since. */
  #wanted: { readonly at: Milliseconds; readonly set: WantedSet } | undefined;

  constructor(view: RunFacts) {
    this.#view = view;
    this.inForce = new InForce(view);
    this.pages = new ToldPages(view);
    this.names = new TrueNames(view);
    this.#liars = new Set(
      view.spec.fabric.discoveryControllers.flatMap(({ id, answers }) => (lies(answers) ? [id] : [])),
    );
  }

  /**
   * What the daemon must not take down: all that the world wants, except what a discovery controller or a name server has
   * told it otherwise, and what is so new that it cannot have heard of it.
   */
  wanted(): WantedSet {
    const at = this.#view.now();
    if (this.#wanted?.at === at) return this.#wanted.set;
    const set = wantedSet({
      view: this.#view,
      staf: this.inForce.staf,
      stac: this.inForce.stac,
      addresses: (name, service) => this.names.addresses(name, processOf(this.#view.spec.host, service)),
      entries: (dc, listener, way) => (this.#liars.has(dc) ? [] : this.pages.entries(dc, listener, way)),
    });
    this.#wanted = { at, set };
    return set;
  }

  /** What the world wants now, whatever the daemon can know: as the name servers answer and as the pages list. */
  wantedNow(): WantedSet {
    return wantedSet({
      view: this.#view,
      staf: this.inForce.staf,
      stac: this.inForce.stac,
      addresses: (name) => this.names.answered(name),
      entries: (dc, listener, way) => (this.#liars.has(dc) ? [] : this.pages.listed(dc, listener, way)),
    });
  }

  /** A step is about to be carried out. */
  acted(action: WorldAction): void {
    this.#wanted = undefined;
    if (action.kind === "answers" && lies(action.answers)) this.#liars.add(action.dc);
    this.names.acted(action);
  }

  /** A core is about to call a port. */
  called(call: PortCall): void {
    this.pages.called(call);
    this.names.called(call);
  }

  /** An event is about to enter a core. */
  dispatched(process: ProcessName, event: CoreEvent): void {
    this.#wanted = undefined;
    this.inForce.dispatched(process, event);
    this.pages.dispatched(process, event);
    this.names.dispatched(process, event);
  }
}

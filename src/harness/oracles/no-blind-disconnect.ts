import type { ConnectionView } from "../../adapters/sim/observation.js";
import type { WorldAction } from "../../adapters/sim/actions.js";
import type { DiscoveryControllerSpec, EntrySpec, FabricId } from "../../adapters/sim/spec.js";
import type { Milliseconds } from "../../core/domain/units.js";
import { formatConnection, isDaemon } from "../observers/connections.js";
import { failed } from "../observers/observer.js";
import type { RunView } from "../observers/run-view.js";
import type { Oracle } from "./oracle.js";

/** A configuration that excludes something may drop any controller. */
const EXCLUDES = /^\s*(exclude|blacklist)\s*=\s*\S/m;

/** Files of the configuration, which may cause a disconnect for reasons in no page. */
const CONFIGURATION = /^\/etc\/stas\//;

/** Whether a page lists this subsystem in full: with all its addresses, without NCC. */
function lists(entries: readonly EntrySpec[], id: FabricId): boolean {
  return entries.some(
    (entry) => entry.kind === "subsystem" && entry.id === id && !entry.ncc && entry.listen === undefined,
  );
}

/** What a discovery controller truly lists and has served to a daemon. Keeps only what is certain. */
class TruePage {
  readonly spec: DiscoveryControllerSpec;
  readonly #since = new Map<FabricId, Milliseconds>();
  readonly #served = new Set<FabricId>();
  /** False once it has served a false page. */
  honest: boolean;

  constructor(spec: DiscoveryControllerSpec, subsystems: readonly FabricId[], now: Milliseconds) {
    this.spec = spec;
    this.honest = !spec.answers.some((answer) => answer.numrec !== undefined) && !spec.pleo;
    for (const id of subsystems) if (lists(spec.entries, id)) this.#since.set(id, now);
  }

  /** When it began to list this subsystem; `undefined` if no daemon has read that. */
  toldSince(id: FabricId): Milliseconds | undefined {
    return this.#served.has(id) ? this.#since.get(id) : undefined;
  }

  /** A daemon has read the page to its end. */
  served(): void {
    for (const id of this.#since.keys()) this.#served.add(id);
  }

  #drop(id: FabricId): void {
    this.#since.delete(id);
    this.#served.delete(id);
  }

  act(action: WorldAction, now: Milliseconds): void {
    if (!("dc" in action) || action.dc !== this.spec.id) return;
    if (action.kind === "answers" && action.answers.some((answer) => answer.numrec !== undefined)) this.honest = false;
    if (action.kind === "unlist") for (const id of action.entries) this.#drop(id);
    if (action.kind === "ncc" && action.set === "set") for (const id of action.entries) this.#drop(id);
    if (action.kind === "set-entries") {
      for (const id of [...this.#since.keys()]) if (!lists(action.entries, id)) this.#drop(id);
    }
    if (action.kind !== "list" && action.kind !== "set-entries") return;
    for (const entry of action.entries) {
      if (entry.kind === "subsystem" && !this.#since.has(entry.id)) this.#since.set(entry.id, now);
    }
  }
}

/** Whether the configuration names this discovery controller: then only a change of it makes the controller unwanted. */
function isConfigured(dc: DiscoveryControllerSpec, files: Readonly<Record<string, string>>): boolean {
  return Object.entries(files).some(
    ([path, text]) => CONFIGURATION.test(path) && dc.listen.some(({ traddr }) => text.includes(traddr)),
  );
}

function isVictim(view: RunView, by: string, uid: number): ConnectionView | undefined {
  const victim = view.controllers.get(uid);
  return isDaemon(by) && victim?.madeBy === "stas" && victim.role === "io" && victim.peer !== undefined
    ? victim
    : undefined;
}

/**
 * Never a disconnect on missing information: no daemon deletes an I/O controller that a configured discovery controller
 * has listed all along, in a page that a daemon has read. Judges by what the fabric truly lists. Stays silent if a
 * delete may be right for another reason: excludes, a changed configuration, dishonest pages, NCC, hosts that may not
 * see the subsystem. Field bugs 3, 5, 7.
 */
export const noBlindDisconnect: Oracle = {
  name: "never-disconnect-on-missing-information",
  observe(view, report) {
    const { fabric, host } = view.spec;
    const ids = fabric.subsystems.map((subsystem) => subsystem.id);
    const pages = fabric.discoveryControllers
      .filter((dc) => isConfigured(dc, host.files))
      .map((dc) => new TruePage(dc, ids, view.now()));
    const hidden = new Set(fabric.subsystems.filter((each) => each.allowedHosts !== undefined).map(({ id }) => id));
    let doubtful = Object.entries(host.files).some(([path, text]) => CONFIGURATION.test(path) && EXCLUDES.test(text));
    return {
      acted(action) {
        if ((action.kind === "write-file" || action.kind === "remove-file") && CONFIGURATION.test(action.path)) {
          doubtful = true;
        }
        if (action.kind === "allow-hosts") hidden.add(action.subsystem);
        for (const page of pages) page.act(action, view.now());
      },
      called({ pageRead }) {
        if (pageRead?.step !== "end") return;
        for (const { name, peer } of view.controllers.all()) {
          if (name === pageRead.device) pages.find((page) => page.spec.id === peer)?.served();
        }
      },
      observed(seen) {
        if (seen.kind !== "delete-begin" || doubtful) return;
        const victim = isVictim(view, seen.by, seen.uid);
        const peer = victim?.peer;
        if (victim === undefined || peer === undefined || hidden.has(peer)) return;
        const madeAt = view.controllers.addedAt(victim.uid);
        const lister = pages.find((page) => page.honest && (page.toldSince(peer) ?? Infinity) <= madeAt);
        if (lister === undefined) return;
        report(
          `${peer} stays connected: ${lister.spec.id} has listed it all along`,
          failed(
            `${seen.by} deleted ${formatConnection(victim)}`,
            "a peer that does not answer, or a page that was not read, is not an empty list",
          ),
        );
      },
    };
  },
};

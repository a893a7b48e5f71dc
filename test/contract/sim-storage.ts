/** The simulated fabric as the kernel's target. */
import type { WorldAction } from "../../src/adapters/sim/actions.js";
import type { Storage } from "./host.js";
import { entryOf, UNIQUE_PLACE } from "./sim-spec.js";
import { type Address, type Place, PLACE_NAMES, PLACES, type Subsystem } from "./stage.js";

export class SimStorage implements Storage {
  readonly #apply: (action: WorldAction) => void;
  readonly #linked = new Map<Place, Set<Subsystem>>(
    PLACE_NAMES.map((place) => [place, new Set<Subsystem>(PLACES[place].subsystems)]),
  );

  constructor(apply: (action: WorldAction) => void) {
    this.#apply = apply;
  }

  link(place: Place, subsystem: Subsystem): void {
    const linked = this.#linked.get(place);
    if (linked?.size === 0) this.#listen(place, place, "up");
    linked?.add(subsystem);
    this.#listen(subsystem, place, "up");
    this.#apply({ kind: "list", dc: place, entries: [entryOf(place, subsystem)] });
  }

  unlink(place: Place, subsystem: Subsystem): void {
    const linked = this.#linked.get(place);
    linked?.delete(subsystem);
    // A port listens only while a subsystem is linked to it. Once it is closed, no host learns of the last change.
    if (linked?.size === 0) this.#listen(place, place, "refuses");
    this.#listen(subsystem, place, "refuses");
    this.#apply({ kind: "unlist", dc: place, entries: [subsystem] });
  }

  refer(place: Place, to: Place): void {
    this.#apply({ kind: "list", dc: place, entries: [{ kind: "referral", id: to }] });
  }

  unrefer(place: Place, to: Place): void {
    this.#apply({ kind: "unlist", dc: place, entries: [to] });
  }

  allow(subsystem: Subsystem, hosts: "any" | "none"): void {
    this.#apply({ kind: "allow-hosts", subsystem, hosts: hosts === "any" ? "any" : [] });
  }

  uniqueDiscovery(): Address {
    return UNIQUE_PLACE;
  }

  /** A discovery controller listens only at its own place, a subsystem at each place by index. */
  #listen(id: Place | Subsystem, place: Place, state: "up" | "refuses"): void {
    const index = id === place ? 0 : PLACE_NAMES.indexOf(place);
    this.#apply({ kind: "listener", id, state, index });
  }
}

/** The kernel's own target, arranged as the contract suite's stage. */
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import type { NetworkNamespace } from "../../lab/guest/network.js";
import { Target } from "../../lab/guest/target.js";
import type { Storage } from "../host.js";
import {
  type Address,
  type Place,
  PLACE_NAMES,
  PLACES,
  type Subsystem,
  SUBSYSTEM_NQN,
  SUBSYSTEMS,
  UNIQUE_DISCOVERY_NQN,
} from "../stage.js";

/** The RAM disk behind each subsystem's one namespace. */
const BACKING: Readonly<Record<Subsystem, string>> = { a: "/dev/ram0", b: "/dev/ram1", private: "/dev/ram2" };

const portOf = (place: Place): number => PLACE_NAMES.indexOf(place) + 1;
const linkKey = (place: Place, subsystem: Subsystem): string => `${place} ${subsystem}`;

export class RealStorage implements Storage {
  readonly #target = new Target();
  readonly #namespace: NetworkNamespace;
  readonly #linked = new Set<string>();
  readonly #referred = new Map<string, () => void>();
  readonly #allowed = new Map<Subsystem, "any" | "none">();

  /** `namespace` is the network namespace of `far`. */
  constructor(namespace: NetworkNamespace) {
    this.#namespace = namespace;
    this.#target.reset();
    for (const subsystem of SUBSYSTEMS) {
      this.#target.subsystem(SUBSYSTEM_NQN[subsystem]);
      this.#target.namespace(SUBSYSTEM_NQN[subsystem], 1, BACKING[subsystem]);
    }
    for (const place of PLACE_NAMES) {
      const { traddr, trsvcid } = PLACES[place];
      this.#target.port({ id: portOf(place), traddr, trsvcid: Number(trsvcid) });
    }
    this.restore();
  }

  link(place: Place, subsystem: Subsystem): void {
    this.#target.link(portOf(place), SUBSYSTEM_NQN[subsystem], place === "far" ? this.#namespace : undefined);
    this.#linked.add(linkKey(place, subsystem));
  }

  unlink(place: Place, subsystem: Subsystem): void {
    this.#target.unlink(portOf(place), SUBSYSTEM_NQN[subsystem]);
    this.#linked.delete(linkKey(place, subsystem));
  }

  refer(place: Place, to: Place): void {
    const { traddr, trsvcid } = PLACES[to];
    this.#target.referral(portOf(place), to, { traddr, trsvcid: Number(trsvcid), portId: portOf(to) });
    this.#referred.set(`${place} ${to}`, () => {
      this.#target.removeReferral(portOf(place), to);
    });
  }

  unrefer(place: Place, to: Place): void {
    const key = `${place} ${to}`;
    this.#referred.get(key)?.();
    this.#referred.delete(key);
  }

  allow(subsystem: Subsystem, hosts: "any" | "none"): void {
    this.#target.allowAnyHost(SUBSYSTEM_NQN[subsystem], hosts === "any");
    this.#allowed.set(subsystem, hosts);
  }

  uniqueDiscovery(): Address {
    this.#target.discoveryNqn(UNIQUE_DISCOVERY_NQN);
    return PLACES.main;
  }

  /** Restores the stage's arrangement. */
  restore(): void {
    this.#target.discoveryNqn(WELL_KNOWN_DISCOVERY_NQN);
    for (const subsystem of SUBSYSTEMS) {
      const hosts = subsystem === "private" ? "none" : "any";
      if (this.#allowed.get(subsystem) !== hosts) this.allow(subsystem, hosts);
    }
    for (const remove of this.#referred.values()) remove();
    this.#referred.clear();
    for (const place of PLACE_NAMES) for (const subsystem of SUBSYSTEMS) this.#relink(place, subsystem);
  }

  close(): void {
    this.#target.reset();
  }

  #relink(place: Place, subsystem: Subsystem): void {
    const wanted = PLACES[place].subsystems.some((served) => served === subsystem);
    const present = this.#linked.has(linkKey(place, subsystem));
    if (wanted && !present) this.link(place, subsystem);
    if (!wanted && present) this.unlink(place, subsystem);
  }
}

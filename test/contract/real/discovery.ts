/** Discovery in the guest: an avahi-daemon that announces at the far end of a link, and the host's own avahi-daemon. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { RealDnssd } from "../../../src/adapters/real/avahi/port.js";
import { AVAHI } from "../../../src/adapters/real/avahi/wire.js";
import { RealBus } from "../../../src/adapters/real/bus/port.js";
import type { Deliver } from "../../../src/adapters/real/deliver.js";
import type { DnssdPort } from "../../../src/core/ports/dnssd.js";
import type { LogPort } from "../../../src/core/ports/log.js";
import { Avahi, type Announced, type Surroundings } from "../../lab/guest/avahi.js";
import { Bus } from "../../lab/guest/bus.js";
import { cable, NetworkNamespace, removeLink } from "../../lab/guest/network.js";
import type { Announcement, HostDiscovery } from "../host.js";
import { ANNOUNCED } from "../stage.js";

export class RealDiscovery implements HostDiscovery {
  readonly #near: Avahi;
  readonly #far: Avahi;
  readonly #cleanups: (() => Promise<void>)[];
  readonly #announced = new Map<string, Announced>();

  private constructor(near: Avahi, far: Avahi, cleanups: (() => Promise<void>)[]) {
    this.#near = near;
    this.#far = far;
    this.#cleanups = cleanups;
  }

  static async open(folder: string): Promise<RealDiscovery> {
    const cleanups: (() => Promise<void>)[] = [];
    let folders = 0;
    const around: Surroundings = {
      folder: () => {
        const made = join(folder, String(folders++));
        mkdirSync(made, { recursive: true });
        return made;
      },
      bus: async () => {
        const bus = await Bus.start(around.folder());
        cleanups.push(() => bus.kill());
        return bus;
      },
      after: (cleanup) => cleanups.push(cleanup),
    };
    const namespace = new NetworkNamespace();
    const { hostIface, own, far, prefix } = ANNOUNCED;
    const there = { name: "there", address: `${far}/${String(prefix)}` };
    cable({ name: hostIface, address: `${own}/${String(prefix)}` }, there, namespace);
    cleanups.push(() => {
      removeLink(hostIface);
      namespace.close();
      return Promise.resolve();
    });
    return new RealDiscovery(await Avahi.start(around, "near"), await Avahi.start(around, "far", namespace), cleanups);
  }

  /** The port over the host's own Avahi, with a separate connection to Avahi's bus. */
  dnssd(deliver: Deliver, log: LogPort): DnssdPort {
    const bus = new RealBus({ services: [], address: this.#near.bus.address, deliver: () => undefined, log });
    return new RealDnssd({ avahi: bus.foreign(AVAHI), deliver, log });
  }

  announce({ instance, port, txt }: Announcement): void {
    this.#announced.set(instance, { name: instance, port, txt });
    this.#far.announce([...this.#announced.values()]);
  }

  goodbye(instance: string): void {
    this.#announced.delete(instance);
    this.#far.announce([...this.#announced.values()]);
  }

  async setAvahi(state: "up" | "down"): Promise<void> {
    if (state === "up") await this.#near.start();
    else await this.#near.kill();
  }

  async close(): Promise<void> {
    for (const cleanup of this.#cleanups.reverse()) await cleanup();
  }
}

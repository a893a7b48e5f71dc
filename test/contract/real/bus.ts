/** The bus of a real host: a bus daemon, one adapter per service, and one adapter as an administrator's tool. */
import { resolveBusAddresses } from "../../../src/adapters/real/bus/address.js";
import { findMethod, SERVICES } from "../../../src/adapters/real/bus/idl.js";
import { BUS_TIMING } from "../../../src/adapters/real/bus/limits.js";
import { busCall, Link, type LinkCall, type LinkResult } from "../../../src/adapters/real/bus/link.js";
import { RealBus } from "../../../src/adapters/real/bus/port.js";
import type { Deliver } from "../../../src/adapters/real/deliver.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { BusPort, BusResult, ServiceName } from "../../../src/core/ports/bus.js";
import type { LogPort } from "../../../src/core/ports/log.js";
import { RequestId } from "../../../src/core/ports/request.js";
import type { Bus } from "../../lab/guest/bus.js";
import type { BusPeer, ContractHost, Delivered, HostBus } from "../host.js";

const LIMIT = Milliseconds(20_000);

/** Reconnects sooner than the daemon does. */
const TIMING = { ...BUS_TIMING, reconnectFirst: Milliseconds(100) };

/** One process on the bus. */
interface Member {
  readonly bus: RealBus;
  readonly delivered: Delivered[];
}

/** What the members of one behaviour share. */
interface BusParts {
  readonly daemon: Bus;
  readonly log: LogPort;
  readonly host: Pick<ContractHost, "now" | "until">;
}

export class RealHostBus implements HostBus {
  readonly peer: BusPeer;
  readonly #parts: BusParts;
  readonly #own: RealBus;
  readonly #tool: Member;
  readonly #deliveredToPeer: Delivered[] = [];
  #peerBus: RealBus | undefined;
  #nextRequest = 1;

  private constructor(parts: BusParts, deliver: Deliver) {
    this.#parts = parts;
    this.#own = this.#join(["staf"], deliver);
    const delivered: Delivered[] = [];
    this.#tool = { bus: this.#join([], this.#recorder(delivered)), delivered };
    this.peer = this.#makePeer();
  }

  /** Resolves once staf is on the bus. `deliver` receives staf's events. */
  static async open(parts: BusParts, deliver: Deliver): Promise<RealHostBus> {
    const bus = new RealHostBus(parts, deliver);
    await bus.#present("staf");
    return bus;
  }

  get port(): BusPort {
    return this.#own;
  }

  close(): void {
    this.#own.close();
    this.#tool.bus.close();
    this.#peerBus?.close();
  }

  async set(state: "up" | "down"): Promise<void> {
    const { daemon } = this.#parts;
    await (state === "up" ? daemon.restart() : daemon.kill());
  }

  async clientCall(service: ServiceName, method: string, args: readonly (string | boolean)[]): Promise<BusResult> {
    if (findMethod(SERVICES[service], method) === undefined) return await this.#callAnyway(service, method);
    const request = RequestId(this.#nextRequest++);
    this.#tool.bus.call(request, service, method, args);
    const find = (): BusResult | undefined => {
      for (const { event } of this.#tool.delivered) {
        if (event.kind === "bus-reply" && event.request === request) return event.result;
      }
      return undefined;
    };
    return await this.#parts.host.until(`${method} of ${service}`, find, LIMIT);
  }

  /** Calls a method that our own adapter refuses to call. */
  async #callAnyway(service: ServiceName, member: string): Promise<BusResult> {
    const resolved = resolveBusAddresses(this.#parts.daemon.address, {});
    const address = resolved.ok ? resolved.addresses[0] : undefined;
    if (address === undefined) throw new Error("no bus address");
    const link = await new Promise<Link>((resolve, reject) => {
      const nothing = (): void => undefined;
      const handlers = {
        up: resolve,
        down: reject,
        call: nothing,
        tooLarge: nothing,
        signal: nothing,
        unreadable: nothing,
      };
      new Link(address, handlers, TIMING);
    });
    const ask = (call: LinkCall): Promise<LinkResult> => new Promise((resolve) => link.call(call, resolve));
    const { busName, path } = SERVICES[service];
    const owner = await ask(busCall("GetNameOwner", "s", [busName], "s"));
    const [destination] = owner.ok ? owner.values : [];
    if (typeof destination !== "string") throw new Error(`${busName} has no owner`);
    const result = await ask({ destination, path, interface: busName, member, signature: "", args: [], returns: "" });
    link.close();
    return result.ok ? { ok: true, values: [] } : result;
  }

  #makePeer(): BusPeer {
    const current = (): RealBus => {
      if (this.#peerBus === undefined) throw new Error("stac does not run");
      return this.#peerBus;
    };
    return {
      get bus(): BusPort {
        return current();
      },
      delivered: this.#deliveredToPeer,
      start: async () => {
        this.#peerBus = this.#join(["stac"], this.#recorder(this.#deliveredToPeer));
        await this.#present("stac");
      },
      stop: async () => {
        current().close();
        this.#peerBus = undefined;
        await Promise.resolve();
      },
    };
  }

  #join(services: readonly ServiceName[], deliver: Deliver): RealBus {
    const { daemon, log } = this.#parts;
    return new RealBus({ services, address: daemon.address, deliver, log, timing: TIMING });
  }

  #recorder(delivered: Delivered[]): Deliver {
    return (event) => delivered.push({ at: this.#parts.host.now(), event });
  }

  /** Waits until the tool sees an owner for the service's name. */
  async #present(service: ServiceName): Promise<void> {
    this.#tool.bus.subscribe(service);
    const find = (): true | undefined => {
      const told = this.#tool.delivered.flatMap(({ event }) =>
        event.kind === "bus-peer" && event.peer === service ? [event.up] : [],
      );
      return told.at(-1) === true ? true : undefined;
    };
    await this.#parts.host.until(`${service} on the bus`, find, LIMIT);
  }
}

/**
 * The bus port over a real D-Bus system bus. One process owns the names of one or both services. The bus may be missing, may go
 * and come back at any time, and passes on anything that any user of the host sends.
 */
import type { BusCallId, BusPort, BusResult, BusValue, ServiceName } from "../../../core/ports/bus.js";
import type { LogPort } from "../../../core/ports/log.js";
import type { RequestId } from "../../../core/ports/request.js";
import type { Deliver } from "../deliver.js";
import type { Rival } from "../rivals.js";
import { resolveBusAddresses } from "./address.js";
import { Clients } from "./clients.js";
import { BusConnection } from "./connection.js";
import { ForeignService } from "./foreign.js";
import { findSignal, signatureOf, SERVICES } from "./idl.js";
import { BUS_TIMING, type BusTiming } from "./limits.js";
import type { Link } from "./link.js";
import { readMachineId } from "./machine-id.js";
import { NameOwners } from "./owners.js";
import { OwnNames } from "./own-names.js";
import { Peers } from "./peers.js";
import { MESSAGE_TYPE, WireError, type Message } from "./wire.js";

interface RealBusOptions {
  /** The services of this process: it owns their names and serves their objects. */
  readonly services: readonly ServiceName[];
  /** An address for `resolveBusAddresses`; `undefined`: the system bus. */
  readonly address: string | undefined;
  readonly deliver: Deliver;
  readonly log: LogPort;
  readonly timing?: BusTiming;
}

/**
 * Connects to the bus when constructed, and reconnects whenever the bus is lost. Delivers no event inside a call, and none after
 * `close`. An address that is not valid means a bus that never comes.
 */
export class RealBus implements BusPort {
  readonly #options: RealBusOptions;
  readonly #connection: BusConnection;
  readonly #owners: NameOwners;
  readonly #names: OwnNames;
  readonly #peers: Peers;
  readonly #clients: Clients;
  readonly #foreign: ForeignService[] = [];

  constructor(options: RealBusOptions) {
    const { services, deliver, log, timing = BUS_TIMING } = options;
    const resolved = resolveBusAddresses(options.address, process.env);
    if (!resolved.ok) log.write({ level: "error", text: resolved.problem });
    const addresses = resolved.ok ? resolved.addresses : [];
    const objects = services.map((service) => SERVICES[service]);
    this.#options = options;
    this.#owners = new NameOwners(log);
    this.#names = new OwnNames(objects, this.#owners, log, timing);
    this.#peers = new Peers(this.#owners, deliver, log);
    this.#clients = new Clients({ objects, deliver, log, machineId: readMachineId });
    this.#connection = new BusConnection(
      { addresses, timing, log },
      {
        up: (link) => {
          this.#onUp(link);
        },
        down: () => {
          this.#onDown();
        },
        call: (link, message) => {
          this.#clients.onCall(link, message);
        },
        tooLarge: (link, header) => {
          this.#clients.onTooLarge(link, header);
        },
        signal: (message) => {
          this.#onSignal(message);
        },
      },
    );
    this.#connection.open();
  }

  /** Leaves the bus after sending the replies made before. */
  close(): void {
    this.#names.down();
    this.#connection.close();
  }

  /**
   * Waits until the names of the services are ours. Returns those that other processes still own after `patience` milliseconds;
   * none if there is no bus, or if the bus refuses the names.
   */
  async claim(patience: number): Promise<readonly Rival[]> {
    return this.#connection.state === "down" ? [] : await this.#names.claim(patience);
  }

  call(request: RequestId, peer: ServiceName, method: string, args: readonly BusValue[]): void {
    this.#peers.call(request, peer, method, args);
  }

  subscribe(peer: ServiceName): void {
    this.#peers.follow(peer);
  }

  /** A client of a service that is not ours. It works across reconnects to the bus. */
  foreign(busName: string): ForeignService {
    const service = new ForeignService(busName, this.#owners, this.#options.log);
    this.#foreign.push(service);
    if (this.#connection.link !== undefined) service.up(this.#connection.link);
    else if (this.#connection.state === "down") service.down();
    return service;
  }

  reply(call: BusCallId, result: BusResult): void {
    this.#clients.reply(call, result);
  }

  /** Emits a signal to all subscribers; without a bus, to none. */
  emit(service: ServiceName, signal: string, args: readonly BusValue[]): void {
    const spec = SERVICES[service];
    const found = findSignal(spec, signal);
    if (found === undefined) {
      this.#complain(
        `a bug of stas: it emits ${signal}, which is not in the interface of ${service}; please report it`,
      );
      return;
    }
    const link = this.#connection.link;
    if (link === undefined) return;
    // A call can be refused, a signal can only be lost, and nothing makes up for a lost signal. So reconnect.
    if (link.congested) {
      link.abandon();
      return;
    }
    const { path } = spec;
    const member = signal;
    const signature = signatureOf(found.signal.args);
    try {
      link.send({ type: MESSAGE_TYPE.signal, path, interface: found.interface.name, member, signature }, args);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#complain(
        `a bug of stas: it emits ${signal} of ${service} with arguments that do not fit (${error.message}); please report it`,
      );
    }
  }

  /** The order matters: the bus is up before any peer on it, and the owners come last. */
  #onUp(link: Link): void {
    this.#options.deliver({ kind: "bus-state", up: true });
    this.#clients.up(link);
    this.#names.up(link);
    this.#peers.up(link);
    for (const service of this.#foreign) service.up(link);
    this.#owners.up(link);
  }

  /** Our own calls fail before the core learns of the loss. */
  #onDown(): void {
    this.#clients.down();
    this.#names.down();
    this.#peers.down();
    this.#owners.down();
    for (const service of this.#foreign) service.down();
    this.#options.deliver({ kind: "bus-state", up: false });
  }

  #onSignal(message: Message): void {
    this.#owners.onSignal(message);
    this.#peers.onSignal(message);
    for (const service of this.#foreign) service.onSignal(message);
  }

  #complain(text: string): void {
    this.#options.log.write({ level: "error", text });
  }
}

/** The other service: its presence, its signals, and our calls to it. */
import type { BusResult, BusSignalEvent, BusValue, ServiceName } from "../../../core/ports/bus.js";
import type { LogPort } from "../../../core/ports/log.js";
import type { RequestId } from "../../../core/ports/request.js";
import type { Deliver } from "../deliver.js";
import { isBusValue } from "./dispatch.js";
import { DBUS_ERROR, POLICY_ADVICE } from "./errors.js";
import { findMethod, findSignal, signatureOf, SERVICES, type FoundMethod, type ServiceSpec } from "./idl.js";
import { busCall, type Link, type LinkResult } from "./link.js";
import { OWN_CALLS_MAX } from "./limits.js";
import type { NameOwners } from "./owners.js";
import { readBody } from "./unmarshal.js";
import { WireError, type Message } from "./wire.js";

/** A call that waits until the bus says who owns the peer's name. */
interface Waiting {
  readonly request: RequestId;
  readonly found: FoundMethod;
  readonly args: readonly BusValue[];
}

interface Peer {
  readonly spec: ServiceSpec;
  readonly waiting: Waiting[];
  owner: { readonly known: false } | { readonly known: true; readonly name: string | undefined };
  /** The core wants its presence and its signals. */
  isFollowed: boolean;
}

export class Peers {
  readonly #owners: NameOwners;
  readonly #deliver: Deliver;
  readonly #log: LogPort;
  readonly #peers = new Map<ServiceName, Peer>();
  #link: Link | undefined;

  constructor(owners: NameOwners, deliver: Deliver, log: LogPort) {
    this.#owners = owners;
    this.#deliver = deliver;
    this.#log = log;
  }

  /** Call it before `NameOwners.up`. */
  up(link: Link): void {
    this.#link = link;
    for (const { spec } of this.#peers.values()) this.#match(link, spec);
  }

  down(): void {
    this.#link = undefined;
    for (const peer of this.#peers.values()) {
      peer.owner = { known: false };
      for (const { request } of peer.waiting.splice(0)) this.#fail(request, DBUS_ERROR.disconnected);
    }
  }

  follow(service: ServiceName): void {
    const peer = this.#peer(service);
    if (peer.isFollowed) return;
    peer.isFollowed = true;
    if (peer.owner.known) this.#announce(peer, peer.owner.name);
  }

  call(request: RequestId, service: ServiceName, method: string, args: readonly BusValue[]): void {
    const found = findMethod(SERVICES[service], method);
    if (found === undefined) {
      const text = `a bug of stas: it calls ${method}, which is not in the interface of ${service}; please report it`;
      this.#log.write({ level: "error", text });
      this.#fail(request, DBUS_ERROR.unknownMethod);
      return;
    }
    if (this.#link === undefined) {
      this.#fail(request, DBUS_ERROR.disconnected);
      return;
    }
    const peer = this.#peer(service);
    if (peer.owner.known) this.#send(this.#link, peer, { request, found, args });
    else if (peer.waiting.length >= OWN_CALLS_MAX) this.#fail(request, DBUS_ERROR.limitsExceeded);
    else peer.waiting.push({ request, found, args });
  }

  /** Delivers a signal from the owner of a peer's name. Ignores signals from other senders. */
  onSignal(message: Message): void {
    for (const peer of this.#peers.values()) {
      const { spec, owner, isFollowed } = peer;
      if (!isFollowed || !owner.known || owner.name === undefined) continue;
      if (message.sender !== owner.name || message.path !== spec.path) continue;
      const event = readSignal(spec, message);
      if (event !== undefined) this.#deliver(event);
    }
  }

  /** Our view of a peer. The first call subscribes to its signals and asks for its owner. */
  #peer(service: ServiceName): Peer {
    const present = this.#peers.get(service);
    if (present !== undefined) return present;
    const peer: Peer = { spec: SERVICES[service], waiting: [], owner: { known: false }, isFollowed: false };
    this.#peers.set(service, peer);
    if (this.#link !== undefined) this.#match(this.#link, peer.spec);
    this.#owners.follow(peer.spec.busName, (owner) => {
      this.#onOwner(peer, owner);
    });
    return peer;
  }

  /** Subscribes before it asks for the owner, so that it misses no signal of a known owner. */
  #match(link: Link, { busName, path }: ServiceSpec): void {
    link.call(busCall("AddMatch", "s", [`type='signal',sender='${busName}',path='${path}'`], ""), (result) => {
      if (result.ok || result.error === DBUS_ERROR.disconnected) return;
      this.#log.write({
        level: "error",
        text: `the bus refuses to pass on the signals of ${busName} (${result.error}), so its changes are noticed late: ${POLICY_ADVICE}`,
      });
    });
  }

  #onOwner(peer: Peer, owner: string | undefined): void {
    const before = peer.owner;
    peer.owner = { known: true, name: owner };
    if (peer.isFollowed) {
      // The name passed directly from one process to another: the state of the first is lost.
      if (before.known && before.name !== undefined && owner !== undefined) this.#announce(peer, undefined);
      this.#announce(peer, owner);
    }
    const link = this.#link;
    for (const waiting of peer.waiting.splice(0)) {
      if (link === undefined) this.#fail(waiting.request, DBUS_ERROR.disconnected);
      else this.#send(link, peer, waiting);
    }
  }

  #announce(peer: Peer, owner: string | undefined): void {
    this.#deliver({ kind: "bus-peer", peer: peer.spec.service, up: owner !== undefined });
  }

  #send(link: Link, peer: Peer, { request, found, args }: Waiting): void {
    const destination = peer.owner.known ? peer.owner.name : undefined;
    if (destination === undefined) {
      this.#fail(request, DBUS_ERROR.serviceUnknown);
      return;
    }
    const { interface: of, method } = found;
    const call = {
      destination,
      path: peer.spec.path,
      interface: of.name,
      member: method.name,
      signature: signatureOf(method.in),
      args,
      returns: signatureOf(method.out),
    };
    try {
      link.call(call, (result) => {
        this.#deliver({ kind: "bus-reply", request, result: toBusResult(result) });
      });
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      const text = `a bug of stas: it calls ${method.name} of ${peer.spec.service} with arguments that do not fit (${error.message}); please report it`;
      this.#log.write({ level: "error", text });
      this.#fail(request, DBUS_ERROR.invalidArgs);
    }
  }

  #fail(request: RequestId, error: string): void {
    this.#deliver({ kind: "bus-reply", request, result: { ok: false, error } });
  }
}

/** An owner that left before our call reached it means that the service is absent. */
function toBusResult(result: LinkResult): BusResult {
  if (!result.ok)
    return { ok: false, error: result.error === DBUS_ERROR.nameHasNoOwner ? DBUS_ERROR.serviceUnknown : result.error };
  const values = result.values.filter(isBusValue);
  return values.length === result.values.length
    ? { ok: true, values }
    : { ok: false, error: DBUS_ERROR.invalidSignature };
}

/** `undefined` if the signal is not in the interface or does not match it. */
function readSignal(spec: ServiceSpec, message: Message): BusSignalEvent | undefined {
  const found = findSignal(spec, message.member ?? "", message.interface ?? "");
  if (found === undefined) return undefined;
  try {
    const args = readBody(message, signatureOf(found.signal.args)).filter(isBusValue);
    return { kind: "bus-signal", peer: spec.service, signal: found.signal.name, args };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return undefined;
  }
}

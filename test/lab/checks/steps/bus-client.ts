/** Calls the services over a bus, as a command line client would. */
import { Link, type LinkResult } from "../../../../src/adapters/real/bus/link.js";
import { DBUS_ERROR } from "../../../../src/adapters/real/bus/errors.js";
import { SERVICES, signatureOf } from "../../../../src/adapters/real/bus/idl.js";
import { BUS_TIMING } from "../../../../src/adapters/real/bus/limits.js";
import { resolveBusAddresses } from "../../../../src/adapters/real/bus/address.js";
import type { ServiceName } from "../../../../src/core/ports/bus.js";
import type { Lab } from "../../guest/lab.js";

export interface BusClient {
  /** Calls a method of a service. Throws if the answer is an error. */
  ask(service: ServiceName, method: string, args: readonly (string | boolean)[]): Promise<unknown>;
  /** Looks a service up. Throws if its name has no owner. */
  peer(service: ServiceName): Promise<Peer>;
}

/** A service, valid while its process owns the name. */
export interface Peer {
  ask(method: string, args: readonly (string | boolean)[]): Promise<unknown>;
  /** Resolves when the whole answer has arrived, without decoding it, so that a measurement excludes this client's work. */
  answers(method: string, args: readonly (string | boolean)[]): Promise<void>;
}

/** Opens a bus client that closes when the check is over. */
export async function busClient(lab: Lab, address: string): Promise<BusClient> {
  const link = await open(address);
  lab.after(() => link.close());
  const peer = (service: ServiceName): Promise<Peer> => peerOf(link, service);
  return { peer, ask: async (service, method, args) => (await peer(service)).ask(method, args) };
}

async function peerOf(link: Link, service: ServiceName): Promise<Peer> {
  const { path, busName, interfaces } = SERVICES[service];
  const destination = await ownerOf(link, busName);
  const call = (method: string, args: readonly (string | boolean)[], returns?: string): Promise<LinkResult> => {
    const spec = interfaces[0]?.methods.find(({ name }) => name === method);
    if (spec === undefined) throw new Error(`${busName} has no method ${method}`);
    const signatures = { signature: signatureOf(spec.in), returns: returns ?? signatureOf(spec.out) };
    const made = { destination, path, interface: busName, member: method, ...signatures, args };
    return new Promise((resolve) => link.call(made, resolve));
  };
  return {
    ask: async (method, args) => valueOf(await call(method, args), `${method} of ${busName}`),
    async answers(method, args) {
      // The link does not decode an answer with an unexpected signature.
      const result = await call(method, args, "");
      if (result.ok || result.error !== DBUS_ERROR.invalidSignature)
        throw new Error(`${method} of ${busName} has no answer`);
    },
  };
}

async function ownerOf(link: Link, busName: string): Promise<string> {
  const bus = "org.freedesktop.DBus";
  const call = { destination: bus, path: "/org/freedesktop/DBus", interface: bus, member: "GetNameOwner" };
  const asked: LinkResult = await new Promise((resolve) =>
    link.call({ ...call, signature: "s", args: [busName], returns: "s" }, resolve),
  );
  return String(valueOf(asked, `the owner of ${busName}`));
}

function valueOf(result: LinkResult, what: string): unknown {
  if (!result.ok) throw new Error(`${what}: ${result.error}`);
  return result.values[0];
}

function open(address: string): Promise<Link> {
  const resolved = resolveBusAddresses(address, {});
  const first = resolved.ok ? resolved.addresses[0] : undefined;
  if (first === undefined) throw new Error(`no bus address: ${address}`);
  const ignore = (): void => undefined;
  return new Promise((resolve, reject) => {
    const handlers = {
      up: resolve,
      down: () => reject(new Error(`the bus at ${address} does not answer`)),
      call: ignore,
      tooLarge: ignore,
      signal: ignore,
      unreadable: ignore,
    };
    new Link(first, handlers, BUS_TIMING);
  });
}

/** A list of controllers as sorted lines `NQN device`. */
export function listed(answer: unknown): readonly string[] {
  if (!Array.isArray(answer)) throw new Error(`list_controllers answered ${JSON.stringify(answer)}`);
  return answer.map((one: Record<string, string>) => `${one["subsysnqn"] ?? ""} ${one["device"] ?? ""}`).sort();
}

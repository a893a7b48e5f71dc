/** An interface of the simulated host. */
import type { InterfaceSpec } from "../spec.js";
import { type NetPrefix, parseNetPrefix } from "./address.js";

/** An address or route is not valid. The scenario's fault. */
export class NetworkMisuse extends Error {
  override readonly name = "NetworkMisuse";
}

export interface Iface {
  readonly name: string;
  readonly altnames: readonly string[];
  readonly mac: string;
  readonly prefixes: readonly NetPrefix[];
  readonly texts: readonly string[];
}

/** Throws NetworkMisuse if an address is not valid. */
export function makeIface(spec: InterfaceSpec): Iface {
  const prefixes: NetPrefix[] = [];
  const texts: string[] = [];
  for (const text of spec.addresses) {
    const prefix = parseNetPrefix(text);
    if (prefix === undefined) throw new NetworkMisuse(`${text} is not a valid interface address`);
    prefixes.push(prefix);
    texts.push(text.split("/")[0] ?? text);
  }
  return { name: spec.name, altnames: spec.altnames ?? [], mac: spec.mac, prefixes, texts };
}

/** Whether an interface has this name, or this alternative name. */
export function isCalled({ name, altnames }: Iface, asked: string): boolean {
  return name === asked || altnames.includes(asked);
}

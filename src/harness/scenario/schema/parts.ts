/**
 * The leaves of the format. Every `error` text is the "expected" of a problem; every description
 * goes into the published JSON Schema, so that editors show it.
 */
import { isIP, isIPv6 } from "node:net";
import { z } from "zod";
import { LIFE_STATES } from "../names.js";
import { nearest } from "../nearest.js";
import {
  DURATION_PATTERN,
  parseDuration,
  parseRange,
  parseSignedDuration,
  RANGE_PATTERN,
  SIGNED_DURATION_PATTERN,
} from "../duration.js";

/** A record that knows its keys: another one is an error that names them. */
export function record<S extends z.ZodRawShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  const keys = Object.keys(shape);
  const all = keys.join(", ");
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== "unrecognized_keys") return `a record with keys out of ${all}`;
      const near = issue.keys.length === 1 ? nearest(issue.keys[0] ?? "", keys) : undefined;
      return near === undefined ? `one of the keys ${all}` : `${near}, or another of the keys ${all}`;
    },
  });
}

/** A text that a function of ours reads; `expected` names it. */
export function text(expected: string, pattern: RegExp, accepts: (text: string) => boolean = () => true): z.ZodString {
  return z
    .string({ error: expected })
    .regex(pattern, { error: expected })
    .refine((value) => accepts(value), { error: expected, abort: true });
}

/** Alternatives that are told apart by their form; `expected` names them all. */
export function oneOf<const T extends readonly z.ZodType[]>(expected: string, alternatives: T): z.ZodUnion<T> {
  return z.union(alternatives, { error: expected });
}

export function list<T extends z.ZodType>(element: T, expected: string): z.ZodArray<T> {
  return z.array(element, { error: expected });
}

/** An integer in a closed range. */
export function integer(min: number, max: number): z.ZodInt {
  const expected = `an integer from ${min} to ${max}`;
  return z.int({ error: expected }).min(min, { error: expected }).max(max, { error: expected });
}

export function choice<const T extends readonly string[]>(values: T): z.ZodEnum<{ [K in T[number]]: K }> {
  return z.enum(values, { error: `one of ${values.join(", ")}` });
}

export function flag(): z.ZodBoolean {
  return z.boolean({ error: "true or false" });
}

/** Length of any one text of a scenario that is no file. */
const TEXT_MAX = 4_096;

export function line(expected: string): z.ZodString {
  return z.string({ error: expected }).min(1, { error: expected }).max(TEXT_MAX, { error: expected });
}

export const duration = text(
  "a duration in whole milliseconds up to 10 years, such as 250ms, 2.9s, 10m, 72h or 1d",
  DURATION_PATTERN,
  (value) => parseDuration(value) !== undefined,
).meta({ id: "duration", description: "A duration, or a time since the start: 250ms, 2.9s, 10m, 72h, 1d." });

export const signedDuration = text(
  "a duration with a sign, such as +1h or -90s",
  SIGNED_DURATION_PATTERN,
  (value) => parseSignedDuration(value) !== undefined,
).meta({ id: "signedDuration", description: "A duration with a sign: +1h, -90s." });

export const range = text(
  "two times, the first not after the second, such as 30s..10m",
  RANGE_PATTERN,
  (value) => parseRange(value) !== undefined,
).meta({ id: "range", description: "From and to, both inclusive: 30s..10m." });

const ID = "[A-Za-z][A-Za-z0-9_-]{0,63}";

/** A device name is no id: a step must be able to tell `nvme3` from a peer. */
export const id = text(
  "an id: a letter, then letters, digits, - or _ (64 at most), not a device name such as nvme3",
  new RegExp(`^(?!nvme[0-9]+$)${ID}$`),
).meta({ id: "id", description: "An id that this file gives to something." });

export const controllerRef = text(
  "the id of a discovery controller or subsystem, or id@interface",
  new RegExp(`^${ID}(@[^\\s/@]{1,15})?$`),
).meta({ id: "controller", description: "Controllers to this peer (dc1); over one interface only: dc1@eth1." });

export const controllerRefs = oneOf("an id, or a list of ids", [
  controllerRef,
  list(controllerRef, "a list of ids"),
]).meta({ id: "controllers", description: "One id, or a list of ids." });

export const iface = text("the name of an interface (15 characters at most)", /^[^\s/@:]{1,15}$/).meta({
  id: "interface",
  description: "Name of a host interface.",
});

export const mac = text("a MAC address such as 02:00:00:00:00:01", /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/).describe(
  "MAC address, lower case.",
);

/** Whether a text is an IP address, without a scope. */
export function isAddress(value: string): boolean {
  return isIP(value) !== 0 && !value.includes("%");
}

export const address = text("an IP address without a scope", /^[0-9a-fA-F.:]+$/, isAddress).describe(
  "IP address, without a scope.",
);

const FC_ADDRESS = /^nn-0x[0-9a-fA-F]{16}:pn-0x[0-9a-fA-F]{16}$/;

export const hostAddress = text(
  "an IP address without a scope, or a Fibre Channel address (nn-0x...:pn-0x...)",
  /^[0-9a-fA-Fnpx.:-]+$/,
  (value) => isAddress(value) || FC_ADDRESS.test(value),
);

function isPrefixed(value: string): boolean {
  const slash = value.indexOf("/");
  const ip = value.slice(0, slash);
  return isAddress(ip) && Number(value.slice(slash + 1)) <= (isIPv6(ip) ? 128 : 32);
}

export const prefixedAddress = text(
  "an IP address with its prefix length, such as 192.168.1.10/24",
  /^[0-9a-fA-F.:]+\/[0-9]{1,3}$/,
  isPrefixed,
).meta({ id: "prefixedAddress", description: "IP address with its prefix length: 192.168.1.10/24." });

export const nqn = text("an NQN: nqn. and at most 223 characters", /^nqn\.[^\s,]{1,219}$/).meta({
  id: "nqn",
  description: "NVMe qualified name.",
});

export const path = text("an absolute path without . and .. parts", /^(\/(?!\.{1,2}(\/|$))[^/\0]+)+$/).meta({
  id: "path",
  description: "Absolute path in the simulated host.",
});

export const service = choice(["staf", "stac"]);

export const processTarget = choice(["staf", "stac", "both"]);

export const upDown = choice(["up", "down"]);

export const linkState = choice(["up", "down", "silent"]).meta({
  id: "linkState",
  description: "up; down fails loudly (no route); silent loses every packet.",
});

export const listenerState = choice(["up", "refuses", "silent", "closes", "garbage", "unreachable"]).meta({
  id: "listenerState",
  description: "How a listening address treats a TCP connection.",
});

export const madeBy = choice(["stas", "nvme-cli", "administrator", "nbft", "bios"]).meta({
  id: "madeBy",
  description: "Who wrote the connect string.",
});

export const lifeState = choice([...LIFE_STATES, "absent"]);

export const count = integer(0, 1_000_000_000);

/** What a reload changed in a configuration, as text for the log. Values stay out of it: one may be a secret. */
import { CONNECTION_KEYS, CONNECTION_OPTIONS } from "../domain/connection-options.js";
import { CHANGES_SHOWN_MAX } from "../domain/limits.js";
import { OPTIONS } from "./definitions.js";
import type { CommonConfig, ControllerEntry } from "./types.js";

/** One line: the options that changed, and the `controller` and `exclude` lines that were added, removed or changed. */
export function describeChanges(before: CommonConfig, after: CommonConfig): string {
  const parts = [
    listed("changed", changedOptions(before, after)),
    ...changedEntries("controller", before.controllers, after.controllers),
    ...changedEntries("exclude", before.excludes, after.excludes),
  ].filter((part) => part !== "");
  return parts.length === 0 ? "nothing changed" : parts.join("; ");
}

/** Fields of a configuration whose option has another name in `OPTIONS`. */
const NAMES: Readonly<Record<string, string>> = {
  persistentConnections: OPTIONS.persistent.name,
};

function changedOptions(before: CommonConfig, after: CommonConfig): readonly string[] {
  const apart = new Set(["file", "connection", "controllers", "excludes"]);
  const definitions: Readonly<Record<string, { readonly name: string }>> = OPTIONS;
  const changed = Object.entries(after)
    .filter(([key, value]) => !apart.has(key) && !isSame(value, Reflect.get(before, key)))
    .map(([key]) => definitions[key]?.name ?? NAMES[key] ?? key);
  const connection = CONNECTION_KEYS.filter((key) => before.connection[key] !== after.connection[key]);
  return [...changed, ...connection.map((key) => CONNECTION_OPTIONS[key].file)];
}

function changedEntries(
  what: "controller" | "exclude",
  before: readonly ControllerEntry[],
  after: readonly ControllerEntry[],
): readonly string[] {
  const old = new Map(before.map((entry) => [identityOf(entry), entry]));
  const now = new Map(after.map((entry) => [identityOf(entry), entry]));
  const names = (of: ReadonlyMap<string, ControllerEntry>, test: (name: string) => boolean): readonly string[] =>
    [...of.keys()].filter(test);
  return [
    listed(
      `${what} added`,
      names(now, (name) => !old.has(name)),
    ),
    listed(
      `${what} removed`,
      names(old, (name) => !now.has(name)),
    ),
    listed(
      `${what} with other options`,
      names(now, (name) => old.has(name) && !isSame(old.get(name)?.options, now.get(name)?.options)),
    ),
  ];
}

/** What a line names, as it is written. */
function identityOf(entry: ControllerEntry): string {
  const { transport, traddr, trsvcid, nqn, hostTraddr, hostIface, hostNqn } = entry;
  const keys = {
    transport,
    traddr,
    trsvcid,
    nqn,
    "host-traddr": hostTraddr,
    "host-iface": hostIface,
    "host-nqn": hostNqn,
  };
  return Object.entries(keys)
    .filter(([, value]) => value !== "")
    .map(([key, value]) => `${key}=${value}`)
    .join(";");
}

function listed(what: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  const more = names.length - CHANGES_SHOWN_MAX;
  const shown = names.slice(0, CHANGES_SHOWN_MAX).join(", ");
  return `${what}: ${shown}${more > 0 ? ` and ${String(more)} more` : ""}`;
}

/** Options and their values are plain data, in one order. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

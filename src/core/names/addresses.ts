/** Chooses the address for a connection to a host name. Pure. */
import { allowedFamily } from "../config/controller-entry.js";
import type { CommonConfig, ControllerEntry, IpFamily } from "../config/types.js";
import type { Standing } from "../state/controller.js";
import { isHostName } from "../domain/host-name.js";
import { canonicalAddress, parseIp } from "../domain/ip-address.js";
import { transportIdKey, type TransportId } from "../domain/transport-id.js";
import { wantedTransportId } from "./entry.js";
import type { ServiceName } from "../ports/bus.js";

/** The resolver's last answer for each name, in its order. A name that was never resolved is absent. */
export type NameAnswers = ReadonlyMap<string, readonly string[]>;

/** A controller, and the host name that its address stands for. Empty if the address itself is configured. */
export interface Named {
  readonly tid: TransportId;
  readonly hostName: string;
  readonly standing: Standing;
  /** `in-kernel`: live, or the kernel reconnects it. `failing`: the address does not answer. */
  readonly health: "in-kernel" | "failing" | "unclear";
}

export interface Configured {
  readonly tid: TransportId;
  /** The host name in the file. Empty if the file gives the address. */
  readonly hostName: string;
  readonly entry: ControllerEntry;
}

/** What the `controller` lines ask for, each with an address. Skips a line whose host name has none yet. */
export function configuredConnections(
  config: CommonConfig,
  service: ServiceName,
  answers: NameAnswers,
  present: readonly Named[],
): readonly Configured[] {
  const found: Configured[] = [];
  for (const entry of config.controllers) {
    const wanted = wantedTransportId(entry, service, config.ignoreIface);
    if (!wanted.ok) continue;
    const { tid } = wanted;
    const byName = isNamed(tid);
    const traddr = byName ? addressOf(tid, config.ipFamilies, answers, present) : tid.traddr;
    if (traddr !== undefined) found.push({ tid: { ...tid, traddr }, hostName: byName ? tid.traddr : "", entry });
  }
  return found;
}

/** What the `controller` lines ask for with a host name that has no answer yet: transport ids with the name as address. */
export function unansweredNames(
  config: CommonConfig,
  service: ServiceName,
  answers: NameAnswers,
  present: readonly Named[],
): readonly TransportId[] {
  return config.controllers.flatMap((entry) => {
    const wanted = wantedTransportId(entry, service, config.ignoreIface);
    return wanted.ok && isUnanswered(wanted.tid, config.ipFamilies, answers, present) ? [wanted.tid] : [];
  });
}

/** Whether a host name stands in place of the address, and nothing is known to be behind it. */
export function isUnanswered(
  tid: TransportId,
  families: readonly IpFamily[],
  answers: NameAnswers,
  present: readonly Named[],
): boolean {
  return isNamed(tid) && !answers.has(tid.traddr) && addressOf(tid, families, answers, present) === undefined;
}

/** Whether a connection may be what a host name without an answer stands for. */
export function maybeNamed(tid: TransportId, unanswered: readonly TransportId[]): boolean {
  return unanswered.some((named) => transportIdKey({ ...tid, traddr: named.traddr }) === transportIdKey(named));
}

/** Whether a host name stands in place of the address. */
export function isNamed({ transport, traddr }: TransportId): boolean {
  return (transport === "tcp" || transport === "rdma") && parseIp(traddr) === undefined && isHostName(traddr);
}

/** The configuration with one exclude for each address of an excluded host name. */
export function withNamedExcludes<Config extends CommonConfig>(config: Config, answers: NameAnswers): Config {
  if (answers.size === 0 || config.excludes.length === 0) return config;
  const excludes = config.excludes.flatMap((entry) => {
    const addresses = answers.get(canonicalAddress(entry.transport, entry.traddr));
    return addresses === undefined ? [entry] : addresses.map((traddr) => ({ ...entry, traddr }));
  });
  return { ...config, excludes };
}

/**
 * The address that now stands for a host name. `undefined` while none is known. It is stable: an answer in another order, or
 * without an address that the kernel is connected to, changes nothing. An address that does not answer gives way to the next.
 *
 * @param tid the wanted connection, with the host name in place of the address.
 */
export function addressOf(
  tid: TransportId,
  families: readonly IpFamily[],
  answers: NameAnswers,
  present: readonly Named[],
): string | undefined {
  const candidates = (answers.get(tid.traddr) ?? []).filter((traddr) => allowedFamily({ ...tid, traddr }, families));
  const ours = present.filter((one) => isOf(one, tid) && allowedFamily(one.tid, families));
  const known = (one: Named): boolean => candidates.length === 0 || candidates.includes(one.tid.traddr);
  const kept = ours.find(({ health }) => health === "in-kernel") ?? ours.find(known);
  if (kept === undefined) return preferred(candidates, families)[0];
  if (kept.health !== "failing") return kept.tid.traddr;
  const order = preferred(candidates, families);
  return order[(order.indexOf(kept.tid.traddr) + 1) % order.length] ?? kept.tid.traddr;
}

/** Why an address of a configured host name is not wanted; `undefined` if the name is not configured. */
export function whyMoved(config: CommonConfig, { hostName, tid, health }: Named): string | undefined {
  const isConfigured = config.controllers.some(
    ({ transport, traddr }) => canonicalAddress(transport, traddr) === hostName,
  );
  if (hostName === "" || !isConfigured) return undefined;
  return health === "failing"
    ? `${tid.traddr} does not answer, and the next address of ${hostName} is tried`
    : `${hostName} stands for another address now`;
}

function isOf(one: Named, wanted: TransportId): boolean {
  return (
    one.hostName === wanted.traddr &&
    one.standing !== "leaving" &&
    transportIdKey({ ...one.tid, traddr: wanted.traddr }) === transportIdKey(wanted)
  );
}

/** The addresses of the preferred family first. */
function preferred(candidates: readonly string[], families: readonly IpFamily[]): readonly string[] {
  return families.flatMap((family) => candidates.filter((traddr) => parseIp(traddr)?.family === family));
}

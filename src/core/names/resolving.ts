/** Host names in the configuration: asked for, kept, asked for again. A name that does not resolve moves nothing. */
import { bootControllers } from "../boot/tables.js";
import { armNoLater, log, newRequest, sayOnce, unsay, type Context } from "../state/context.js";
import { isNamed } from "./addresses.js";
import type { CommonConfig } from "../config/types.js";
import type { Controller } from "../state/controller.js";
import { advice } from "../domain/advice.js";
import { errnoName } from "../domain/errno.js";
import { isHostName } from "../domain/host-name.js";
import { canonicalAddress, isUnspecified, parseIp } from "../domain/ip-address.js";
import { NAME_ADDRESSES_MAX, NAME_REFRESH, NAME_RETRY, NAMES_MAX } from "../domain/limits.js";
import type { ResolvedEvent } from "../ports/network.js";
import type { CoreState } from "../state/state.js";
import { requestReconcile } from "../state/soak.js";

/** Asks for every configured name that is not being asked for, and lets go of those that are not configured any more. */
export function resolveNames(context: Context): void {
  const { state, ports } = context;
  const wanted = configuredNames(context);
  for (const name of state.names.keys()) if (!wanted.has(name)) state.names.delete(name);
  const asked = namesAskedFor(state);
  for (const name of wanted)
    if (!asked.has(name)) ports.network.resolve(newRequest(context, { kind: "resolve", name }), name);
  if (wanted.size > 0) armNoLater(context, { kind: "names" }, NAME_REFRESH);
}

/** Host names that the resolver is asked for now. */
function namesAskedFor({ requests }: CoreState): ReadonlySet<string> {
  return new Set([...requests.values()].flatMap((pending) => (pending.kind === "resolve" ? [pending.name] : [])));
}

/** What a name led to did not answer: it may have moved, or another of its addresses may answer. */
export function nameMayHaveMoved(context: Context, { hostName, service }: Controller): void {
  if (hostName === "") return;
  armNoLater(context, { kind: "names" }, NAME_RETRY);
  requestReconcile(context, service);
}

export function onResolved(context: Context, name: string, result: ResolvedEvent["result"]): void {
  const { state } = context;
  if (!configuredNames(context).has(name)) return;
  const addresses = result.ok ? usable(result.addresses) : [];
  const mark = `name ${name}`;
  if (addresses.length === 0) {
    const why = result.ok
      ? "it has no usable address"
      : `${errnoName(result.errno)}: ${advice("resolve", result.errno)}`;
    const text = `the host name ${name} is not resolved (${why}): connections stay as they are, and it is asked for again`;
    sayOnce(context, mark, "warning", text);
    armNoLater(context, { kind: "names" }, NAME_RETRY);
    return;
  }
  unsay(context, mark);
  const before = state.names.get(name);
  if (before?.join() === addresses.join()) return;
  log(context, "info", `the host name ${name} is ${addresses.join(", ")}`);
  state.names.set(name, addresses);
  requestReconcile(context, "staf");
  requestReconcile(context, "stac");
}

function configuredNames(context: Context): ReadonlySet<string> {
  const { state } = context;
  const names = new Set<string>();
  const add = ({ controllers, excludes }: CommonConfig): void => {
    for (const { transport, traddr } of [...controllers, ...excludes]) {
      const name = canonicalAddress(transport, traddr);
      const byIp = transport === "tcp" || transport === "rdma" || transport === "";
      if (byIp && isHostName(name) && names.size < NAMES_MAX) names.add(name);
    }
  };
  if (state.staf !== undefined) {
    add(state.staf.config);
    for (const { tid } of bootControllers(context, state.staf.config))
      if (isNamed(tid) && names.size < NAMES_MAX) names.add(tid.traddr);
  }
  if (state.stac !== undefined) add(state.stac.config);
  return names;
}

/** Addresses as the core spells them, each once. */
function usable(addresses: readonly string[]): readonly string[] {
  const spelled = addresses
    .filter((address) => parseIp(address) !== undefined && !isUnspecified(address))
    .map((address) => canonicalAddress("tcp", address));
  return [...new Set(spelled)].slice(0, NAME_ADDRESSES_MAX);
}

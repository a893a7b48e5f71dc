/** The table of services that both providers feed, and what follows from its changes. */
import { assert } from "../domain/assertion.js";
import { allowedFamily, isExcluded } from "../config/controller-entry.js";
import { log, sayOnce, type Context } from "../state/context.js";
import { controllerKey, type Controller } from "../state/controller.js";
import { canonicalAddress, isLinkLocal } from "../domain/ip-address.js";
import { transportIdKey, type TransportId } from "../domain/transport-id.js";
import { SERVICES_MAX } from "../domain/limits.js";
import { withNamedExcludes } from "../names/addresses.js";
import type { DnssdService } from "../ports/dnssd.js";
import { requestReconcile } from "../state/soak.js";
import { offerOf } from "../dnssd/announced.js";
import { pumpProbes, setReach } from "./reach.js";
import { serviceKey, type KnownService, type LostBy, type Reach, type Target } from "../state/mdns.js";

/** A provider found a service, or says that a known one has changed or is still there. */
export function serviceFound(context: Context, service: DnssdService): void {
  const { mdns } = context.state;
  const key = serviceKey(service);
  const known = mdns.services.get(key);
  if (known !== undefined && sameService(known.service, service)) {
    known.confirmed = true;
    return;
  }
  if (known === undefined && mdns.services.size >= SERVICES_MAX) {
    sayOnce(
      context,
      "mdns full",
      "error",
      `more than ${String(SERVICES_MAX)} services are announced: the rest is ignored`,
    );
    return;
  }
  const target = targetOf(context, service);
  const entered: KnownService = { service, target, confirmed: true };
  mdns.services.set(key, entered);
  // Links the new target before it leaves the old one, so that an address that stays is not probed again.
  if (target !== undefined) linkTarget(context, key, target);
  if (known !== undefined) unlink(context, key, known, target, "change");
  log(
    context,
    "debug",
    `mDNS: ${describeService(service)} is announced at ${service.address} port ${String(service.port)}`,
  );
  reportDuplicates(context, service.address);
  if (known !== undefined) reportDuplicates(context, known.service.address);
}

/** A service is no longer announced. No effect if it is not in the table. */
export function serviceLost(context: Context, key: string, by: LostBy): void {
  const { mdns } = context.state;
  const known = mdns.services.get(key);
  if (known === undefined) return;
  mdns.services.delete(key);
  const { address } = known.service;
  log(context, "debug", `mDNS: ${describeService(known.service)} is no longer announced at ${address} (${by})`);
  unlink(context, key, known, undefined, by);
  reportDuplicates(context, known.service.address);
}

/** A provider (re)starts: the services that it does not tell again in time are lost. */
export function markUnconfirmed({ state }: Context): void {
  for (const known of state.mdns.services.values()) known.confirmed = false;
}

/** The time of a provider that (re)started is over. */
export function loseUnconfirmed(context: Context): void {
  for (const [key, { confirmed }] of [...context.state.mdns.services]) {
    if (!confirmed) serviceLost(context, key, "not-told-again");
  }
}

/** Interfaces came or went: the services on those that are gone are lost. */
export function loseVanished(context: Context): void {
  const names = new Set(context.state.interfaces.map(({ name }) => name));
  for (const [key, { service }] of [...context.state.mdns.services]) {
    if (!names.has(service.hostIface)) serviceLost(context, key, "interface");
  }
}

/** The configuration changed: judges every service again. */
export function reviewServices(context: Context): void {
  const { mdns } = context.state;
  for (const [key, known] of [...mdns.services]) {
    const target = targetOf(context, known.service);
    const reviewed: KnownService = { ...known, target };
    mdns.services.set(key, reviewed);
    if (target !== undefined) linkTarget(context, key, target);
    unlink(context, key, known, target, "change");
  }
  reviewTargets(context);
}

/**
 * The excludes may cover other targets, because the configuration or the address of a host name changed. Probes that follow
 * start at once, before the rest of a reload or a reconcile.
 */
export function reviewTargets(context: Context): void {
  const isBarred = barsOf(context);
  for (const target of context.state.mdns.targets.values()) {
    if (isBarred(target.tid) !== (target.reach.at === "barred"))
      setReach(context, target, firstReach(context, target.tid));
  }
  pumpProbes(context);
}

/** Forgets all services and targets. */
export function clearTable({ state: { mdns } }: Context): void {
  mdns.services.clear();
  mdns.targets.clear();
  mdns.probesMoved = true;
  mdns.duplicates.clear();
}

/**
 * What is announced and has not accepted a connection yet. Without the other addresses of a service that is reachable at one of
 * them: a host often has a route for only one family.
 */
export function unreachedTargets({ state: { mdns } }: Context): readonly TransportId[] {
  const place = ({ service: { instance, type, hostIface } }: KnownService): string =>
    `${hostIface} ${type} ${instance}`;
  const reached = new Set<string>();
  for (const known of mdns.services.values())
    if (known.target !== undefined && mdns.targets.get(known.target)?.reach.at === "reachable")
      reached.add(place(known));
  const isReached = (key: string): boolean => {
    const known = mdns.services.get(key);
    return known !== undefined && reached.has(place(known));
  };
  return [...mdns.targets.values()]
    .filter(
      ({ reach, services }) => (reach.at === "waiting" || reach.at === "probing") && ![...services].some(isReached),
    )
    .map(({ tid }) => tid);
}

/** Names a service in log records and reasons. Shows what came from the network as printable ASCII. */
export function describeService({ instance, type, hostIface }: DnssdService): string {
  return `"${instance.slice(0, 63).replace(/[^ -~]/g, "?")}" (${type}) on ${hostIface}`;
}

/** Names the service that announces a target, the first if there are several. */
export function announcedBy(context: Context, target: Target): string {
  for (const key of target.services) {
    const known = context.state.mdns.services.get(key);
    if (known !== undefined) return `announced by ${describeService(known.service)}`;
  }
  return "announced";
}

/** The key of the target that a service offers. Makes the target if it is new. */
function targetOf(context: Context, service: DnssdService): string | undefined {
  const offer = offerOf(service, context.state.staf?.config.ignoreIface === true);
  if (!offer.ok) {
    const { hostIface, address } = service;
    const text = `mDNS: ${describeService(service)} is not used: ${offer.because}`;
    sayOnce(context, `mdns ${hostIface} ${address} ${offer.because}`, "error", text);
    return undefined;
  }
  const { targets } = context.state.mdns;
  const key = transportIdKey(offer.tid);
  if (!targets.has(key)) {
    const reach = firstReach(context, offer.tid);
    targets.set(key, { tid: offer.tid, services: new Set(), reach, wokenAt: undefined });
    context.state.mdns.probesMoved = true;
    if (reach.at === "reachable") requestReconcile(context, "staf");
  }
  return key;
}

/** A target that is never connected needs no probe, nor does one that is known to answer. */
function firstReach(context: Context, tid: TransportId): Reach {
  if (barsOf(context)(tid)) return { at: "barred" };
  if (tid.transport !== "tcp" || controllerOf(context, transportIdKey(tid))?.life.at === "connected")
    return { at: "reachable" };
  return { at: "waiting", due: context.ports.clock.now(), failures: 0 };
}

/** Returns the test for targets that are excluded or not of a wanted family. */
function barsOf({ state: { names, staf } }: Context): (tid: TransportId) => boolean {
  if (staf === undefined) return () => true;
  const { excludes, ipFamilies } = withNamedExcludes(staf.config, names);
  return (tid) => isExcluded(tid, excludes) !== undefined || !allowedFamily(tid, ipFamilies);
}

function linkTarget(context: Context, key: string, target: string): void {
  const linked = context.state.mdns.targets.get(target);
  assert(linked !== undefined, "a service leads to a target of the table");
  linked.services.add(key);
  judgeLater(context, target);
}

/** A service no longer leads to a target. The last one removes the target and its probe. */
function unlink(context: Context, key: string, known: KnownService, next: string | undefined, by: LostBy): void {
  const { targets, absences } = context.state.mdns;
  if (known.target === undefined || known.target === next) return;
  const target = targets.get(known.target);
  if (target === undefined) return;
  target.services.delete(key);
  if (target.services.size > 0) return;
  targets.delete(known.target);
  if (target.reach.at !== "reachable") requestReconcile(context, "staf");
  context.state.mdns.probesMoved = true;
  const controller = controllerOf(context, known.target);
  if (controller === undefined) return;
  absences.set(controller.id, { by, since: undefined });
  judgeLater(context, known.target);
}

/** The announcements of a target changed: marks its controller, if any, to be judged. */
function judgeLater(context: Context, target: string): void {
  const controller = controllerOf(context, target);
  if (controller !== undefined) context.state.mdns.unjudged.add(controller.id);
}

/** staf's controller of a transport id, by the id's key. */
function controllerOf({ state }: Context, target: string): Controller | undefined {
  const id = state.byKey.get(controllerKey("staf", target));
  return id === undefined ? undefined : state.controllers.get(id);
}

function sameService(one: DnssdService, other: DnssdService): boolean {
  return one.address === other.address && one.port === other.port && one.txt.join("\n") === other.txt.join("\n");
}

/**
 * Reports an address that is announced on several interfaces: the network is wired or numbered wrongly. Each interface counts
 * once, regardless of its number of services. A link-local address is a different one on each link.
 */
function reportDuplicates(context: Context, address: string): void {
  if (isLinkLocal(address)) return;
  const { services, duplicates } = context.state.mdns;
  const canonical = canonicalAddress("tcp", address);
  const interfaces = new Set<string>();
  for (const { service } of services.values()) {
    if (canonicalAddress("tcp", service.address) === canonical) interfaces.add(service.hostIface);
  }
  if (interfaces.size < 2) {
    duplicates.delete(canonical);
    return;
  }
  const names = [...interfaces].sort().join(", ");
  if (duplicates.get(canonical) === names) return;
  duplicates.set(canonical, names);
  log(
    context,
    "error",
    `the address ${canonical} is announced on several interfaces: ${names}; staf connects through each`,
  );
}

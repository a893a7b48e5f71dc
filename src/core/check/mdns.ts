/** The table of announced services, and what discovery keeps beside it. */
import { transportIdKey } from "../domain/transport-id.js";
import type { RecordCache } from "../dnssd/cache.js";
import { standingOf } from "../state/controller.js";
import { serviceKey, type MdnsState } from "../state/mdns.js";
import type { CoreState } from "../state/state.js";
import { violation } from "./violation.js";

/** The table's two halves agree, nothing is left to judge, and the caches count right. */
export function checkMdns(state: CoreState): void {
  const { mdns } = state;
  checkTable(mdns);
  checkAbsences(state);
  if (mdns.unjudged.size > 0) violation("a change of a discovered controller was not judged");
  if (mdns.probesMoved) violation("a change of a target was not followed by its probes");
  if (mdns.links.size > 0 && mdns.listening.at !== "builtin")
    violation("links are open and another provider tells of services");
  for (const [hostIface, { cache }] of mdns.links) checkCache(hostIface, cache);
}

/** Services lead to targets, and targets to the services that lead to them. */
function checkTable({ services, targets }: MdnsState): void {
  let led = 0;
  for (const [key, { service, target }] of services) {
    if (serviceKey(service) !== key) violation(`the service ${key} is entered as ${serviceKey(service)}`);
    if (target === undefined) continue;
    led += 1;
    if (targets.get(target)?.services.has(key) !== true)
      violation(`the service ${key} leads to ${target}, which does not know it`);
  }
  let known = 0;
  for (const [key, { tid, services: keys }] of targets) {
    if (transportIdKey(tid) !== key) violation(`the target ${key} is entered as ${transportIdKey(tid)}`);
    if (keys.size === 0) violation(`no service leads to the target ${key}`);
    known += keys.size;
  }
  if (known !== led) violation("a target knows a service that does not lead to it");
}

/** Only a discovered controller that stays can be absent. */
function checkAbsences({ mdns, controllers }: CoreState): void {
  for (const id of mdns.absences.keys()) {
    const dc = controllers.get(id);
    if (dc?.service !== "staf" || dc.origin !== "discovered" || standingOf(dc) === "leaving")
      violation(`${id} has an absence and is not a discovered controller that stays`);
  }
}

/** The counts of a cache are those of its records. */
function checkCache(hostIface: string, { sets, size, hosts }: RecordCache): void {
  let records = 0;
  const named = new Map<string, number>();
  for (const set of sets.values()) {
    if (set.size === 0) violation(`the cache of ${hostIface} keeps a set of no records`);
    records += set.size;
    for (const { data, targetKey } of set.values())
      if (data.kind === "srv") named.set(targetKey, (named.get(targetKey) ?? 0) + 1);
  }
  if (records !== size) violation(`the cache of ${hostIface} holds another number of records than it counts`);
  if (named.size !== hosts.size) violation(`the cache of ${hostIface} counts other hosts than its records name`);
  for (const [host, count] of named)
    if (hosts.get(host) !== count) violation(`the cache of ${hostIface} counts ${host} wrongly`);
}

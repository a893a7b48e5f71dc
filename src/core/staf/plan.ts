/** Compares the discovery controllers that staf wants with those it has. Pure. */
import { allowedFamily, isExcluded } from "../config/controller-entry.js";
import type { StafConfig } from "../config/types.js";
import { optionsOver, type ConnectionOptions } from "../domain/connection-options.js";
import type { ControllerId, Origin } from "../state/controller.js";
import { planOptions, type SetOptions } from "../controller/options.js";
import type { DiscoveryLogEntry } from "../domain/discovery-log.js";
import type { Source } from "../domain/open-source.js";
import { formatTransportId, transportIdKey, type TransportId } from "../domain/transport-id.js";
import { entryTransportId } from "../names/entry.js";
import { addressKey } from "../kernel/match.js";
import {
  addressOf,
  configuredConnections,
  isNamed,
  isUnanswered,
  maybeNamed,
  unansweredNames,
  type NameAnswers,
  type Named,
  whyMoved,
} from "../names/addresses.js";
import type { NbftDc } from "../boot/nbft.js";

/** The most discovery controllers that staf wants. Circles of referrals end by themselves, hostile chains end here. */
export const DISCOVERY_CONTROLLERS_MAX = 4_096;

export interface WantedDc {
  readonly tid: TransportId;
  readonly hostName: string;
  readonly options: ConnectionOptions;
  readonly origin: Origin;
  readonly why: string;
}

export interface PresentDc extends Named {
  readonly id: ControllerId;
  readonly origin: Origin;
  readonly options: ConnectionOptions;
  /** `undefined`: the page is not known, which is not the same as empty. */
  readonly entries: readonly DiscoveryLogEntry[] | undefined;
  /** Why its page may list more than is known: this run has not read it, or something says that it changed since. */
  readonly unread: { readonly read: "never" | "news"; readonly because: string } | undefined;
  /** Why to drop it although it was discovered. `undefined` if it stays. */
  readonly dropped: string | undefined;
}

/** A discovery controller that is announced over mDNS and accepts connections. */
export interface DiscoveredDc {
  readonly tid: TransportId;
  readonly why: string;
}

export type StafOperation =
  | { readonly op: "add"; readonly wanted: WantedDc; readonly why: string }
  | { readonly op: "stay"; readonly id: ControllerId; readonly why: string }
  | { readonly op: "set-origin"; readonly id: ControllerId; readonly wanted: WantedDc; readonly why: string }
  | SetOptions
  | { readonly op: "leave"; readonly id: ControllerId; readonly why: string };

export interface StafPlanInput {
  readonly config: StafConfig;
  /** False while no configuration could be read. What is configured is then unknown. */
  readonly configKnown: boolean;
  readonly names: NameAnswers;
  /** What the boot firmware asks for. */
  readonly boot: readonly NbftDc[];
  readonly present: readonly PresentDc[];
  readonly discovered: readonly DiscoveredDc[];
  /** What mDNS discovery lacks to tell all services. `undefined`: it has told them, or is not wanted. */
  readonly mdnsLacks: "time" | "provider" | undefined;
  /** What is announced and has not accepted a connection yet. */
  readonly unreached: readonly TransportId[];
  /** Tables of the boot firmware that cannot be read. */
  readonly unreadTables: readonly string[];
}

type WishInput = Pick<StafPlanInput, "config" | "names" | "boot" | "present" | "discovered">;

/** The wanted set: what is configured, requested by the boot firmware or discovered, and the referrals from there. */
export function wantedDcs({ config, names, boot, present, discovered }: WishInput): ReadonlyMap<string, WantedDc> {
  const byKey = new Map(present.map((dc) => [transportIdKey(dc.tid), dc]));
  const wanted = new Map<string, WantedDc>();
  const defaultsOver = ({ transport }: TransportId): ConnectionOptions => optionsOver(transport, config.connection);
  // In the order in which they came to be wanted. Referrals are followed in that order.
  const queue: string[] = [];
  const want = (candidate: WantedDc): void => {
    const key = transportIdKey(candidate.tid);
    if (wanted.has(key) || wanted.size >= DISCOVERY_CONTROLLERS_MAX) return;
    if (isExcluded(candidate.tid, config.excludes) !== undefined) return;
    if (!allowedFamily(candidate.tid, config.ipFamilies)) return;
    wanted.set(key, candidate);
    queue.push(key);
  };
  for (const { tid, hostName, entry } of configuredConnections(config, "staf", names, present)) {
    const options = optionsOver(tid.transport, config.connection, entry.options);
    want({
      tid,
      hostName,
      options,
      origin: "configured",
      why: `configured by ${config.file} line ${String(entry.line)}`,
    });
  }
  for (const { tid: asked, record } of boot) {
    const tid = withKnownInterface(asked, config, present);
    if (coverOf(wanted, tid) !== undefined) continue;
    const traddr = isNamed(tid) ? addressOf(tid, config.ipFamilies, names, present) : tid.traddr;
    if (traddr === undefined) continue;
    const why = `requested by the boot firmware, discovery record ${String(record)}`;
    const hostName = isNamed(tid) ? tid.traddr : "";
    want({ tid: { ...tid, traddr }, hostName, options: defaultsOver(tid), origin: "nbft", why });
  }
  const followReferrals = (): void => {
    for (let key = queue.shift(); key !== undefined; key = queue.shift()) {
      const dc = wanted.get(key);
      for (const entry of byKey.get(key)?.entries ?? []) {
        if (dc === undefined || entry.subtype !== "referral") continue;
        const tid = entryTransportId(entry, dc.tid, config.ignoreIface);
        if (tid === undefined) continue;
        const why = `referred to by ${formatTransportId(dc.tid)}`;
        want({ tid, hostName: "", options: defaultsOver(tid), origin: "referral", why });
      }
    }
  };
  // A referral outranks an announcement, but not a referral from a discovered controller: two that refer to each other would
  // keep each other for ever.
  followReferrals();
  for (const { tid, why } of discovered)
    want({ tid, hostName: "", options: defaultsOver(tid), origin: "discovered", why });
  for (const { tid, origin, standing, dropped } of present) {
    // What leaves was dropped, and being here still does not make it wanted again.
    if (origin !== "discovered" || dropped !== undefined || standing === "leaving") continue;
    const why = "announced over mDNS earlier, but not now";
    want({ tid, hostName: "", options: defaultsOver(tid), origin: "discovered", why });
  }
  followReferrals();
  return wanted;
}

/**
 * If an interface of the boot firmware is away, its record still means the controller that is already here and differs only
 * in the interface.
 */
function withKnownInterface(asked: TransportId, config: StafConfig, present: readonly PresentDc[]): TransportId {
  if (asked.hostIface !== "" || config.ignoreIface) return asked;
  const key = transportIdKey(asked);
  const known = present.find(
    ({ tid, origin }) => origin === "nbft" && transportIdKey({ ...tid, hostIface: "" }) === key,
  );
  return known === undefined ? asked : { ...asked, hostIface: known.tid.hostIface };
}

/** What may lead to more discovery controllers than are wanted now, or list more than they do. */
export function openSources(input: StafPlanInput, wanted: ReadonlyMap<string, WantedDc>): readonly Source[] {
  const { config, names, boot, present, mdnsLacks, unreached, unreadTables } = input;
  const byKey = new Map(present.map((dc) => [transportIdKey(dc.tid), dc]));
  const open: Source[] = [];
  for (const stands of unansweredNames(config, "staf", names, present))
    open.push({ kind: "name", stands, file: config.file });
  for (const { tid } of boot)
    if (isUnanswered(tid, config.ipFamilies, names, present))
      open.push({ kind: "name", stands: tid, file: config.file });
  for (const path of unreadTables) open.push({ kind: "boot-table", path });
  if (mdnsLacks !== undefined) open.push({ kind: "mdns", lacks: mdnsLacks });
  for (const dc of unreached) if (!byKey.has(transportIdKey(dc))) open.push({ kind: "service", dc });
  for (const [key, { tid, why }] of wanted) {
    const dc = byKey.get(key);
    if (dc === undefined) open.push({ kind: "page", dc: tid, read: "never", because: why });
    else if (dc.unread !== undefined) open.push({ kind: "page", dc: tid, ...dc.unread });
  }
  return open;
}

/** The same for what is still here although nothing wants it. */
export function openLeftovers(input: StafPlanInput, wanted: ReadonlyMap<string, WantedDc>): readonly Source[] {
  return input.present.flatMap(({ tid, standing, unread }): Source[] =>
    unread === undefined || standing === "leaving" || wanted.has(transportIdKey(tid))
      ? []
      : [{ kind: "page", dc: tid, ...unread }],
  );
}

/** The operations that lead from the present to the wanted set. Once applied, they leave nothing to plan. */
export function planStaf(input: StafPlanInput): readonly StafOperation[] {
  const wanted = wantedDcs(input);
  const operations: StafOperation[] = [];
  const here = new Set<string>();
  const mayBeWanted = whatMayBeWanted(input, wanted);
  for (const dc of input.present) {
    const key = transportIdKey(dc.tid);
    here.add(key);
    const wish = wanted.get(key);
    if (wish !== undefined) {
      if (dc.origin !== wish.origin || dc.hostName !== wish.hostName)
        operations.push({ op: "set-origin", id: dc.id, wanted: wish, why: wish.why });
      operations.push(...planOptions(dc, wish));
      if (dc.standing !== "claimed") operations.push({ op: "stay", id: dc.id, why: wish.why });
      continue;
    }
    const why = whyNotWanted(input, dc, wanted, mayBeWanted);
    if (why !== undefined && dc.standing !== "leaving") operations.push({ op: "leave", id: dc.id, why });
  }
  for (const [key, wish] of wanted) if (!here.has(key)) operations.push({ op: "add", wanted: wish, why: wish.why });
  // What is new may use the connection of what leaves. Then that connection stays.
  operations.sort((one, other) => Number(one.op === "leave") - Number(other.op === "leave"));
  return operations;
}

/**
 * Says whether an open source may want a controller. A referral may come from any source. What is configured no longer goes at
 * once, unless it may be what a host name stands for or is about to be announced.
 */
function whatMayBeWanted(input: StafPlanInput, wanted: ReadonlyMap<string, WantedDc>): (dc: PresentDc) => boolean {
  const { config, names, present, mdnsLacks } = input;
  const unanswered = unansweredNames(config, "staf", names, present);
  const someOpen = openSources(input, wanted).length > 0;
  return ({ tid, origin }) => (origin === "referral" ? someOpen : mdnsLacks === "time" || maybeNamed(tid, unanswered));
}

/** The reason to let a controller go. `undefined` while it is not known whether it is wanted. */
function whyNotWanted(
  { config, configKnown }: StafPlanInput,
  dc: PresentDc,
  wanted: ReadonlyMap<string, WantedDc>,
  mayBeWanted: (dc: PresentDc) => boolean,
): string | undefined {
  const exclude = isExcluded(dc.tid, config.excludes);
  if (exclude !== undefined) return `excluded by ${config.file} line ${String(exclude.line)}`;
  if (!allowedFamily(dc.tid, config.ipFamilies)) return `its address family is not in ip-family of ${config.file}`;
  if (!configKnown) return undefined;
  switch (dc.origin) {
    case "configured":
      return mayBeWanted(dc) ? undefined : (whyMoved(config, dc) ?? `no longer configured by ${config.file}`);
    case "referral":
      return mayBeWanted(dc) ? undefined : "no discovery controller refers to it";
    case "nbft":
      return whySuperseded(wanted, dc.tid);
    case "discovered":
      return dc.dropped;
  }
}

/** Whether two transport ids mean the same controller and host, perhaps over different ways. */
function isSameTarget(one: TransportId, other: TransportId): boolean {
  return addressKey(one) === addressKey(other) && one.subsysnqn === other.subsysnqn && one.hostNqn === other.hostNqn;
}

/** The configured controller that asks for the same one and names no way to it: no second connection is needed. */
function coverOf(wanted: ReadonlyMap<string, WantedDc>, tid: TransportId): WantedDc | undefined {
  for (const dc of wanted.values()) {
    const byAnyWay = dc.tid.hostIface === "" && dc.tid.hostTraddr === "";
    if (dc.origin === "configured" && byAnyWay && isSameTarget(dc.tid, tid)) return dc;
  }
  return undefined;
}

/**
 * A table that is absent or cannot be read is unknown, so its controllers stay, unless something else asks for them: the
 * configuration, or a record over an interface that was not known before.
 */
function whySuperseded(wanted: ReadonlyMap<string, WantedDc>, tid: TransportId): string | undefined {
  const cover = coverOf(wanted, tid);
  if (cover !== undefined) return cover.why;
  if (tid.hostIface !== "") return undefined;
  const now = [...wanted.values()].find((dc) => dc.origin === "nbft" && isSameTarget(dc.tid, tid));
  return now === undefined ? undefined : `it is now connected over ${now.tid.hostIface}: ${now.why}`;
}

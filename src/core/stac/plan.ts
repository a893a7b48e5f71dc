/** Compares the I/O controllers that stac wants with those that it and the kernel have. Pure. */
import { allowedFamily, isExcluded } from "../config/controller-entry.js";
import type { StacConfig } from "../config/types.js";
import { optionsOver, type ConnectionOptions } from "../domain/connection-options.js";
import type { ControllerId, Kept } from "../state/controller.js";
import { planOptions, type SetOptions } from "../controller/options.js";
import { EFLAG_NCC } from "../domain/discovery-log.js";
import { LAST_PATH_MAX } from "../domain/limits.js";
import { adviceOn, pageKey, sourceKey, untilSpoken, type OpenSource } from "../domain/open-source.js";
import { formatTransportId, transportIdKey, type TransportId } from "../domain/transport-id.js";
import { entryTransportId } from "../names/entry.js";
import { between, formatDuration, later, type Milliseconds } from "../domain/units.js";
import {
  configuredConnections,
  maybeNamed,
  unansweredNames,
  type NameAnswers,
  type Named,
  whyMoved,
} from "../names/addresses.js";
import type { StafDc, StafView } from "../state/staf-view.js";
import { lastPaths } from "./last-path.js";

/** The most I/O controllers that stac wants. */
export const IO_CONTROLLERS_MAX = 16_384;

export interface WantedIo {
  readonly tid: TransportId;
  readonly hostName: string;
  readonly options: ConnectionOptions;
  readonly configured: boolean;
  /** Whether every entry that lists it says No CDC Connectivity (TP8010). `no` for a configured one: stac never gives it up. */
  readonly ncc: boolean;
  /** Keys of the discovery controllers that list it. */
  readonly listedBy: readonly string[];
  readonly why: string;
}

export interface PresentIo extends Named {
  readonly id: ControllerId;
  readonly configured: boolean;
  readonly options: ConnectionOptions;
  readonly ncc: boolean;
  readonly listedBy: readonly string[];
  /** Whether the host may have booted over it. If so, stac never disconnects it. */
  readonly boot: boolean;
  /** Why it is kept although nothing lists it. `undefined` if something does. */
  readonly kept: Kept | undefined;
  /** Failed attempts of a controller that is given up. `undefined` while stac tries it. */
  readonly gaveUpAfter: number | undefined;
  /** Whether its connection is live. */
  readonly isLive: boolean;
  /** Attempts that failed since the last success. */
  readonly failures: number;
}

/** A connection of the kernel that is not ours. */
export interface ForeignIo {
  readonly device: string;
  readonly transport: string;
  readonly madeFor: string;
}

export type StacOperation =
  | { readonly op: "add"; readonly wanted: WantedIo; readonly why: string }
  | { readonly op: "stay"; readonly id: ControllerId; readonly why: string }
  /** Tries a controller again that was given up. */
  | { readonly op: "resume"; readonly id: ControllerId; readonly why: string }
  | {
      readonly op: "set-listing";
      readonly id: ControllerId;
      readonly configured: boolean;
      readonly ncc: boolean;
      readonly hostName: string;
      readonly listedBy: readonly string[];
      readonly why: string;
    }
  | SetOptions
  /** Keeps a controller that nothing lists now. Without `kept`: something lists it again. */
  | { readonly op: "keep"; readonly id: ControllerId; readonly kept: Kept | undefined; readonly why: string }
  | { readonly op: "leave"; readonly id: ControllerId; readonly disconnect: boolean; readonly why: string }
  | { readonly op: "disconnect-foreign"; readonly device: string; readonly why: string };

export interface StacPlanInput {
  readonly config: StacConfig;
  readonly configKnown: boolean;
  readonly names: NameAnswers;
  readonly view: StafView;
  readonly present: readonly PresentIo[];
  readonly foreign: readonly ForeignIo[];
  readonly now: Milliseconds;
}

type Draft = Omit<WantedIo, "listedBy" | "ncc"> & { readonly listedBy: string[]; ncc: boolean };

/** The wanted set: what is configured, and what the known pages list. */
export function wantedIos({ config, names, present, view }: StacPlanInput): ReadonlyMap<string, WantedIo> {
  const wanted = new Map<string, Draft>();
  const admits = (tid: TransportId): boolean =>
    wanted.size < IO_CONTROLLERS_MAX &&
    isExcluded(tid, config.excludes) === undefined &&
    allowedFamily(tid, config.ipFamilies);
  for (const { tid, hostName, entry } of configuredConnections(config, "stac", names, present)) {
    if (!admits(tid)) continue;
    const options = optionsOver(tid.transport, config.connection, entry.options);
    const why = `configured by ${config.file} line ${String(entry.line)}`;
    wanted.set(transportIdKey(tid), { tid, hostName, options, configured: true, ncc: false, listedBy: [], why });
  }
  for (const dc of view.kind === "known" ? view.dcs : []) {
    const dcKey = transportIdKey(dc.tid);
    for (const entry of dc.entries ?? []) {
      const tid = entry.subtype === "nvme" ? entryTransportId(entry, dc.tid, config.ignoreIface) : undefined;
      if (tid === undefined) continue;
      const key = transportIdKey(tid);
      const ncc = (entry.eflags & EFLAG_NCC) !== 0;
      const known = wanted.get(key);
      if (known !== undefined) {
        if (!ncc) known.ncc = false;
        if (known.listedBy.at(-1) !== dcKey) known.listedBy.push(dcKey);
      } else if (admits(tid)) {
        const why = `listed by ${formatTransportId(dc.tid)}`;
        const options = optionsOver(tid.transport, config.connection);
        wanted.set(key, { tid, hostName: "", options, configured: false, ncc, listedBy: [dcKey], why });
      }
    }
  }
  return wanted;
}

/** What staf's view says about the discovery controllers that listed something. */
class Listings {
  readonly #view: StafView;
  readonly #byKey: ReadonlyMap<string, StafDc>;
  readonly #someUnknown: boolean;

  constructor(view: StafView) {
    const dcs = view.kind === "known" ? view.dcs : [];
    this.#view = view;
    this.#byKey = new Map(dcs.map((dc) => [transportIdKey(dc.tid), dc]));
    this.#someUnknown = dcs.some((dc) => dc.entries === undefined);
  }

  /** Whether a discovery controller may still list what it listed. */
  mayList(dcKey: string): boolean {
    if (this.#view.kind === "unknown") return true;
    const dc = this.#byKey.get(dcKey);
    return dc === undefined ? this.#someUnknown : dc.entries === undefined;
  }
}

/** What a plan works out once for all controllers. */
interface Outlook {
  readonly listings: Listings;
  readonly open: readonly OpenSource[];
  /** Host names of stacd.conf without an answer. */
  readonly unanswered: readonly TransportId[];
  /** The last live paths to subsystems whose new paths are not live yet, and since when they stay for that. */
  readonly lastPaths: ReadonlyMap<ControllerId, Milliseconds>;
}

function outlookOf(input: StacPlanInput, wanted: ReadonlyMap<string, WantedIo>): Outlook {
  const { config, names, present, view, now } = input;
  const unanswered = unansweredNames(config, "stac", names, present);
  const open = openSourcesOf(input);
  const admitted = present.filter((io) => whyBarred(input, io) === undefined);
  return { listings: new Listings(view), open, unanswered, lastPaths: lastPaths(admitted, wanted, now) };
}

/** The sources that may want any controller. A host name of stacd.conf means one alone (`maybeNamed`). */
function openSourcesOf({ config, configKnown, view, now }: StacPlanInput): readonly OpenSource[] {
  const open: OpenSource[] = [];
  if (!configKnown) open.push({ source: { kind: "config", file: config.file }, since: now });
  if (view.kind === "unknown") return [...open, { source: { kind: "staf", because: view.because }, since: now }];
  const told = new Set(view.open.map(({ source }) => sourceKey(source)));
  // The stafd of nvme-stas tells pages alone.
  for (const { tid, entries } of view.dcs) {
    if (entries !== undefined || told.has(pageKey(tid))) continue;
    open.push({ source: { kind: "page", dc: tid, read: "never", because: "" }, since: now });
  }
  return [...open, ...view.open];
}

/** The operations that lead from the present to the wanted set. Once applied, they leave nothing to plan. */
export function planStac(input: StacPlanInput): readonly StacOperation[] {
  const wanted = wantedIos(input);
  const outlook = outlookOf(input, wanted);
  const operations: StacOperation[] = [];
  const here = new Set<string>();
  for (const io of input.present) {
    const key = transportIdKey(io.tid);
    here.add(key);
    operations.push(...planPresent(input, outlook, io, wanted.get(key)));
  }
  for (const [key, wish] of wanted) if (!here.has(key)) operations.push({ op: "add", wanted: wish, why: wish.why });
  // What is new may use the connection of what leaves. Then that connection stays.
  operations.sort((one, other) => Number(one.op === "leave") - Number(other.op === "leave"));
  operations.push(...planForeign(input, outlook));
  return operations;
}

function planPresent(
  input: StacPlanInput,
  outlook: Outlook,
  present: PresentIo,
  wish: WantedIo | undefined,
): StacOperation[] {
  const { config } = input;
  const { listings } = outlook;
  const open = present.listedBy.filter((dcKey) => listings.mayList(dcKey));
  if (wish !== undefined) {
    const operations: StacOperation[] = [];
    const listedBy = [...wish.listedBy, ...open.filter((dcKey) => !wish.listedBy.includes(dcKey))];
    const { configured, hostName, why } = wish;
    // An entry on a page that is not known may be the one with connectivity.
    const ncc = wish.ncc && (open.length === 0 || present.ncc);
    const isSame = present.configured === configured && present.ncc === ncc && present.hostName === hostName;
    if (!isSame || !sameList(present.listedBy, listedBy))
      operations.push({ op: "set-listing", id: present.id, configured, ncc, hostName, listedBy, why });
    operations.push(...planOptions(present, wish));
    if (mayResume(config, present, ncc)) operations.push({ op: "resume", id: present.id, why });
    if (present.standing !== "claimed") operations.push({ op: "stay", id: present.id, why: wish.why });
    if (present.kept !== undefined) operations.push({ op: "keep", id: present.id, kept: undefined, why });
    return operations;
  }
  if (present.standing === "leaving") return [];
  const barred = whyBarred(input, present);
  const source = barred === undefined ? sourceFor(input, outlook, present) : undefined;
  // That staf cannot be heard holds all of them, and is said once for all.
  if (source?.source.kind === "staf") return [];
  if (source !== undefined) return planKept(input, present, { by: "open-source", ...source });
  const since = barred === undefined ? outlook.lastPaths.get(present.id) : undefined;
  if (since !== undefined) return planKept(input, present, { by: "last-path", since });
  const why =
    barred ??
    (present.configured
      ? (whyMoved(config, present) ?? `no longer configured by ${config.file}`)
      : "it is in no discovery log page any more");
  return [{ op: "leave", id: present.id, disconnect: mayDisconnect(config, present), why }];
}

/** Whether stac disconnects a connection of ours that is no longer wanted. */
function mayDisconnect(config: StacConfig, { tid, boot }: PresentIo): boolean {
  if (boot) return false;
  switch (config.disconnectScope) {
    case "only-stas-connections":
      return true;
    case "all-connections-matching-disconnect-trtypes":
      return config.disconnectTrtypes.includes(tid.transport);
    case "no-disconnect":
      return false;
  }
}

/** Whether there is a reason to try a controller again that was given up. */
function mayResume(config: StacConfig, { gaveUpAfter }: PresentIo, ncc: boolean): boolean {
  if (gaveUpAfter === undefined) return false;
  return !ncc || config.connectAttemptsOnNcc === 0 || gaveUpAfter < config.connectAttemptsOnNcc;
}

/** Why the configuration rules a controller out, whatever lists it. */
function whyBarred({ config }: StacPlanInput, { tid }: PresentIo): string | undefined {
  const exclude = isExcluded(tid, config.excludes);
  if (exclude !== undefined) return `excluded by ${config.file} line ${String(exclude.line)}`;
  return allowedFamily(tid, config.ipFamilies) ? undefined : `its address family is not in ip-family of ${config.file}`;
}

/** The open source that a controller waits for: the one so far, one that listed it, or any. `undefined` if none may want it. */
function sourceFor(
  { config, now }: StacPlanInput,
  { open, unanswered }: Outlook,
  { tid, kept, listedBy }: PresentIo,
): OpenSource | undefined {
  const isFormer = ({ source }: OpenSource): boolean =>
    kept?.by === "open-source" && sourceKey(kept.source) === sourceKey(source);
  const hasListed = ({ source }: OpenSource): boolean =>
    source.kind === "page" && listedBy.includes(transportIdKey(source.dc));
  const found = open.find(isFormer) ?? open.find(hasListed) ?? open[0];
  if (found !== undefined) return found;
  const stands = unanswered.find((name) => maybeNamed(tid, [name]));
  return stands === undefined ? undefined : { source: { kind: "name", stands, file: config.file }, since: now };
}

/** Nothing changes while the reason stays the same. What only a record holds has no connection to keep. */
function planKept({ now }: StacPlanInput, present: PresentIo, kept: Kept): StacOperation[] {
  if (present.standing !== "claimed" || (present.kept !== undefined && sameReason(present.kept, kept))) return [];
  return [{ op: "keep", id: present.id, kept, why: whyKept(kept, now) }];
}

function sameReason(one: Kept, other: Kept): boolean {
  if (one.by === "last-path" || other.by === "last-path") return one.by === other.by;
  return sourceKey(one.source) === sourceKey(other.source);
}

/** Why a controller that nothing lists stays, in one sentence or two. */
export function whyKept(kept: Kept, now: Milliseconds): string {
  switch (kept.by) {
    case "open-source":
      return `nothing lists it now, and it stays until ${untilSpoken(kept, now)}. ${adviceOn(kept.source)}`;
    case "last-path": {
      const left = formatDuration(between(now, later(kept.since, LAST_PATH_MAX)));
      return `nothing lists it now, and it is the last live path to its subsystem: it stays until a new path is live or all have failed, at most ${left} longer`;
    }
  }
}

/** The foreign connections that the widest scope covers. */
function foreignInScope({ config, foreign }: StacPlanInput): readonly ForeignIo[] {
  if (config.disconnectScope !== "all-connections-matching-disconnect-trtypes") return [];
  const trtypes: readonly string[] = config.disconnectTrtypes;
  return foreign.filter((connection) => trtypes.includes(connection.transport));
}

/** Judges foreign connections only when everything wanted is known. */
function planForeign(input: StacPlanInput, outlook: Outlook): StacOperation[] {
  if (sourceForForeign(input, outlook) !== undefined) return [];
  return foreignInScope(input).map(({ device, madeFor }) => {
    const why = `${madeFor} is not wanted, and disconnect-scope of ${input.config.file} covers it`;
    return { op: "disconnect-foreign", device, why };
  });
}

function sourceForForeign({ config, now }: StacPlanInput, { open, unanswered }: Outlook): OpenSource | undefined {
  const [stands] = unanswered;
  if (open[0] !== undefined || stands === undefined) return open[0];
  return { source: { kind: "name", stands, file: config.file }, since: now };
}

/** The open source that the judgement of foreign connections waits for. `undefined` if it waits for none. */
export function foreignAwaits(input: StacPlanInput): OpenSource | undefined {
  return foreignInScope(input).length === 0 ? undefined : sourceForForeign(input, outlookOf(input, wantedIos(input)));
}

function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, at) => item === other[at]);
}

/** What each discovery controller has told the daemon: the pages that it read to their end, and the news since. */
import { isSameAddress } from "../../adapters/sim/net/address.js";
import type { ConnectionView, ProcessName } from "../../adapters/sim/observation.js";
import { type DiscoveryLogEntry, EFLAG_NCC } from "../../core/domain/discovery-log.js";
import type { TransportId } from "../../core/domain/transport-id.js";
import type { Milliseconds } from "../../core/domain/units.js";
import type { CoreEvent } from "../../core/ports/index.js";
import type { FabricId } from "../../adapters/sim/spec.js";
import type { RunFacts } from "../observers/run-facts.js";
import type { PortCall } from "../trace/teller.js";
import { runs } from "./in-force.js";
import { serves } from "./path.js";

/** What one process tells the other takes less than this. */
const TELLING_TAKES_MS = 1000;

/** Events after which the daemon knows that the page may be another: discovery log page changed, connected, rediscover. */
const NEWS = ["NVME_AEN=0x70f002", "NVME_EVENT=connected", "NVME_EVENT=rediscover"] as const;

/** An entry and a time. */
interface Dated {
  readonly entry: DiscoveryLogEntry;
  readonly at: Milliseconds;
}

/** The last page that was read over one connection. */
interface Told {
  readonly dc: FabricId;
  readonly over: ConnectionView;
  /** Its entries, and when each was first told. */
  readonly since: ReadonlyMap<string, Dated>;
  /** The entries that it had before, and when it was first told without them. */
  readonly gone: ReadonlyMap<string, Dated>;
  readonly at: Milliseconds;
  /** The entries before, for a process that has not heard of this page yet. */
  readonly before: ReadonlySet<string>;
}

/** A read that has begun. `order`: its place among reads and news. */
interface Reading {
  readonly over: ConnectionView;
  readonly dc: FabricId;
  readonly order: number;
  readonly keys: ReadonlySet<string>;
}

/** An entry that may be acted on, and when the daemon was first told of it. */
export interface KnownEntry {
  readonly entry: DiscoveryLogEntry;
  /** `undefined`: never. */
  readonly toldAt: Milliseconds | undefined;
}

function keyOf({ trtype, traddr, trsvcid, subnqn, subtype }: DiscoveryLogEntry): string {
  return [trtype, traddr, trsvcid, subnqn, subtype].join(" ");
}

function wayKey({ peer, traddr, trsvcid, hostIface, hostTraddr, hostNqn }: ConnectionView): string {
  return [peer, traddr, trsvcid, hostIface, hostTraddr, hostNqn].join(" ");
}

/** The device of a uevent after which its page may be another; `undefined` for every other uevent. */
function newsAbout(message: Uint8Array): string | undefined {
  const text = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  if (!text.includes("NVME_")) return undefined;
  const [header = "", ...fields] = text.toString("latin1").split("\0");
  const isNews = fields.some((field) => NEWS.some((news) => news === field));
  return isNews ? header.slice(header.lastIndexOf("/") + 1) : undefined;
}

/** All pages that the daemon was told since the process of staf started. */
export class ToldPages {
  readonly #view: Pick<RunFacts, "facts" | "spec" | "now" | "controllers">;
  readonly #told = new Map<string, Told>();
  /** Order and time of the last news of each connection. */
  readonly #news = new Map<string, { readonly order: number; readonly at: Milliseconds }>();
  readonly #reading = new Map<string, Reading>();
  readonly #ending = new Map<string, Reading>();
  #order = 0;

  constructor(view: Pick<RunFacts, "facts" | "spec" | "now" | "controllers">) {
    this.#view = view;
  }

  called({ process, pageRead, request }: PortCall): void {
    if (pageRead === undefined || request === undefined) return;
    const over = this.#deviceOf(pageRead.device);
    if (over?.peer === undefined) return;
    const key = `${process} ${String(over.uid)}`;
    if (pageRead.step === "begin") {
      const keys = new Set(this.#listedOver(over, over.peer).map(keyOf));
      this.#reading.set(key, { over, dc: over.peer, order: ++this.#order, keys });
      return;
    }
    const reading = this.#reading.get(key);
    this.#reading.delete(key);
    if (reading !== undefined) this.#ending.set(`${process} ${String(request)}`, reading);
  }

  dispatched(process: ProcessName, event: CoreEvent): void {
    if (event.kind === "control" && event.action === "start" && runs(process, "staf")) this.#forget();
    else if (event.kind === "uevent" && runs(process, "staf")) this.#newsCame(event.message);
    else if (event.kind === "admin-reply") {
      const key = `${process} ${String(event.request)}`;
      const reading = this.#ending.get(key);
      this.#ending.delete(key);
      if (reading !== undefined && event.result.ok && event.result.status === 0) this.#tell(reading);
    }
  }

  /**
   * The entries of a discovery controller that the daemon may not treat as absent: those that it lists now, except if it
   * has served a page without them and the daemon has no news since. Without entries that say NCC.
   */
  entries(dc: FabricId, listener: number, way: TransportId): readonly KnownEntry[] {
    const told = this.#toldOver(dc, way);
    const hostNqn = told?.over.hostNqn ?? (way.hostNqn === "" ? this.#view.spec.host.nqn : way.hostNqn);
    const now = this.#listed(dc, listener, hostNqn).map((entry) => ({
      entry,
      toldAt: told?.since.get(keyOf(entry))?.at,
    }));
    if (told === undefined || this.#hasNews(told)) return now;
    const isFresh = this.#isFresh(told.at);
    return now.filter(({ entry, toldAt }) => toldAt !== undefined && (!isFresh || told.before.has(keyOf(entry))));
  }

  /** What a discovery controller lists now, whatever it has told. */
  listed(dc: FabricId, listener: number, { hostNqn }: TransportId): readonly KnownEntry[] {
    const host = hostNqn === "" ? this.#view.spec.host.nqn : hostNqn;
    return this.#listed(dc, listener, host).map((entry) => ({ entry, toldAt: undefined }));
  }

  /** When the last page was read that had lost the entry of a connection; `undefined` if none had. */
  droppedAt({ traddr, trsvcid, subsysnqn }: ConnectionView): Milliseconds | undefined {
    let last: Milliseconds | undefined;
    for (const { gone } of this.#told.values()) {
      for (const { entry, at } of gone.values()) {
        if (entry.subnqn !== subsysnqn || entry.trsvcid !== trsvcid || !isSameAddress(entry.traddr, traddr)) continue;
        if (last === undefined || at > last) last = at;
      }
    }
    return last;
  }

  #isFresh(at: Milliseconds): boolean {
    return this.#view.spec.host.processes === "two" && this.#view.now() - at < TELLING_TAKES_MS;
  }

  #hasNews({ over }: Told): boolean {
    const news = this.#news.get(wayKey(over));
    return news !== undefined && !this.#isFresh(news.at);
  }

  #forget(): void {
    for (const each of [this.#told, this.#news, this.#reading, this.#ending]) each.clear();
  }

  #newsCame(message: Uint8Array): void {
    const name = newsAbout(message);
    const over = name === undefined ? undefined : this.#deviceOf(name);
    if (over?.role === "discovery") this.#news.set(wayKey(over), { order: ++this.#order, at: this.#view.now() });
  }

  /** Only what was listed from the begin of the read to its end is sure to have been told. */
  #tell({ over, dc, order, keys }: Reading): void {
    const key = wayKey(over);
    const at = this.#view.now();
    const before = this.#told.get(key);
    const since = new Map<string, Dated>();
    for (const entry of this.#listedOver(over, dc)) {
      const its = keyOf(entry);
      if (keys.has(its)) since.set(its, before?.since.get(its) ?? { entry, at });
    }
    const gone = new Map(before?.gone);
    for (const [its, { entry }] of before?.since ?? []) if (!since.has(its)) gone.set(its, { entry, at });
    for (const its of since.keys()) gone.delete(its);
    this.#told.set(key, { dc, over, since, gone, at, before: new Set(before?.since.keys()) });
    const news = this.#news.get(key);
    if (news !== undefined && news.order < order) this.#news.delete(key);
  }

  #toldOver(dc: FabricId, way: TransportId): Told | undefined {
    let last: Told | undefined;
    for (const told of this.#told.values()) {
      if (told.dc !== dc || !serves(this.#view.facts, told.over, way)) continue;
      if (last === undefined || told.at > last.at) last = told;
    }
    return last;
  }

  #listedOver({ traddr, trsvcid, hostNqn }: ConnectionView, dc: FabricId): readonly DiscoveryLogEntry[] {
    const spec = this.#view.spec.fabric.discoveryControllers.find(({ id }) => id === dc);
    const listener = spec?.listen.findIndex((one) => one.traddr === traddr && one.trsvcid === trsvcid) ?? -1;
    return this.#listed(dc, Math.max(0, listener), hostNqn);
  }

  #listed(dc: FabricId, listener: number, hostNqn: string): readonly DiscoveryLogEntry[] {
    return this.#view.facts.listedBy(dc, listener, hostNqn).filter(({ eflags }) => (eflags & EFLAG_NCC) === 0);
  }

  #deviceOf(name: string): ConnectionView | undefined {
    for (const view of this.#view.controllers.all()) if (view.name === name) return view;
    return undefined;
  }
}

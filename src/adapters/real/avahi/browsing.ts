/** What Avahi reports while it browses for us: from one browse to the next, or until Avahi goes. */
import type { DnssdService } from "../../../core/ports/dnssd.js";
import type { LogPort } from "../../../core/ports/log.js";
import type { ForeignCall, ForeignService } from "../bus/foreign.js";
import type { LinkResult } from "../bus/link.js";
import type { Deliver } from "../deliver.js";
import type { Lane } from "../lane.js";
import {
  browse,
  BROWSER,
  free,
  itemKey,
  resolve,
  RESOLVER,
  type AvahiSignal,
  type Family,
  type Item,
  type Resolved,
} from "./wire.js";

/** Services resolved at once: Avahi gives a client 1,024 objects (avahi-daemon.conf, objects-per-client-max). */
export const ITEMS_MAX = 1_000;

/** An item that Avahi has announced and not withdrawn. */
interface Entry {
  readonly item: Item;
  readonly hostIface: string;
  /** The family of the address we ask for. */
  wanted: Family | "any";
  /** The path of its resolver; `undefined` until Avahi has named it. */
  resolver: string | undefined;
  /** The service as last reported to the core. */
  told: DnssdService | undefined;
}

interface BrowsingOptions {
  readonly avahi: ForeignService;
  readonly lane: Lane;
  readonly deliver: Deliver;
  readonly log: LogPort;
  /** The name of an interface; `undefined` if no interface has this index any more. */
  readonly nameOf: (index: number) => string | undefined;
  /** Avahi does not browse: nothing more will be reported. */
  readonly failed: (why: string) => void;
}

/** Keeps a resolver for each item until the item goes, so that changes are reported. Then it frees the resolver. */
export class Browsing {
  readonly #options: BrowsingOptions;
  readonly #types: readonly string[];
  readonly #entries = new Map<string, Entry>();
  readonly #browsers: string[] = [];
  /** `forgotten`: Avahi is gone, and our objects with it. */
  #state: "open" | "closed" | "forgotten" = "open";
  #fullTold = false;

  constructor(options: BrowsingOptions, types: readonly string[]) {
    this.#options = options;
    this.#types = types;
    for (const type of types) this.#browse(type);
  }

  /** Frees all our objects in Avahi, and reports nothing more. */
  close(): void {
    this.#state = "closed";
    for (const path of this.#browsers) this.#free(path, BROWSER);
    for (const { resolver } of this.#entries.values()) if (resolver !== undefined) this.#free(resolver, RESOLVER);
  }

  /** Avahi is gone, and our objects with it. */
  forget(): void {
    this.#state = "forgotten";
  }

  onSignal(signal: AvahiSignal): void {
    switch (signal.kind) {
      case "new":
        this.#onNew(signal.item);
        return;
      case "removed":
        this.#onRemoved(signal.item);
        return;
      case "found":
        this.#onFound(signal.resolved);
        return;
      case "browser-failed":
        if (this.#browsers.includes(signal.path)) this.#options.failed("its browser failed");
        return;
      case "resolver-failed":
        this.#onUnresolved(signal.path);
        return;
      case "malformed":
      case "other":
        return;
    }
  }

  #browse(type: string): void {
    this.#call(browse(type), (path) => {
      if (this.#state === "closed" && path.ok) this.#free(path.value, BROWSER);
      if (this.#state !== "open") return;
      if (path.ok) this.#browsers.push(path.value);
      else this.#options.failed(path.error);
    });
  }

  #onNew(item: Item): void {
    const key = itemKey(item);
    if (!this.#types.includes(item.type) || this.#entries.has(key)) return;
    const hostIface = this.#options.nameOf(item.index);
    if (hostIface === undefined) return;
    if (this.#entries.size >= ITEMS_MAX) {
      if (this.#fullTold) return;
      this.#fullTold = true;
      const text = `Avahi announces more than ${String(ITEMS_MAX)} services: the rest are ignored`;
      this.#options.log.write({ level: "error", text });
      return;
    }
    const entry: Entry = { item, hostIface, wanted: item.family, resolver: undefined, told: undefined };
    this.#entries.set(key, entry);
    this.#resolve(entry);
  }

  #resolve(entry: Entry): void {
    this.#call(resolve(entry.item, entry.wanted), (path) => {
      if (!path.ok) {
        const { hostIface } = entry;
        if (this.#isPresent(entry)) this.#note(`Avahi does not resolve a service on ${hostIface} (${path.error})`);
      } else if (this.#isPresent(entry)) entry.resolver = path.value;
      else if (this.#state !== "forgotten") this.#free(path.value, RESOLVER);
    });
  }

  #isPresent(entry: Entry): boolean {
    return this.#state === "open" && this.#entries.get(itemKey(entry.item)) === entry;
  }

  #onFound({ item, family, address, port, txt }: Resolved): void {
    const entry = this.#entries.get(itemKey(item));
    if (entry === undefined) return;
    const { instance, type } = item;
    const service: DnssdService = { instance, type, hostIface: entry.hostIface, family, address, port, txt };
    const { told } = entry;
    if (told !== undefined && isSame(told, service)) return;
    entry.told = service;
    if (told !== undefined && told.family !== family) this.#tellLost(told);
    this.#options.deliver({ kind: "dnssd-found", service });
  }

  /**
   * There is no address of the family that announces the item. Asks for an address of any family. If there is none either, the
   * resolver stays, because the record may come late.
   */
  #onUnresolved(path: string): void {
    for (const entry of this.#entries.values()) {
      if (entry.resolver !== path || entry.wanted === "any" || entry.told !== undefined) continue;
      this.#free(path, RESOLVER);
      entry.resolver = undefined;
      entry.wanted = "any";
      this.#resolve(entry);
      return;
    }
  }

  #onRemoved(item: Item): void {
    const key = itemKey(item);
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    if (entry.resolver !== undefined) this.#free(entry.resolver, RESOLVER);
    if (entry.told !== undefined) this.#tellLost(entry.told);
  }

  /** Reports a loss, unless another item still leads to the same address. */
  #tellLost({ instance, type, hostIface, family }: DnssdService): void {
    for (const { told } of this.#entries.values()) {
      if (told?.instance !== instance || told.type !== type || told.hostIface !== hostIface) continue;
      if (told.family === family) return;
    }
    this.#options.deliver({ kind: "dnssd-lost", instance, type, hostIface, family });
  }

  #free(path: string, of: typeof BROWSER | typeof RESOLVER): void {
    // An object that is gone counts as freed, so any answer is fine.
    this.#call(free(path, of), () => undefined);
  }

  /** Queues calls, so that a flood of services does not fill the bus. Skips calls to an Avahi that is gone. */
  #call(call: ForeignCall, told: (path: PathResult) => void): void {
    const { avahi, lane } = this.#options;
    lane.run(
      () =>
        new Promise((done) => {
          if (this.#state === "forgotten") {
            done();
            return;
          }
          avahi.call(call, (result) => {
            told(pathOf(result));
            done();
          });
        }),
    );
  }

  #note(text: string): void {
    this.#options.log.write({ level: "info", text });
  }
}

type PathResult = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly error: string };

function pathOf(result: LinkResult): PathResult {
  if (!result.ok) return result;
  const [path] = result.values;
  return { ok: true, value: typeof path === "string" ? path : "" };
}

function isSame(one: DnssdService, other: DnssdService): boolean {
  return (
    one.family === other.family &&
    one.address === other.address &&
    one.port === other.port &&
    one.txt.join("\n") === other.txt.join("\n")
  );
}

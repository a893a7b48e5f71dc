/** Resolves host names with getaddrinfo: /etc/hosts, name servers, and other sources in nsswitch.conf. */
import { lookup as dnsLookup } from "node:dns/promises";
import { ERRNO } from "../../../core/domain/errno.js";
import { formatIp, parseIp } from "../../../core/domain/ip-address.js";
import { Milliseconds } from "../../../core/domain/units.js";
import type { ResolvedEvent } from "../../../core/ports/network.js";
import { LANE, Lane } from "../lane.js";
import { codeOf, errnoOf } from "../../shared/os-error.js";

/** Two tries of 5 s: how long glibc waits for one silent name server (resolv.conf(5)). With more servers it waits longer. */
export const RESOLVE_TIMEOUT = Milliseconds(10_000);

/** The most addresses of one name. */
export const ADDRESSES_MAX = 64;

/** The most names in lookup or waiting for it; further names fail with EAGAIN. */
export const NAMES_MAX = 1_024;

/** The length limit of DNS (RFC 1035, section 2.3.4). */
const NAME_CHARS_MAX = 253;

export type ResolveResult = ResolvedEvent["result"];

/** Rejects as `dns.lookup` does. */
export type Lookup = (name: string) => Promise<readonly string[]>;

const systemLookup: Lookup = async (name) => {
  // `verbatim` keeps the order of getaddrinfo (RFC 6724) instead of IPv4 first.
  const found = await dnsLookup(name, { all: true, verbatim: true });
  return found.map(({ address }) => address);
};

interface Asker {
  readonly answer: (result: ResolveResult) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Answers within `RESOLVE_TIMEOUT`. getaddrinfo cannot be cancelled: a late answer goes to those that ask for the same name by
 * then, and until it comes that name uses exactly one thread.
 *
 * ENOENT: the name does not exist or has no address. EAGAIN: the name server failed or cannot be reached. ETIMEDOUT: no answer
 * came in time.
 */
export class NameResolver {
  readonly #lookup: Lookup;
  readonly #lane = new Lane(LANE.names);
  readonly #asked = new Map<string, Set<Asker>>();

  constructor(lookup: Lookup = systemLookup) {
    this.#lookup = lookup;
  }

  /** Calls `done` once, possibly before this returns. */
  resolve(name: string, done: (result: ResolveResult) => void): void {
    if (!isName(name)) {
      done({ ok: false, errno: ERRNO.ENOENT });
      return;
    }
    const known = this.#asked.get(name);
    if (known === undefined && this.#asked.size >= NAMES_MAX) {
      done({ ok: false, errno: ERRNO.EAGAIN });
      return;
    }
    const askers = known ?? new Set<Asker>();
    const timer = setTimeout(() => {
      askers.delete(asker);
      done({ ok: false, errno: ERRNO.ETIMEDOUT });
    }, RESOLVE_TIMEOUT);
    const asker: Asker = { answer: done, timer };
    askers.add(asker);
    if (known === undefined) this.#ask(name, askers);
  }

  /** Leaves open requests unanswered. */
  close(): void {
    for (const askers of this.#asked.values()) {
      for (const { timer } of askers) clearTimeout(timer);
      askers.clear();
    }
  }

  #ask(name: string, askers: Set<Asker>): void {
    this.#asked.set(name, askers);
    this.#lane.run(async () => {
      // All askers may have given up while the name waited for its turn.
      const result = askers.size > 0 ? await this.#look(name) : undefined;
      this.#asked.delete(name);
      if (result === undefined) return;
      for (const { answer, timer } of [...askers]) {
        clearTimeout(timer);
        answer(result);
      }
    });
  }

  async #look(name: string): Promise<ResolveResult> {
    try {
      const addresses = canonical(await this.#lookup(name));
      return addresses.length > 0 ? { ok: true, addresses } : { ok: false, errno: ERRNO.ENOENT };
    } catch (error) {
      return { ok: false, errno: resolverErrno(error) };
    }
  }
}

/** Keeps out names that Node warns about (empty) or refuses with its own errors. */
function isName(name: string): boolean {
  return name.length > 0 && name.length <= NAME_CHARS_MAX && !/[\x00-\x20\x7f]/.test(name);
}

function canonical(texts: readonly string[]): readonly string[] {
  const distinct = new Set<string>();
  for (const text of texts) {
    const address = parseIp(text);
    if (address !== undefined) distinct.add(formatIp(address));
    if (distinct.size >= ADDRESSES_MAX) break;
  }
  return [...distinct];
}

/** The errors of getaddrinfo start at this number in libuv; smaller numbers are errnos of the system. */
const UV_EAI_FIRST = 3_000;

function resolverErrno(error: unknown): number {
  switch (codeOf(error)) {
    case "ENOTFOUND":
    // Not a valid name: libuv cannot encode it for DNS (RFC 5891).
    case "EINVAL":
      return ERRNO.ENOENT;
    case "EAI_AGAIN":
    case "EAI_FAIL":
      return ERRNO.EAGAIN;
    case "EAI_MEMORY":
      return ERRNO.ENOMEM;
    default: {
      const errno = errnoOf(error);
      return errno < UV_EAI_FIRST ? errno : ERRNO.EIO;
    }
  }
}

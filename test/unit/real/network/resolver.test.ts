import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  ADDRESSES_MAX,
  NAMES_MAX,
  NameResolver,
  RESOLVE_TIMEOUT,
  type Lookup,
  type ResolveResult,
} from "../../../../src/adapters/real/network/resolver.js";
import { LANE } from "../../../../src/adapters/real/lane.js";
import { ERRNO } from "../../../../src/core/domain/errno.js";

const failed = (errno: number): ResolveResult => ({ ok: false, errno });
const found = (...addresses: readonly string[]): ResolveResult => ({ ok: true, addresses });

function ask(resolver: NameResolver, name: string): Promise<ResolveResult> {
  return new Promise((resolve) => {
    resolver.resolve(name, resolve);
  });
}

/** An error as `dns.lookup` makes it. */
function dnsError(code: string, errno: number): Error {
  return Object.assign(new Error(`getaddrinfo ${code}`), { code, errno });
}

describe("the answer of getaddrinfo", () => {
  test("gives distinct addresses in its order, in canonical spelling", async () => {
    const texts = ["2001:DB8:0::1", "10.0.0.2", "::ffff:10.0.0.2", "10.0.0.1", "2001:db8::1", "fe80::1%eth0", "junk"];
    const resolver = new NameResolver(() => Promise.resolve(texts));
    expect(await ask(resolver, "dc.example")).toEqual(found("2001:db8::1", "10.0.0.2", "10.0.0.1", "fe80::1%eth0"));
  });

  test("gives no more addresses than the limit", async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    const result = await ask(new NameResolver(() => Promise.resolve(many)), "dc.example");
    expect(result.ok && result.addresses).toEqual(many.slice(0, ADDRESSES_MAX));
  });

  test.each<[string, number, number]>([
    ["ENOTFOUND", -3008, ERRNO.ENOENT],
    ["EINVAL", -22, ERRNO.ENOENT],
    ["EAI_AGAIN", -3001, ERRNO.EAGAIN],
    ["EAI_FAIL", -3004, ERRNO.EAGAIN],
    ["EAI_MEMORY", -3006, ERRNO.ENOMEM],
    ["EAI_SERVICE", -3010, ERRNO.EIO],
    ["EMFILE", -24, ERRNO.EMFILE],
  ])("becomes an errno: %s", async (code, errno, expected) => {
    const resolver = new NameResolver(() => Promise.reject(dnsError(code, errno)));
    expect(await ask(resolver, "dc.example")).toEqual(failed(expected));
  });

  test("without any address means that the name does not exist", async () => {
    expect(await ask(new NameResolver(() => Promise.resolve([])), "dc.example")).toEqual(failed(ERRNO.ENOENT));
  });

  test("is not requested for a name that is not valid", async () => {
    const lookup = vi.fn<Lookup>();
    const resolver = new NameResolver(lookup);
    for (const name of ["", "a b", "a\0b", "a\nb", "x".repeat(254)]) {
      expect(await ask(resolver, name)).toEqual(failed(ERRNO.ENOENT));
    }
    expect(lookup).not.toHaveBeenCalled();
  });

  test("resolves an address and localhost on this host", async () => {
    const resolver = new NameResolver();
    expect(await ask(resolver, "127.0.0.1")).toEqual(found("127.0.0.1"));
    const local = await ask(resolver, "localhost");
    expect(local.ok && local.addresses.every((text) => text === "::1" || text.startsWith("127."))).toBe(true);
    resolver.close();
  });
});

describe("slow names", () => {
  let asked: string[] = [];
  let answers: ((addresses: readonly string[]) => void)[] = [];
  let resolver: NameResolver;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    asked = [];
    answers = [];
    resolver = new NameResolver((name) => {
      asked.push(name);
      return new Promise((resolve) => answers.push(resolve));
    });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("fail with ETIMEDOUT in time, and their late answer is dropped", async () => {
    const results: ResolveResult[] = [];
    resolver.resolve("slow.example", (result) => results.push(result));
    vi.advanceTimersByTime(RESOLVE_TIMEOUT - 1);
    expect(results).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(results).toEqual([failed(ERRNO.ETIMEDOUT)]);
    answers[0]?.(["10.0.0.1"]);
    await turn();
    expect(results).toHaveLength(1);
  });

  test("are looked up once for all askers, including later ones", async () => {
    const early = ask(resolver, "slow.example");
    vi.advanceTimersByTime(RESOLVE_TIMEOUT);
    expect(await early).toEqual(failed(ERRNO.ETIMEDOUT));
    const later = ask(resolver, "slow.example");
    expect(asked).toEqual(["slow.example"]);
    answers[0]?.(["10.0.0.1"]);
    expect(await later).toEqual(found("10.0.0.1"));
    const again = ask(resolver, "slow.example");
    await turn();
    expect(asked).toHaveLength(2);
    answers[1]?.(["10.0.0.2"]);
    expect(await again).toEqual(found("10.0.0.2"));
    expect(vi.getTimerCount()).toBe(0);
  });

  test("use only their own threads, and a name that nobody waits for any more is not looked up", async () => {
    const results: ResolveResult[] = [];
    for (let index = 0; index <= LANE.names; index++) {
      resolver.resolve(`slow${index}.example`, (result) => results.push(result));
    }
    expect(asked).toHaveLength(LANE.names);
    vi.advanceTimersByTime(RESOLVE_TIMEOUT);
    expect(results).toEqual(Array(LANE.names + 1).fill(failed(ERRNO.ETIMEDOUT)));
    for (const answer of answers) answer(["10.0.0.1"]);
    await turn();
    expect(asked).toHaveLength(LANE.names);
    const next = ask(resolver, `slow${LANE.names}.example`);
    expect(asked.at(-1)).toBe(`slow${LANE.names}.example`);
    answers.at(-1)?.(["10.0.0.9"]);
    expect(await next).toEqual(found("10.0.0.9"));
  });

  test("are limited in number", async () => {
    for (let index = 0; index < NAMES_MAX; index++) resolver.resolve(`slow${index}.example`, () => undefined);
    expect(await ask(resolver, "one.more.example")).toEqual(failed(ERRNO.EAGAIN));
  });

  test("give no answer once the resolver is closed", async () => {
    const results: ResolveResult[] = [];
    resolver.resolve("slow.example", (result) => results.push(result));
    resolver.close();
    answers[0]?.(["10.0.0.1"]);
    vi.advanceTimersByTime(RESOLVE_TIMEOUT);
    await turn();
    expect(results).toEqual([]);
  });
});

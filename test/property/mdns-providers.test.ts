/** Avahi and our own queries find the same services in the same simulated world. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { WorldAction } from "../../src/adapters/sim/actions.js";
import type { ResponderSpec } from "../../src/adapters/sim/spec.js";
import { Milliseconds } from "../../src/core/domain/units.js";
import { runScenario } from "../../src/harness/run/run-scenario.js";
import type { Scenario, Step } from "../../src/harness/scenario/types.js";

const LAST_STEP_MS = 60_000;

/**
 * Links that carry everything: all is known within seconds, and records live long. Links that fall silent: what was
 * missed is known once its records expire.
 */
const LINKS = {
  good: { ttl: Milliseconds(4_500_000), aftermath: 5_000 },
  silent: { ttl: Milliseconds(20_000), aftermath: 45_000 },
} as const;

type Links = keyof typeof LINKS;

const IFACES = {
  eth0: ["192.168.1.10/24", "fe80::10/64"],
  eth1: ["10.0.0.10/24"],
} as const;

type Name = keyof typeof IFACES;

const addresses: Readonly<Record<Name, fc.Arbitrary<string[]>>> = {
  eth0: fc.subarray(["192.168.1.20", "192.168.1.21", "fe80::20", "fd00::20"], { minLength: 1 }),
  eth1: fc.subarray(["10.0.0.20", "192.168.1.20"], { minLength: 1 }),
};

/** Four instances. On its interface, each belongs to one responder. */
const responder: fc.Arbitrary<ResponderSpec> = fc
  .record({ at: fc.constantFrom<Name>("eth0", "eth1"), number: fc.constantFrom(1, 2), announced: fc.boolean() })
  .chain(({ at, number, announced }) =>
    fc.record({
      id: fc.constant(`${at}-${String(number)}`),
      hostIface: fc.constant(at),
      instance: fc.constant(number === 1 ? "Array. 1" : "b"),
      type: fc.constantFrom("_nvme-disc._tcp" as const, "_nvme-disc._udp" as const),
      hostName: fc.constant(`host${String(number)}.local`),
      addresses: addresses[at],
      port: fc.constantFrom(8009, 4420),
      txt: fc.constantFrom(["p=tcp"], ["P=ROCE", "nqn=nqn.x"], ["nothing"]),
      ttl: fc.constant(LINKS.good.ttl),
      hosts: fc.constant(1),
      additional: fc.boolean(),
      announced: fc.constant(announced),
    }),
  );

const iface = fc.constantFrom<Name>("eth0", "eth1");

const silence: fc.Arbitrary<WorldAction> = fc.record({
  kind: fc.constant("link" as const),
  hostIface: iface,
  state: fc.constantFrom("silent" as const, "up" as const),
});

const action = (known: readonly ResponderSpec[], links: Links): fc.Arbitrary<WorldAction> =>
  fc.oneof(
    ...(links === "silent" ? [silence] : []),
    fc.constantFrom(...known).map((one) => ({ kind: "goodbye" as const, responder: one.id })),
    fc.constantFrom(...known).map((one) => ({ kind: "announce" as const, responder: { ...one, announced: true } })),
    fc
      .tuple(fc.constantFrom(...known), fc.constantFrom(8009, 9000), fc.constantFrom(["p=tcp"], ["p=iwarp"]))
      .map(([one, port, txt]) => ({ kind: "announce" as const, responder: { ...one, port, txt, announced: true } })),
    fc.record({ kind: fc.constant("remove-interface" as const), name: iface }),
    iface.map((name) => ({ kind: "interface" as const, name, mac: "02:00:00:00:00:09", addresses: IFACES[name] })),
  );

interface World {
  readonly links: Links;
  readonly responders: readonly ResponderSpec[];
  readonly steps: readonly { readonly at: number; readonly does: WorldAction }[];
}

const world: fc.Arbitrary<World> = fc
  .tuple(
    fc.constantFrom<Links>("good", "silent"),
    fc.uniqueArray(responder, { minLength: 1, maxLength: 4, selector: ({ id }) => id }),
  )
  .chain(([links, made]) => {
    const responders = made.map((one) => ({ ...one, ttl: LINKS[links].ttl }));
    const step = fc.record({ at: fc.integer({ min: 0, max: LAST_STEP_MS }), does: action(responders, links) });
    return fc.record({
      links: fc.constant(links),
      responders: fc.constant(responders),
      steps: fc.array(step, { maxLength: 8 }),
    });
  });

function scenarioOf({ links, responders, steps }: World, provider: "avahi" | "builtin"): Scenario {
  // At the end every link carries datagrams again.
  const last = Object.keys(IFACES).map((hostIface) => ({
    at: LAST_STEP_MS,
    does: { kind: "link", hostIface, state: "up" } as const,
  }));
  const timeline = [...steps, ...last].map(({ at, does }): Step => ({
    when: { kind: "at", at: Milliseconds(at) },
    after: Milliseconds(0),
    action: does,
  }));
  return {
    format: 1,
    file: "generated",
    title: "Services come and go",
    seed: 1,
    autostart: true,
    expectations: [],
    expectationLines: [],
    timeline,
    stepLines: timeline.map(() => 0),
    until: Milliseconds(LAST_STEP_MS + LINKS[links].aftermath),
    world: {
      seed: 1,
      host: {
        kernel: { version: "6.12", controllers: [], ueventBuffer: 512, attributesAfter: Milliseconds(0), jitter: 0 },
        nqn: "nqn.2014-08.org.nvmexpress:uuid:33333333-3333-4333-8333-333333333333",
        id: "33333333-3333-4333-8333-333333333333",
        nvmeCli: "absent",
        name: "host1",
        processes: "one",
        interfaces: Object.entries(IFACES).map(([name, own], at) => ({
          name,
          mac: `52:54:00:00:00:0${String(at)}`,
          addresses: own,
        })),
        files: { "/etc/stas/stafd.conf": `[Service Discovery]\nmdns-provider = ${provider}\n` },
        binaryFiles: {},
      },
      network: { links: [], routes: [], names: {}, responders, avahi: "up" },
      fabric: { discoveryControllers: [], subsystems: [] },
    },
  };
}

const WORD = /mDNS: (".*" \(\S+\) on \S+) is (announced|no longer announced) at ([0-9a-f.:]+)(?: port (\d+))?/;

/** The services announced at the end, according to the log. */
function servicesAtEnd(scenario: Scenario): readonly string[] {
  const services = new Map<string, string>();
  const { trace, failures } = runScenario(scenario, { once: true, keepTrace: true });
  expect(failures).toEqual([]);
  for (const line of trace) {
    const word = line.includes("mDNS: ") ? WORD.exec(line.replaceAll('\\"', '"')) : null;
    const [, service = "", what, address = "", port = ""] = word ?? [];
    const key = `${service} ${address.includes(":") ? "ipv6" : "ipv4"}`;
    if (what === "announced") services.set(key, `${address} ${port}`);
    else services.delete(key);
  }
  return [...services].map(([key, at]) => `${key} ${at}`).sort();
}

test("both providers know the same services once the world is quiet", () => {
  let known = 0;
  fc.assert(
    fc.property(world, (one) => {
      const services = servicesAtEnd(scenarioOf(one, "avahi"));
      expect(servicesAtEnd(scenarioOf(one, "builtin"))).toEqual(services);
      known += services.length;
    }),
    { numRuns: 150 },
  );
  expect(known).toBeGreaterThan(100);
});

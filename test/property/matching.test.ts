/** A connection made from a transport id matches that id again, whatever the kernel shows of it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseConnectOptions, type ConnectOptions } from "../../src/adapters/sim/kernel/options.js";
import { KERNEL_PROFILES } from "../../src/adapters/sim/kernel/profiles.js";
import { KERNEL_VERSIONS, type KernelVersion } from "../../src/adapters/sim/spec.js";
import { encodeConnectOptions } from "../../src/core/codec/fabrics-options.js";
import { defaultStafConfig } from "../../src/core/config/stafd.js";
import { formatAddress, parseControllerRecord, type KernelController } from "../../src/core/codec/sysfs.js";
import { canonicalAddress } from "../../src/core/domain/ip-address.js";
import { asAccepted } from "../../src/core/domain/host-way.js";
import { TRANSPORTS, WELL_KNOWN_DISCOVERY_NQN, type TransportId } from "../../src/core/domain/transport-id.js";
import { addressKey, matchConnection } from "../../src/core/kernel/match.js";
import type { NetworkInterface } from "../../src/core/ports/network.js";

const HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555";
const HOST_ID = "11111111-2222-3333-4444-555555555555";

const INTERFACES: readonly NetworkInterface[] = [
  { name: "eth0", mac: "", addresses: ["10.0.0.1", "10.0.0.2", "2001:db8::1", "fe80::a"] },
  { name: "eth1", mac: "", addresses: ["10.1.0.1", "2001:db8:1::1", "fe80::b"] },
];

const WWN = "nn-0x20000025b5000001:pn-0x20000025b5000002";
const nqn = fc.constantFrom(WELL_KNOWN_DISCOVERY_NQN, "nqn.2024-01.io.example:a", "nqn.2024-01.io.example:b");
const hostNqn = fc.constantFrom("", "nqn.2024-01.io.example:host-b");
const port = fc.constantFrom("8009", "4420", "65535");

/** An address of the peer, and the addresses of this host that can speak to it. */
const byIp = fc.constantFrom(
  { traddr: "10.0.9.9", sources: ["10.0.0.1", "10.0.0.2", "10.1.0.1"] },
  { traddr: "::ffff:10.0.9.9", sources: ["::ffff:10.0.0.1", "10.1.0.1"] },
  { traddr: "2001:DB8:0:0::99", sources: ["2001:db8::1", "2001:DB8:1::1"] },
);

const overIp = fc
  .record({
    transport: fc.constantFrom("tcp" as const, "rdma" as const),
    peer: byIp,
    trsvcid: port,
    subsysnqn: nqn,
    hostNqn,
  })
  .chain(({ peer, ...id }) =>
    fc.record({
      ...constants(id),
      traddr: fc.constant(canonicalAddress(id.transport, peer.traddr)),
      hostTraddr: fc.constantFrom("", ...peer.sources),
      hostIface: id.transport === "tcp" ? fc.constantFrom("", "eth0", "eth1") : fc.constant(""),
    }),
  );
const linkLocal = fc.record({
  ...constants({ transport: "tcp" as const, trsvcid: "8009", hostTraddr: "", hostNqn: "" }),
  traddr: fc.constantFrom("fe80::99%eth0", "fe80::99%eth1"),
  subsysnqn: nqn,
  hostIface: fc.constant(""),
});
const overFc = fc.record({
  ...constants({ transport: "fc" as const, traddr: WWN, trsvcid: "", hostIface: "", hostNqn: "" }),
  subsysnqn: nqn,
  hostTraddr: fc.constantFrom(
    "nn-0x20000025b5000005:pn-0x20000025b5000006",
    "nn-0x20000025b5000003:pn-0x20000025b5000004",
  ),
});
const overLoop = fc.record({
  ...constants({ transport: "loop" as const, trsvcid: "", hostTraddr: "", hostIface: "", hostNqn: "" }),
  traddr: fc.constantFrom("Port", "port", ""),
  subsysnqn: nqn,
});

function constants<T extends Record<string, string>>(values: T): { readonly [K in keyof T]: fc.Arbitrary<T[K]> } {
  const entries = Object.entries(values).map(([key, value]) => [key, fc.constant(value)] as const);
  return Object.fromEntries(entries) as { readonly [K in keyof T]: fc.Arbitrary<T[K]> };
}

const anyId: fc.Arbitrary<TransportId> = fc.oneof(overIp, linkLocal, overFc, overLoop);

/** What the kernel keeps of an id's connect string. */
function connected(id: TransportId, version: KernelVersion): ConnectOptions {
  const text = encodeConnectOptions({
    transportId: id,
    hostNqn: HOST_NQN,
    hostId: HOST_ID,
    discovery: false,
    options: defaultStafConfig("/etc/stas/stafd.conf").connection,
  });
  const parsed = parseConnectOptions(text, KERNEL_PROFILES[version]);
  if (!parsed.ok) throw new Error(`the kernel does not accept ${text}`);
  return parsed.options;
}

interface Shown {
  readonly version: KernelVersion;
  readonly state: string;
}

/** The connection as sysfs shows it. It speaks from the given address, or from the primary address of its interface. */
function shownBy(id: TransportId, { version, state }: Shown): KernelController {
  const options = connected(id, version);
  const way = id.hostIface || (id.traddr.split("%")[1] ?? "") || "eth0";
  const family = id.traddr.startsWith("fe80") ? "fe80" : id.traddr.includes(":") ? "2001" : "10.";
  const primary = INTERFACES.find(({ name }) => name === way)?.addresses.find((text) => text.startsWith(family)) ?? "";
  const showsSource = id.transport === "tcp" && version !== "5.14" && state === "live";
  const srcAddr = showsSource ? canonicalAddress("tcp", id.hostTraddr || primary) : "";
  const { traddr, trsvcid, hostTraddr, hostIface } = options;
  return parseControllerRecord({
    name: "nvme0",
    attributes: {
      transport: `${options.transport}\n`,
      address: `${formatAddress({ traddr, trsvcid, hostTraddr, hostIface, srcAddr })}\n`,
      subsysnqn: `${options.nqn}\n`,
      hostnqn: `${options.hostNqn}\n`,
      state: `${state}\n`,
    },
  });
}

const shown: fc.Arbitrary<Shown> = fc.record({
  version: fc.constantFrom(...KERNEL_VERSIONS),
  state: fc.constantFrom("live", "connecting", "resetting"),
});

const hostNqnOf = (id: TransportId): string => (id.hostNqn === "" ? HOST_NQN : id.hostNqn);

test("a connection made from a transport id matches that id, on any kernel and in any state", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(anyId, shown, (id, how) => {
      const connection = shownBy(id, how);
      expect(connection.complete).toBe(true);
      expect(matchConnection(id, hostNqnOf(id), connection, INTERFACES)).not.toBe("no");
      expect(addressKey(id)).toBe(addressKey(connection));
      seen.add(id.transport);
    }),
    { numRuns: 1000 },
  );
  expect([...seen].sort()).toEqual([...TRANSPORTS].sort());
});

test("a connection to another peer or port, from another host or over another interface never matches", () => {
  fc.assert(
    fc.property(anyId, anyId, shown, (id, other, how) => {
      const apart =
        id.transport !== other.transport ||
        canonicalAddress(id.transport, id.traddr) !== canonicalAddress(other.transport, other.traddr) ||
        id.trsvcid !== other.trsvcid ||
        hostNqnOf(id) !== hostNqnOf(other) ||
        (id.hostIface !== "" && other.hostIface !== "" && id.hostIface !== other.hostIface);
      fc.pre(apart);
      expect(matchConnection(id, hostNqnOf(id), shownBy(other, how), INTERFACES)).toBe("no");
    }),
    { numRuns: 2000 },
  );
});

test("the verdict does not depend on the spelling of addresses", () => {
  const respell = (text: string): string => {
    const [address = "", scope] = text.split("%");
    const bare = /^\d+(\.\d+){3}$/.test(address)
      ? `::FFFF:${address}`
      : address
          .toUpperCase()
          .replace(/^::/, "0::")
          .replace(/(?<=[1-9A-F])::/, ":0::");
    return address === "" ? "" : scope === undefined ? bare : `${bare}%${scope}`;
  };
  fc.assert(
    fc.property(fc.oneof(overIp, linkLocal), fc.oneof(overIp, linkLocal), shown, (id, other, how) => {
      const { traddr, trsvcid, transport } = id;
      const connection = shownBy(asAccepted({ ...other, traddr, trsvcid, transport }, false), how);
      const verdict = matchConnection(id, hostNqnOf(id), connection, INTERFACES);
      const respelled = { ...id, traddr: respell(id.traddr), hostTraddr: respell(id.hostTraddr) };
      expect(matchConnection(respelled, hostNqnOf(id), connection, INTERFACES)).toBe(verdict);
      const address = { traddr: respell(connection.traddr), srcAddr: respell(connection.srcAddr) };
      expect(matchConnection(id, hostNqnOf(id), { ...connection, ...address }, INTERFACES)).toBe(verdict);
    }),
    { numRuns: 1000 },
  );
});

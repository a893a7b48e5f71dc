import { Milliseconds } from "../../src/core/domain/units.js";
import type { ProbeTarget } from "../../src/core/ports/network.js";
import { errnoName } from "../../src/core/domain/errno.js";
import type { Behaviour } from "./behaviour.js";
import type { ContractHost } from "./host.js";
import { about, call, outcome, SOON, suiteOf } from "./kit.js";
import { ABSENT, type Address, INTERFACES, NAMES, NO_ROUTE, NOBODY, PEERS, PLACES } from "./stage.js";

const behaviour = suiteOf("network");

type More = Partial<Omit<ProbeTarget, "traddr" | "trsvcid">>;

async function probe(host: ContractHost, { traddr, trsvcid }: Address, more: More = {}): Promise<string> {
  const { reply, took } = await call(host, "probed", (request) => {
    host.ports.network.probe(request, {
      traddr,
      trsvcid,
      hostTraddr: "",
      hostIface: "",
      depth: "nvme-tcp",
      timeout: Milliseconds(1_000),
      ...more,
    });
  });
  return `${outcome(reply.result)} ${about(took)}`;
}

/** Probes that run in parallel. */
function probes(
  name: string,
  targets: Readonly<Record<string, readonly [Address, More?]>>,
  expected: Readonly<Record<string, string>>,
): Behaviour {
  return behaviour(
    name,
    Object.entries(expected).map(([what, text]) => `${what}: ${text}`),
    async (host) =>
      await Promise.all(
        Object.entries(targets).map(async ([what, [address, more]]) => `${what}: ${await probe(host, address, more)}`),
      ),
  );
}

const TCP = { depth: "tcp" } as const;

const PROBES: readonly Behaviour[] = [
  probes(
    "probes of a target",
    {
      "over loopback": [PLACES.main],
      "over a link": [PLACES.far],
      "TCP handshake only": [PLACES.main, TCP],
      "from the right interface": [PLACES.far, { hostIface: "vh" }],
      "from the right address": [PLACES.far, { hostTraddr: "10.99.0.1" }],
      "over IPv6": [PLACES.ipv6],
    },
    {
      "over loopback": "ok at once",
      "over a link": "ok at once",
      "TCP handshake only": "ok at once",
      "from the right interface": "ok at once",
      "from the right address": "ok at once",
      "over IPv6": "ok at once",
    },
  ),
  probes(
    "probes of peers that are not targets",
    {
      "a silent peer": [PEERS.silent],
      "a silent peer, TCP handshake only": [PEERS.silent, TCP],
      "a peer that closes": [PEERS.closes],
      "a peer that sends garbage": [PEERS.garbage],
      "no listener": [NOBODY],
    },
    {
      "a silent peer": "ETIMEDOUT at once",
      "a silent peer, TCP handshake only": "ok at once",
      "a peer that closes": "ECONNRESET at once",
      "a peer that sends garbage": "EBADMSG at once",
      "no listener": "ECONNREFUSED at once",
    },
  ),
  probes(
    "probes that cannot reach their target",
    {
      "no route": [NO_ROUTE],
      "no ARP answer in time": [ABSENT],
      "no ARP answer": [ABSENT, { timeout: Milliseconds(20_000) }],
      "an interface that does not exist": [PLACES.main, { hostIface: "nope0" }],
      "an address that is not the host's": [PLACES.main, { hostTraddr: "10.9.9.9" }],
      "the wrong interface": [PLACES.far, { hostIface: "dum" }],
      "a name as the address": [{ traddr: "localhost", trsvcid: "8009" }],
    },
    {
      "no route": "ENETUNREACH at once",
      "no ARP answer in time": "ETIMEDOUT at once",
      "no ARP answer": "EHOSTUNREACH after 3 s",
      "an interface that does not exist": "ENODEV at once",
      "an address that is not the host's": "EADDRNOTAVAIL at once",
      "the wrong interface": "ETIMEDOUT at once",
      "a name as the address": "EINVAL at once",
    },
  ),
];

async function resolve(host: ContractHost, name: string): Promise<string> {
  const { reply } = await call(host, "resolved", (request) => {
    host.ports.network.resolve(request, name);
  });
  return reply.result.ok ? reply.result.addresses.join(" ") : errnoName(reply.result.errno);
}

const NAMING: readonly Behaviour[] = [
  behaviour(
    "names resolve to addresses, or fail with an errno",
    [`known: ${NAMES.known.addresses.join(" ")}`, "unknown: ENOENT", "the name server fails: EAGAIN"],
    async (host) => {
      const [known, unknown, broken] = await Promise.all([
        resolve(host, NAMES.known.name),
        resolve(host, NAMES.unknown),
        resolve(host, NAMES.broken),
      ]);
      return [`known: ${known}`, `unknown: ${unknown}`, `the name server fails: ${broken}`];
    },
  ),
];

/** The suite's own interfaces with their IPv4 addresses only, because the kernel adds link-local IPv6 ones. */
function shown(host: ContractHost, names: readonly string[]): readonly string[] {
  return host.ports.network
    .interfaces()
    .filter(({ name }) => names.includes(name))
    .map(({ name, mac, addresses }) => {
      const hasMac = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac) ? "with" : "without";
      return `${name} ${addresses.filter((address) => !address.includes(":")).join(" ")} ${hasMac} a MAC`;
    })
    .sort();
}

const OWN = INTERFACES.map(({ name }) => name);

const IFACES: readonly Behaviour[] = [
  behaviour(
    "interfaces are listed with their addresses, without loopback",
    ["dum 192.168.77.1 with a MAC", "vh 10.99.0.1 with a MAC"],
    async (host) => shown(host, [...OWN, "lo"]),
  ),
  behaviour(
    "adding and removing an interface are reported",
    ["added: reported", "extra0 198.51.100.1 with a MAC", "removed: reported", "left: 0"],
    async (host) => {
      const outcomeOf = async (change: () => void): Promise<string> => {
        const mark = host.delivered.length;
        change();
        const find = (): string | undefined =>
          host.delivered.slice(mark).some(({ event }) => event.kind === "network-changed") ? "reported" : undefined;
        return await host.until("network-changed", find, SOON);
      };
      const added = await outcomeOf(() => host.network.addInterface("extra0", "198.51.100.1/24"));
      await host.until("the address of extra0", () => (shown(host, ["extra0"]).length > 0 ? true : undefined), SOON);
      const there = shown(host, ["extra0"]);
      const removed = await outcomeOf(() => host.network.removeInterface("extra0"));
      return [`added: ${added}`, ...there, `removed: ${removed}`, `left: ${String(shown(host, ["extra0"]).length)}`];
    },
  ),
];

export const NETWORK: readonly Behaviour[] = [...PROBES, ...NAMING, ...IFACES];

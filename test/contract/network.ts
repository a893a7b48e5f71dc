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

/** Probes of which none waits for another. */
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
      "by TCP alone": [PLACES.main, TCP],
      "from its interface": [PLACES.far, { hostIface: "vh" }],
      "from its address": [PLACES.far, { hostTraddr: "10.99.0.1" }],
      "of IPv6": [PLACES.ipv6],
    },
    {
      "over loopback": "ok at once",
      "over a link": "ok at once",
      "by TCP alone": "ok at once",
      "from its interface": "ok at once",
      "from its address": "ok at once",
      "of IPv6": "ok at once",
    },
  ),
  probes(
    "probes of what is no target",
    {
      "a silent peer": [PEERS.silent],
      "a silent peer by TCP alone": [PEERS.silent, TCP],
      "a peer that closes": [PEERS.closes],
      "a peer that sends garbage": [PEERS.garbage],
      nobody: [NOBODY],
    },
    {
      "a silent peer": "ETIMEDOUT at once",
      "a silent peer by TCP alone": "ok at once",
      "a peer that closes": "ECONNRESET at once",
      "a peer that sends garbage": "EBADMSG at once",
      nobody: "ECONNREFUSED at once",
    },
  ),
  probes(
    "probes that find no way",
    {
      "no route": [NO_ROUTE],
      "no ARP answer in time": [ABSENT],
      "no ARP answer": [ABSENT, { timeout: Milliseconds(20_000) }],
      "an interface that is not there": [PLACES.main, { hostIface: "nope0" }],
      "an address that is not the host's": [PLACES.main, { hostTraddr: "10.9.9.9" }],
      "another interface": [PLACES.far, { hostIface: "dum" }],
      "no address": [{ traddr: "localhost", trsvcid: "8009" }],
    },
    {
      "no route": "ENETUNREACH at once",
      "no ARP answer in time": "ETIMEDOUT at once",
      "no ARP answer": "EHOSTUNREACH after 3 s",
      "an interface that is not there": "ENODEV at once",
      "an address that is not the host's": "EADDRNOTAVAIL at once",
      "another interface": "ETIMEDOUT at once",
      "no address": "EINVAL at once",
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
    "names are resolved, or not, with an errno",
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

/** The interfaces that the suite made; addresses of IPv4, because the kernel adds link-local ones of IPv6. */
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
    "interfaces with their addresses, loopback left out",
    ["dum 192.168.77.1 with a MAC", "vh 10.99.0.1 with a MAC"],
    async (host) => shown(host, [...OWN, "lo"]),
  ),
  behaviour(
    "an interface that comes or goes is told of",
    ["comes: told", "extra0 198.51.100.1 with a MAC", "goes: told", "left: 0"],
    async (host) => {
      const told = async (change: () => void): Promise<string> => {
        const mark = host.delivered.length;
        change();
        const find = (): string | undefined =>
          host.delivered.slice(mark).some(({ event }) => event.kind === "network-changed") ? "told" : undefined;
        return await host.until("network-changed", find, SOON);
      };
      const comes = await told(() => host.network.addInterface("extra0", "198.51.100.1/24"));
      await host.until("the address of extra0", () => (shown(host, ["extra0"]).length > 0 ? true : undefined), SOON);
      const there = shown(host, ["extra0"]);
      const goes = await told(() => host.network.removeInterface("extra0"));
      return [`comes: ${comes}`, ...there, `goes: ${goes}`, `left: ${String(shown(host, ["extra0"]).length)}`];
    },
  ),
];

export const NETWORK: readonly Behaviour[] = [...PROBES, ...NAMING, ...IFACES];

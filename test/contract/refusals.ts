/** How connects fail: the errno, how long they take, and whether a controller came and went meanwhile. */
import { Milliseconds } from "../../src/core/domain/units.js";
import type { Behaviour, Expected } from "./behaviour.js";
import type { ContractHost } from "./host.js";
import { about, connect, connected, connectText, ueventsSince, remove, suiteOf } from "./kit.js";
import {
  ABSENT,
  HOST_ID,
  HOST_NQN,
  NOBODY,
  NO_ROUTE,
  options,
  OTHER_HOST_ID,
  OTHER_HOST_NQN,
  PEERS,
  PLACES,
  SUBSYSTEM_NQN,
  toDiscovery,
  toSubsystem,
} from "./stage.js";

const behaviour = suiteOf("fabrics");

/** Without the controller's number: it only matters whether there was one. */
const CAME_AND_WENT = "add, remove";
const NO_CONTROLLER = "no uevent";

/** The kernel limits an NQN to 223 bytes. */
const LONG_NQN = `nqn.2024-01.io.lab:${"x".repeat(230)}`;
const PAGE = 4_096;

async function attempt(host: ContractHost, text: string): Promise<readonly string[]> {
  const mark = host.delivered.length;
  const outcome = await connect(host, text);
  await host.settled();
  const uevents = ueventsSince(host, mark).map((name) => name.split(" ")[0]);
  return [connectText(outcome), about(outcome.took), uevents.length === 0 ? NO_CONTROLLER : uevents.join(", ")];
}

function refused(name: string, text: string, expected: Expected): Behaviour {
  return behaviour(name, expected, async (host) => await attempt(host, text));
}

const IO = { traddr: PLACES.io.traddr, trsvcid: PLACES.io.trsvcid };

const EINVAL = ["EINVAL", "at once", NO_CONTROLLER];

const discovery = (more: Readonly<Record<string, string>>): string => toDiscovery(PLACES.main, more);
const io = (more: Readonly<Record<string, string>>): string => toSubsystem("a", PLACES.io, more);

/** Options that the kernel rejects by their text alone. */
const TEXTS: readonly (readonly [string, string])[] = [
  ["an unknown option", discovery({ foo: "1" })],
  ["an unknown flag", `${discovery({})},foo`],
  ["an empty string", ""],
  ["no nqn", discovery({ nqn: "" })],
  ["no transport", discovery({ transport: "" })],
  ["no traddr", discovery({ traddr: "" })],
  ["an unknown transport", discovery({ transport: "xyz" })],
  ["an invalid host id", discovery({ hostid: "zzz" })],
  ["a traddr that is a name", discovery({ traddr: "localhost" })],
  ["a trsvcid that is a name", discovery({ trsvcid: "abc" })],
  ["queue_size=4", io({ queue_size: "4" })],
  ["queue_size=4096", io({ queue_size: "4096" })],
  ["nr_io_queues=0", io({ nr_io_queues: "0" })],
  ["keep_alive_tmo=-1", io({ keep_alive_tmo: "-1" })],
  ["reconnect_delay=0", io({ reconnect_delay: "0" })],
  ["an NQN of 249 bytes", io({ nqn: LONG_NQN })],
  ["an invalid secret", io({ dhchap_secret: "foo" })],
  ["a handle that has no secret", io({ dhchap_secret: "secret:99" })],
];

const KERNEL_SAYS_NO: readonly Behaviour[] = [
  ...TEXTS.map(([name, text]) => refused(`connect with ${name}`, text, EINVAL)),
  refused("connect with a string longer than a page", discovery({ foo: "x".repeat(PAGE) }), [
    "ENOMEM",
    "at once",
    NO_CONTROLLER,
  ]),
  refused("connect over an interface that does not exist", discovery({ host_iface: "nope0" }), [
    "ENODEV",
    "at once",
    NO_CONTROLLER,
  ]),
  refused("connect with tls and no key", `${discovery({})},tls`, {
    "6.1": EINVAL,
    "6.12": ["ENOKEY", "at once", CAME_AND_WENT],
  }),
  refused("connect to an NVM subsystem with the discovery flag", `${io({})},discovery`, [
    "EINVAL",
    "at once",
    CAME_AND_WENT,
  ]),
];

const NETWORK_SAYS_NO: readonly Behaviour[] = [
  refused("connect to a port without a listener", toDiscovery(NOBODY), ["ECONNREFUSED", "at once", CAME_AND_WENT]),
  refused("connect to an address without a route", toDiscovery(NO_ROUTE), ["ENETUNREACH", "at once", CAME_AND_WENT]),
  refused("connect from an address that is not the host's", discovery({ host_traddr: "10.9.9.9" }), [
    "EADDRNOTAVAIL",
    "at once",
    CAME_AND_WENT,
  ]),
  refused("connect to an address that does not answer ARP", toDiscovery(ABSENT), [
    "ETIMEDOUT",
    "after 3 s",
    CAME_AND_WENT,
  ]),
  refused("connect over lo to the address of another interface", toDiscovery(PLACES.dummy, { host_iface: "lo" }), [
    "ETIMEDOUT",
    "after 3 s",
    CAME_AND_WENT,
  ]),
  refused("connect to a peer that closes", toDiscovery(PEERS.closes), ["ECONNRESET", "at once", CAME_AND_WENT]),
  refused("connect to a peer that sends garbage", toDiscovery(PEERS.garbage), ["EINVAL", "at once", CAME_AND_WENT]),
];

const TARGET_SAYS_NO: readonly Behaviour[] = [
  refused("connect to a subsystem that does not exist", io({ nqn: "nqn.2024-01.io.lab:nope" }), [
    "EIO",
    "at once",
    CAME_AND_WENT,
  ]),
  refused("connect to a subsystem on another port", toDiscovery(PLACES.dummy, { nqn: SUBSYSTEM_NQN.b }), [
    "EIO",
    "at once",
    CAME_AND_WENT,
  ]),
  refused("connect to a subsystem that does not allow this host", toSubsystem("private", PLACES.io), [
    "EIO",
    "at once",
    CAME_AND_WENT,
  ]),
];

/** Connects one controller first, then tries each case against it. */
function against(name: string, first: string, cases: Readonly<Record<string, string>>, expected: Expected): Behaviour {
  return behaviour(name, expected, async (host) => {
    await connected(host, first);
    const lines: string[] = [];
    for (const [what, text] of Object.entries(cases)) {
      const outcome = await connect(host, text);
      lines.push(`${what}: ${outcome.result.ok ? "accepted" : connectText(outcome)}`);
      if (outcome.device === "") continue;
      await remove(host, outcome.device);
    }
    return lines;
  });
}

const OTHER_HOST = { hostnqn: OTHER_HOST_NQN, hostid: OTHER_HOST_ID };

const DUPLICATES: readonly Behaviour[] = [
  against(
    "a second connect to a subsystem",
    io({}),
    {
      "the same": io({}),
      "with duplicate_connect": `${io({})},duplicate_connect`,
      "from another host": io(OTHER_HOST),
      "with host_traddr": io({ host_traddr: "127.0.0.1" }),
      "at another port": toSubsystem("a", PLACES.main),
    },
    [
      "the same: EALREADY",
      "with duplicate_connect: accepted",
      "from another host: accepted",
      "with host_traddr: accepted",
      "at another port: accepted",
    ],
  ),
  against("a second connect to the well-known discovery subsystem", discovery({}), { "the same": discovery({}) }, [
    "the same: accepted",
  ]),
  behaviour("a duplicate of a reconnecting controller", ["EALREADY"], async (host) => {
    const device = await connected(host, io({ reconnect_delay: "1", ctrl_loss_tmo: "60" }));
    host.storage.unlink("io", "a");
    await host.until(
      `${device} connecting`,
      () => (host.ports.sysfs.read(device)?.attributes.state === "connecting\n" ? true : undefined),
      Milliseconds(5_000),
    );
    return [connectText(await connect(host, io({})))];
  }),
];

const loose = (more: Readonly<Record<string, string>>): string =>
  options({ nqn: SUBSYSTEM_NQN.b, transport: "tcp", ...IO, ...more });

const IDENTITIES = {
  "the host id with another host NQN": loose({ hostnqn: OTHER_HOST_NQN, hostid: HOST_ID }),
  "the host NQN with another host id": loose({ hostnqn: HOST_NQN, hostid: OTHER_HOST_ID }),
  "the host NQN alone": loose({ hostnqn: HOST_NQN }),
  "the host id alone": loose({ hostid: HOST_ID }),
  neither: loose({}),
  "another host": loose(OTHER_HOST),
};

const IDENTITY = against("connects with another identity while a controller is live", io({}), IDENTITIES, {
  "6.1": Object.keys(IDENTITIES).map((what) => `${what}: accepted`),
  "6.12": [
    "the host id with another host NQN: EINVAL",
    "the host NQN with another host id: EINVAL",
    "the host NQN alone: EINVAL",
    "the host id alone: EINVAL",
    "neither: accepted",
    "another host: accepted",
  ],
});

export const REFUSALS: readonly Behaviour[] = [
  ...KERNEL_SAYS_NO,
  ...NETWORK_SAYS_NO,
  ...TARGET_SAYS_NO,
  ...DUPLICATES,
  IDENTITY,
];

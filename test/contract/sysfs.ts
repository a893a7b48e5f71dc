/** What sysfs shows of controllers, and handles on controllers. */
import { Milliseconds } from "../../src/core/domain/units.js";
import { errnoName } from "../../src/core/domain/errno.js";
import { identifyController } from "../../src/core/codec/admin.js";
import { CONTROLLER_ATTRIBUTES, type HandlePurpose } from "../../src/core/ports/sysfs.js";
import type { Behaviour } from "./behaviour.js";
import type { ContractHost } from "./host.js";
import {
  about,
  admin,
  adminText,
  connect,
  connected,
  connectText,
  deleteThrough,
  open,
  remove,
  SOON,
  suiteOf,
} from "./kit.js";
import { HOST_ID, HOST_NQN, PEERS, PLACES, SUBSYSTEM_NQN, toDiscovery, toSubsystem } from "./stage.js";

const behaviour = suiteOf("sysfs");
const IDENTIFY = identifyController(Milliseconds(5_000));

/** A record as `attribute=text`, with the text as JSON. Attributes that the kernel does not have are left out. */
function recordLines(host: ContractHost, device: string): readonly string[] {
  const record = host.ports.sysfs.read(device);
  if (record === undefined) return ["gone"];
  return CONTROLLER_ATTRIBUTES.flatMap((name) => {
    const text = record.attributes[name];
    return text === undefined ? [] : [`${name}=${JSON.stringify(text)}`];
  });
}

/** Waits until a controller is in a state. */
async function inState(host: ContractHost, device: string, state: string): Promise<void> {
  const find = (): true | undefined =>
    host.ports.sysfs.read(device)?.attributes.state?.trimEnd() === state ? true : undefined;
  await host.until(`${device} ${state}`, find, SOON);
}

/** A controller of subsystem a that has lost its port. */
async function reconnecting(host: ContractHost): Promise<string> {
  const device = await connected(host, toSubsystem("a", PLACES.io, { reconnect_delay: "1", ctrl_loss_tmo: "60" }));
  host.storage.unlink("io", "a");
  await inState(host, device, "connecting");
  return device;
}

const opened = (host: ContractHost, device: string, purpose: HandlePurpose): string => {
  const result = host.ports.sysfs.open(device, purpose);
  return result.ok
    ? `${result.record.name} ${result.record.attributes.state?.trimEnd() ?? ""}`
    : errnoName(result.errno);
};

const RECORDS: readonly Behaviour[] = [
  behaviour(
    "the record of a live discovery controller",
    [
      'address="traddr=127.0.0.1,trsvcid=8009,src_addr=127.0.0.1\\n"',
      'cntlid="1\\n"',
      'cntrltype="discovery\\n"',
      'dctype="none\\n"',
      `hostid="${HOST_ID}\\n"`,
      `hostnqn="${HOST_NQN}\\n"`,
      'state="live\\n"',
      'subsysnqn="nqn.2014-08.org.nvmexpress.discovery\\n"',
      'transport="tcp\\n"',
    ],
    async (host) => recordLines(host, await connected(host, toDiscovery(PLACES.main))),
  ),
  behaviour(
    "the record of a live I/O controller",
    [
      'address="traddr=127.0.0.1,trsvcid=4420,src_addr=127.0.0.1\\n"',
      'cntlid="1\\n"',
      'cntrltype="io\\n"',
      'dctype="none\\n"',
      `hostid="${HOST_ID}\\n"`,
      `hostnqn="${HOST_NQN}\\n"`,
      'state="live\\n"',
      `subsysnqn="${SUBSYSTEM_NQN.a}\\n"`,
      'transport="tcp\\n"',
    ],
    async (host) => recordLines(host, await connected(host, toSubsystem("a", PLACES.io))),
  ),
  behaviour(
    "the record of a reconnecting controller: no src_addr, everything else unchanged",
    [
      'address="traddr=127.0.0.1,trsvcid=4420\\n"',
      'cntlid="1\\n"',
      'cntrltype="io\\n"',
      'dctype="none\\n"',
      `hostid="${HOST_ID}\\n"`,
      `hostnqn="${HOST_NQN}\\n"`,
      'state="connecting\\n"',
      `subsysnqn="${SUBSYSTEM_NQN.a}\\n"`,
      'transport="tcp\\n"',
    ],
    async (host) => recordLines(host, await reconnecting(host)),
  ),
  behaviour(
    "an address includes host_traddr and host_iface if they were given",
    [
      '"traddr=10.99.0.2,trsvcid=8009,host_traddr=10.99.0.1,host_iface=vh,src_addr=10.99.0.1\\n"',
      '"traddr=10.99.0.2,trsvcid=8009,host_traddr=10.99.0.1,src_addr=10.99.0.1\\n"',
      '"traddr=10.99.0.2,trsvcid=8009,host_iface=vh,src_addr=10.99.0.1\\n"',
      '"traddr=::1,trsvcid=8009,src_addr=::1\\n"',
      '"traddr=127.0.0.1,trsvcid=8009,host_traddr=127.0.0.2,host_iface=lo,src_addr=127.0.0.2\\n"',
    ],
    async (host) => {
      const texts = [
        toSubsystem("a", PLACES.far, { host_traddr: "10.99.0.1", host_iface: "vh" }),
        toSubsystem("a", PLACES.far, { host_traddr: "10.99.0.1" }),
        toDiscovery(PLACES.far, { host_iface: "vh" }),
        toDiscovery(PLACES.ipv6),
        toDiscovery(PLACES.main, { host_traddr: "127.0.0.2", host_iface: "lo" }),
      ];
      const shown: string[] = [];
      for (const text of texts) {
        const device = await connected(host, text);
        shown.push(JSON.stringify(host.ports.sysfs.read(device)?.attributes.address));
      }
      return shown;
    },
  ),
  behaviour(
    "the listing shows every controller with its state, subsystem and address",
    [
      'nvme0 "live\\n" "nqn.2014-08.org.nvmexpress.discovery\\n" "traddr=127.0.0.1,trsvcid=8009,src_addr=127.0.0.1\\n"',
      `nvme1 "live\\n" "${SUBSYSTEM_NQN.b}\\n" "traddr=127.0.0.1,trsvcid=4420,src_addr=127.0.0.1\\n"`,
    ],
    async (host) => {
      await connected(host, toDiscovery(PLACES.main));
      await connected(host, toSubsystem("b", PLACES.io));
      return host.ports.sysfs
        .list()
        .map(
          ({ name, state, subsysnqn, address }) =>
            `${name} ${[state, subsysnqn, address].map((text) => JSON.stringify(text)).join(" ")}`,
        )
        .sort();
    },
  ),
  behaviour(
    "without controllers the listing is empty; a name that is not a controller has no record",
    ["0", "gone", "gone"],
    async (host) => [
      String(host.ports.sysfs.list().length),
      ...["nvme0", "../nvme/nvme0"].flatMap((name) => recordLines(host, name)),
    ],
  ),
  behaviour(
    "the record of a controller whose first connect is in progress",
    [
      'address="traddr=127.0.0.1,trsvcid=5555\\n"',
      'cntlid="0\\n"',
      'cntrltype="reserved\\n"',
      'dctype="none\\n"',
      `hostid="${HOST_ID}\\n"`,
      `hostnqn="${HOST_NQN}\\n"`,
      'state="connecting\\n"',
      'subsysnqn="(efault)\\n"',
      'transport="tcp\\n"',
      "admin: EAGAIN",
      "delete, once the connect has failed: ENODEV",
    ],
    async (host) => {
      const connecting = connect(host, toDiscovery(PEERS.silent));
      await inState(host, "nvme0", "connecting");
      const lines = [...recordLines(host, "nvme0"), `admin: ${opened(host, "nvme0", "admin")}`];
      const handle = open(host, "nvme0", "delete");
      await connecting;
      const deleted = await deleteThrough(host, handle);
      return [...lines, `delete, once the connect has failed: ${deleted.text}`];
    },
  ),
];

const HANDLES: readonly Behaviour[] = [
  behaviour(
    "opening a controller returns its record; a reconnecting controller opens only for a delete, a removed one not at all",
    [
      "admin: nvme0 live",
      "delete: nvme0 live",
      "reconnecting, admin: EAGAIN",
      "reconnecting, delete: nvme0 connecting",
      "gone, admin: ENOENT",
      "gone, delete: ENOENT",
    ],
    async (host) => {
      const text = toSubsystem("a", PLACES.io, { reconnect_delay: "1", ctrl_loss_tmo: "60" });
      const device = await connected(host, text);
      const lines = [`admin: ${opened(host, device, "admin")}`, `delete: ${opened(host, device, "delete")}`];
      host.storage.unlink("io", "a");
      await inState(host, device, "connecting");
      for (const purpose of ["admin", "delete"] as const) {
        lines.push(`reconnecting, ${purpose}: ${opened(host, device, purpose)}`);
      }
      for (const purpose of ["admin", "delete"] as const)
        lines.push(`gone, ${purpose}: ${opened(host, "nvme9", purpose)}`);
      return lines;
    },
  ),
  behaviour(
    "a delete ends at once in any state",
    ["live: ok at once", "reconnecting: ok at once", "left: 0"],
    async (host) => {
      const live = await connected(host, toSubsystem("b", PLACES.main));
      const lost = await reconnecting(host);
      const first = await deleteThrough(host, open(host, live, "delete"));
      const second = await deleteThrough(host, open(host, lost, "delete"));
      await host.settled();
      return [
        `live: ${first.text} ${about(first.took)}`,
        `reconnecting: ${second.text} ${about(second.took)}`,
        `left: ${String(host.ports.sysfs.list().length)}`,
      ];
    },
  ),
  behaviour(
    "a second delete gets ENODEV, at the same time or later through an older handle",
    ["first: ok", "at the same time: ENODEV", "later: ENODEV", "opened later: ENOENT"],
    async (host) => {
      const device = await connected(host, toSubsystem("a", PLACES.io));
      const handles = [
        open(host, device, "delete"),
        open(host, device, "delete"),
        open(host, device, "delete"),
      ] as const;
      const [first, second] = await Promise.all([deleteThrough(host, handles[0]), deleteThrough(host, handles[1])]);
      await host.settled();
      const later = await deleteThrough(host, handles[2]);
      return [
        `first: ${first.text}`,
        `at the same time: ${second.text}`,
        `later: ${later.text}`,
        `opened later: ${opened(host, device, "delete")}`,
      ];
    },
  ),
  behaviour(
    "an old delete handle never deletes the controller that reuses the number",
    ["the new controller: instance=0,cntlid=1", "delete through the old handle: ENODEV", "the new controller is live"],
    async (host) => {
      const device = await connected(host, toDiscovery(PLACES.main));
      const old = open(host, device, "delete");
      await remove(host, device);
      await host.sleep(Milliseconds(500));
      const next = await connect(host, toDiscovery(PLACES.main));
      const deleted = await deleteThrough(host, old);
      const state = host.ports.sysfs.read("nvme0")?.attributes.state?.trimEnd() ?? "gone";
      return [
        `the new controller: ${connectText(next)}`,
        `delete through the old handle: ${deleted.text}`,
        `the new controller is ${state}`,
      ];
    },
  ),
  behaviour(
    "an old admin handle keeps the number from being reused, and gets ENODEV",
    ["the new controller: nvme1", "identify through the old handle: ENODEV", "once it is closed: nvme0"],
    async (host) => {
      const device = await connected(host, toDiscovery(PLACES.main));
      const old = open(host, device, "admin");
      const deleted = open(host, device, "delete");
      await deleteThrough(host, deleted);
      await host.settled();
      const next = await connected(host, toDiscovery(PLACES.main));
      const { result } = await admin(host, old, IDENTIFY);
      host.ports.sysfs.close(old);
      await host.settled();
      const last = await connected(host, toDiscovery(PLACES.main));
      return [
        `the new controller: ${next}`,
        `identify through the old handle: ${adminText(result)}`,
        `once it is closed: ${last}`,
      ];
    },
  ),
  behaviour(
    "a closed handle, or one opened for the other purpose, gets EBADF",
    ["delete: EBADF", "admin: EBADF", "delete through admin: EBADF"],
    async (host) => {
      const device = await connected(host, toDiscovery(PLACES.main));
      const handle = open(host, device, "delete");
      const reader = open(host, device, "admin");
      host.ports.sysfs.close(handle);
      const deleted = await deleteThrough(host, handle);
      const crossed = await deleteThrough(host, reader);
      host.ports.sysfs.close(reader);
      const { result } = await admin(host, reader, IDENTIFY);
      return [`delete: ${deleted.text}`, `admin: ${adminText(result)}`, `delete through admin: ${crossed.text}`];
    },
  ),
];

export const SYSFS: readonly Behaviour[] = [...RECORDS, ...HANDLES];

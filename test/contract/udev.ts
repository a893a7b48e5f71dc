/** Uevents: their order and their exact text. */
import { getLogPage, LID } from "../../src/core/codec/admin.js";
import { decodeUevent } from "../../src/core/codec/uevent.js";
import { Milliseconds } from "../../src/core/domain/units.js";
import type { Behaviour } from "./behaviour.js";
import type { ContractHost } from "./host.js";
import { admin, connected, deleteThrough, open, suiteOf, uevent, ueventLines, ueventsSince } from "./kit.js";
import { PLACES, toDiscovery, toSubsystem } from "./stage.js";

const behaviour = suiteOf("udev");

/** How long to wait before concluding that no AEN comes. */
const NO_AEN_FOR = Milliseconds(400);
const AEN = "change nvme0 NVME_AEN=0x70f002";

/** Reads the header of the discovery log; RAE=0 lets the next AEN through. */
async function readLog(host: ContractHost, device: string, rae: "retain" | "clear"): Promise<void> {
  const handle = open(host, device, "admin");
  const command = { lid: LID.discovery, lsp: 0, rae, offset: 0, length: 1_024, timeout: Milliseconds(5_000) };
  await admin(host, handle, getLogPage(command));
  host.ports.sysfs.close(handle);
}

/** How many AENs a change causes; `none` for zero. */
async function aenOf(host: ContractHost, change: () => void): Promise<string> {
  const mark = host.delivered.length;
  change();
  const find = (): true | undefined => (ueventsSince(host, mark).includes(AEN) ? true : undefined);
  try {
    await host.until(AEN, find, NO_AEN_FOR);
  } catch {
    return "none";
  }
  await host.settled();
  return String(ueventsSince(host, mark).filter((name) => name === AEN).length);
}

/** The same, after a read of the log, so that no event is masked. */
async function armedAenOf(host: ContractHost, change: () => void): Promise<string> {
  await readLog(host, "nvme0", "clear");
  return await aenOf(host, change);
}

async function deleted(host: ContractHost, device: string): Promise<void> {
  await deleteThrough(host, open(host, device, "delete"));
  await host.settled();
}

const ORDER: readonly Behaviour[] = [
  behaviour(
    "a discovery controller comes and goes",
    ["add nvme0", "change nvme0 NVME_EVENT=connected", "remove nvme0"],
    async (host) => {
      await deleted(host, await connected(host, toDiscovery(PLACES.main)));
      return ueventsSince(host, 0);
    },
  ),
  behaviour(
    "an I/O controller comes and goes, and so does a second path to its subsystem",
    [
      "add nvme0",
      "change nvme0 NVME_EVENT=connected",
      "add nvme1",
      "change nvme1 NVME_EVENT=connected",
      "remove nvme1",
      "remove nvme0",
    ],
    async (host) => {
      const first = await connected(host, toSubsystem("a", PLACES.io));
      const second = await connected(host, toSubsystem("a", PLACES.main));
      await deleted(host, second);
      await deleted(host, first);
      return ueventsSince(host, 0);
    },
  ),
  behaviour(
    "a reset of a discovery controller: rediscover first, then connected",
    ["change nvme0 NVME_EVENT=rediscover", "change nvme0 NVME_EVENT=connected"],
    async (host) => {
      const device = await connected(host, toDiscovery(PLACES.main));
      const mark = host.delivered.length;
      host.reset(device);
      await uevent(host, "change nvme0 NVME_EVENT=connected", mark);
      return ueventsSince(host, mark);
    },
  ),
  behaviour("a reset of an I/O controller: connected only", ["change nvme0 NVME_EVENT=connected"], async (host) => {
    const device = await connected(host, toSubsystem("a", PLACES.io));
    const mark = host.delivered.length;
    host.reset(device);
    await uevent(host, "change nvme0 NVME_EVENT=connected", mark);
    return ueventsSince(host, mark);
  }),
  behaviour("sequence numbers of uevents increase", ["increasing"], async (host) => {
    await deleted(host, await connected(host, toDiscovery(PLACES.main)));
    const numbers = host.delivered.flatMap(({ event }) =>
      event.kind === "uevent" ? [decodeUevent(event.message).seqnum] : [],
    );
    return [
      numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0))
        ? "increasing"
        : numbers.join(" "),
    ];
  }),
  behaviour(
    "uevents of subsystems, disks and backing devices",
    ["none"],
    async (host) => {
      const device = await connected(host, toSubsystem("a", PLACES.io));
      // The namespace is found a moment after the connect.
      await host.sleep(Milliseconds(300));
      await deleted(host, device);
      const others = host.delivered.flatMap(({ event }) =>
        event.kind === "uevent" ? [decodeUevent(event.message).subsystem] : [],
      );
      const names = [...new Set(others)].filter((name) => name !== "nvme").sort();
      return [names.length === 0 ? "none" : names.join(", ")];
    },
    {
      differs: {
        simulated: ["bdi, block, nvme-generic, nvme-subsystem"],
        reason:
          "The real adapter drops events of subsystems other than nvme. The simulation passes them on, and the core drops them.",
      },
    },
  ),
];

const CONTROLLER = "/devices/virtual/nvme-fabrics/ctl/nvme0";
const ABOUT = ["MAJOR=#", "MINOR=0", "DEVNAME=nvme0", "NVME_TRTYPE=tcp"];
const AT_MAIN = [
  "NVME_TRADDR=127.0.0.1",
  "NVME_TRSVCID=8009",
  "NVME_HOST_TRADDR=none",
  "NVME_HOST_IFACE=none",
  "SEQNUM=#",
];

/** The fields of a controller's uevent, in the kernel's order. */
function fieldsOf(action: string, rest: readonly string[], happened: readonly string[] = []): readonly string[] {
  return [
    `${action}@${CONTROLLER}`,
    `ACTION=${action}`,
    `DEVPATH=${CONTROLLER}`,
    "SUBSYSTEM=nvme",
    ...happened,
    ...ABOUT,
    ...rest,
  ];
}

const TEXT: readonly Behaviour[] = [
  behaviour("the text of an add event", fieldsOf("add", AT_MAIN), async (host) => {
    await connected(host, toDiscovery(PLACES.main));
    return ueventLines(await uevent(host, "add nvme0", 0));
  }),
  behaviour("the text of a connected event", fieldsOf("change", AT_MAIN, ["NVME_EVENT=connected"]), async (host) => {
    await connected(host, toDiscovery(PLACES.main));
    return ueventLines(await uevent(host, "change nvme0 NVME_EVENT=connected", 0));
  }),
  behaviour("the text of a rediscover event", fieldsOf("change", AT_MAIN, ["NVME_EVENT=rediscover"]), async (host) => {
    host.reset(await connected(host, toDiscovery(PLACES.main)));
    return ueventLines(await uevent(host, "change nvme0 NVME_EVENT=rediscover", 0));
  }),
  behaviour("the text of an AEN", fieldsOf("change", AT_MAIN, ["NVME_AEN=0x70f002"]), async (host) => {
    await connected(host, toDiscovery(PLACES.main));
    host.storage.unlink("main", "b");
    return ueventLines(await uevent(host, AEN, 0));
  }),
  behaviour(
    "the text of a remove event, with host_traddr and host_iface",
    fieldsOf("remove", [
      "NVME_TRADDR=10.99.0.2",
      "NVME_TRSVCID=8009",
      "NVME_HOST_TRADDR=10.99.0.1",
      "NVME_HOST_IFACE=vh",
      "SEQNUM=#",
    ]),
    async (host) => {
      const device = await connected(host, toDiscovery(PLACES.far, { host_traddr: "10.99.0.1", host_iface: "vh" }));
      await deleted(host, device);
      return ueventLines(await uevent(host, "remove nvme0", 0));
    },
  ),
];

/** A connect as the daemon makes it. */
const FOLLOWED = toDiscovery(PLACES.main, { keep_alive_tmo: "30" });

const AENS: readonly Behaviour[] = [
  behaviour(
    "one AEN, then none until the log is read with RAE=0",
    [
      "first change: 1",
      "second change: none",
      "after a read with RAE=1: none",
      "after a read with RAE=0: 1",
      "the read itself: none",
    ],
    async (host) => {
      await connected(host, FOLLOWED);
      await readLog(host, "nvme0", "clear");
      const unlink = (): void => {
        host.storage.unlink("main", "b");
      };
      const link = (): void => {
        host.storage.link("main", "b");
      };
      const first = await aenOf(host, unlink);
      const second = await aenOf(host, link);
      await readLog(host, "nvme0", "retain");
      const retained = await aenOf(host, unlink);
      await readLog(host, "nvme0", "clear");
      const cleared = await aenOf(host, link);
      const mark = host.delivered.length;
      await readLog(host, "nvme0", "clear");
      await host.settled();
      const read = ueventsSince(host, mark).length === 0 ? "none" : "some";
      return [
        `first change: ${first}`,
        `second change: ${second}`,
        `after a read with RAE=1: ${retained}`,
        `after a read with RAE=0: ${cleared}`,
        `the read itself: ${read}`,
      ];
    },
  ),
  behaviour(
    "changes that cause an AEN, and changes that do not",
    [
      "a subsystem is unlinked: 1",
      "it is linked again: 1",
      "a subsystem no longer allows any host: 1",
      "it allows hosts again: 1",
      "a referral is added: 1",
      "a referral is removed: 1",
      "a change on another port: none",
      "a subsystem hidden from this host is linked: none",
    ],
    async (host) => {
      const { storage } = host;
      await connected(host, FOLLOWED);
      const changes: Readonly<Record<string, () => void>> = {
        "a subsystem is unlinked": () => storage.unlink("main", "b"),
        "it is linked again": () => storage.link("main", "b"),
        "a subsystem no longer allows any host": () => storage.allow("b", "none"),
        "it allows hosts again": () => storage.allow("b", "any"),
        "a referral is added": () => storage.refer("main", "io"),
        "a referral is removed": () => storage.unrefer("main", "io"),
        "a change on another port": () => storage.unlink("io", "b"),
        "a subsystem hidden from this host is linked": () => storage.link("main", "private"),
      };
      const lines: string[] = [];
      for (const [what, change] of Object.entries(changes)) lines.push(`${what}: ${await armedAenOf(host, change)}`);
      return lines;
    },
  ),
  behaviour("a discovery controller without keep-alive gets AENs too", ["1"], async (host) => {
    await connected(host, toDiscovery(PLACES.main));
    return [await armedAenOf(host, () => host.storage.unlink("main", "b"))];
  }),
];

export const UDEV: readonly Behaviour[] = [...ORDER, ...TEXT, ...AENS];

/** Controllers that lose their peer: states, attempts, uevents. */
import { identifyController } from "../../src/core/codec/admin.js";
import { Milliseconds } from "../../src/core/domain/units.js";
import type { Behaviour, Observation } from "./behaviour.js";
import type { ContractHost } from "./host.js";
import {
  about,
  admin,
  adminText,
  connected,
  ueventsSince,
  deleteThrough,
  open,
  states,
  suiteOf,
  uevent,
} from "./kit.js";
import { PLACES, toDiscovery, toSubsystem } from "./stage.js";

const behaviour = suiteOf("sysfs");

const tries = (ctrlLossTmo: string): Readonly<Record<string, string>> => ({
  ctrl_loss_tmo: ctrlLossTmo,
  reconnect_delay: "1",
  keep_alive_tmo: "5",
});

/** Rounds down to whole seconds: the reconnect delays here are whole seconds. */
function seconds(from: Milliseconds, to: Milliseconds): string {
  return `${String(Math.floor((to - from) / 1_000))} s`;
}

/** Each state from the loss to state `last`, and how long that took. */
async function lost(host: ContractHost, device: string, lose: () => void, last = "gone"): Promise<readonly string[]> {
  const from = host.now();
  const following = states(host, device, last);
  lose();
  const seen = await following;
  return [seen.join(", "), `after ${seconds(from, host.now())}`];
}

const GIVEN_UP = "live, connecting, gone";

const GONE: readonly Behaviour[] = [
  behaviour(
    "a port goes away: one attempt per reconnect delay within ctrl_loss_tmo, then the controller goes",
    [GIVEN_UP, "after 3 s", "remove nvme0"],
    async (host) => {
      const device = await connected(host, toSubsystem("a", PLACES.dummy, tries("3")));
      const mark = host.delivered.length;
      const seen = await lost(host, device, () => host.storage.unlink("dummy", "a"));
      await uevent(host, "remove nvme0", mark);
      return [...seen, ...ueventsSince(host, mark)];
    },
  ),
  behaviour("ctrl_loss_tmo is rounded up to whole attempts", [GIVEN_UP, "after 4 s"], async (host) => {
    const device = await connected(host, toSubsystem("a", PLACES.dummy, { ...tries("3"), reconnect_delay: "2" }));
    return await lost(host, device, () => host.storage.unlink("dummy", "a"));
  }),
  behaviour(
    "a reconnect that the target rejects",
    { "6.1": [GIVEN_UP, "after 3 s"], "6.12": [GIVEN_UP, "after 1 s"] },
    async (host) => {
      // Subsystem b stays linked, so the port still listens.
      const device = await connected(host, toSubsystem("a", PLACES.io, tries("3")));
      return await lost(host, device, () => host.storage.unlink("io", "a"));
    },
  ),
  behaviour(
    "a reset that the target rejects because it no longer allows this host",
    { "6.1": [GIVEN_UP, "after 2 s"], "6.12": ["live, gone", "after 0 s"] },
    async (host) => {
      const device = await connected(host, toSubsystem("b", PLACES.io, tries("3")));
      return await lost(host, device, () => {
        host.storage.allow("b", "none");
        host.reset(device);
      });
    },
  ),
  behaviour("with ctrl_loss_tmo=0 the controller goes at once", ["live, gone", "after 0 s"], async (host) => {
    const device = await connected(host, toSubsystem("a", PLACES.dummy, tries("0")));
    return await lost(host, device, () => host.storage.unlink("dummy", "a"));
  }),
];

const BACK: readonly Behaviour[] = [
  behaviour(
    "a port goes away and comes back: no uevent for the loss, then rediscover and connected for a discovery controller, connected for an I/O controller",
    [
      "nvme0: live, connecting, live",
      "nvme1: live, connecting, live",
      "while the port is away: no uevent",
      "change nvme0 NVME_EVENT=rediscover",
      "change nvme0 NVME_EVENT=connected",
      "change nvme1 NVME_EVENT=connected",
    ],
    async (host) => {
      const dc = await connected(host, toDiscovery(PLACES.dummy, tries("60")));
      const io = await connected(host, toSubsystem("a", PLACES.dummy, tries("60")));
      const mark = host.delivered.length;
      const following = Promise.all([states(host, dc, "live"), states(host, io, "live")]);
      host.storage.unlink("dummy", "a");
      await host.sleep(Milliseconds(500));
      // The unlink changes the page, and the controller may still receive an AEN for it.
      const eventsSince = (): readonly string[] =>
        ueventsSince(host, mark).filter((name) => !name.includes("NVME_AEN"));
      const meanwhile = eventsSince();
      host.storage.link("dummy", "a");
      const [ofDc, ofIo] = await following;
      await uevent(host, `change ${dc} NVME_EVENT=connected`, mark);
      await uevent(host, `change ${io} NVME_EVENT=connected`, mark);
      return [
        `${dc}: ${ofDc.join(", ")}`,
        `${io}: ${ofIo.join(", ")}`,
        `while the port is away: ${meanwhile.length === 0 ? "no uevent" : meanwhile.join(", ")}`,
        // Sorted by controller: the two reconnect in parallel.
        ...[...eventsSince()].sort((one, other) => Number(one.includes(io)) - Number(other.includes(io))),
      ];
    },
  ),
];

const MINUTES = Milliseconds(120_000);

const deadLinkSeen = (kept: string, asked: string): Observation => [
  `with a keep-alive of 5 s: connecting ${kept}`,
  `with a keep-alive of 5 s and a command with a timeout of 60 s: ${asked}`,
  "with a keep-alive of 30 s and a command with a timeout of 5 s: EINTR after 5 to 9 s, connecting after 5 to 9 s",
  "a delete of a live controller: ok after a minute",
  "a delete of a connecting controller: ok at once",
  "once the link is back: change nvme1 NVME_EVENT=rediscover, change nvme1 NVME_EVENT=connected",
];

/** One link that dies under four controllers. It takes a minute, so one behaviour observes all four. */
const DEAD_LINK = behaviour(
  "a link that dies silently",
  {
    "6.1": deadLinkSeen("after 15 s or more", "status 0x371 after a minute, connecting after a minute"),
    "6.12": deadLinkSeen("after 5 to 9 s", "EINTR after 5 to 9 s, connecting after 5 to 9 s"),
  },
  async (host) => {
    const make = async (keepAlive: string): Promise<string> =>
      await connected(host, toDiscovery(PLACES.far, { ...tries("-1"), keep_alive_tmo: keepAlive }));
    const [kept, asked, hurried, deleted] = [await make("5"), await make("5"), await make("30"), await make("120")];
    const identify = (device: string, limit: Milliseconds): ReturnType<typeof admin> =>
      admin(host, open(host, device, "admin"), identifyController(limit), MINUTES);
    const deletion = open(host, deleted, "delete");
    const from = host.now();
    host.network.wire("silent");
    const connecting = async (device: string): Promise<string> => {
      await states(host, device, "connecting", MINUTES);
      return `connecting ${about(Milliseconds(host.now() - from))}`;
    };
    const [long, short, end, ...lost] = await Promise.all([
      identify(asked, Milliseconds(60_000)),
      identify(hurried, Milliseconds(5_000)),
      deleteThrough(host, deletion, MINUTES),
      connecting(kept),
      connecting(asked),
      connecting(hurried),
    ]);
    const second = await deleteThrough(host, open(host, kept, "delete"));
    await uevent(host, `remove ${kept}`, 0);
    const mark = host.delivered.length;
    host.network.wire("up");
    await uevent(host, `change ${asked} NVME_EVENT=connected`, mark, MINUTES);
    const back = ueventsSince(host, mark).filter((name) => name.includes(asked));
    return [
      `with a keep-alive of 5 s: ${lost[0]}`,
      `with a keep-alive of 5 s and a command with a timeout of 60 s: ${adminText(long.result)} ${about(long.took)}, ${lost[1]}`,
      `with a keep-alive of 30 s and a command with a timeout of 5 s: ${adminText(short.result)} ${about(short.took)}, ${lost[2]}`,
      `a delete of a live controller: ${end.text} ${about(end.took)}`,
      `a delete of a connecting controller: ${second.text} ${about(second.took)}`,
      `once the link is back: ${back.join(", ")}`,
    ];
  },
);

export const LOSS: readonly Behaviour[] = [...GONE, ...BACK, DEAD_LINK];

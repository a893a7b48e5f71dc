/**
 * What happens in a generated world: episodes of a few steps that belong together, such as a restart or a name server that
 * fails and comes back. Single steps drawn apart hardly ever meet in such an order.
 */
import type { WorldAction } from "../../adapters/sim/actions.js";
import type { MdnsFault, UeventFault } from "../../adapters/sim/spec.js";
import { Milliseconds } from "../../core/domain/units.js";
import type { Arbitrary, FastCheck } from "../vocabulary/part.js";
import type { Step } from "../vocabulary/timeline.js";
import {
  arbitraryLeads,
  DC_IDS,
  type DcId,
  dcName,
  entriesFor,
  nameAnswer,
  pageOf,
  responderOf,
  type Site,
  stafdConf,
  WAY_IDS,
  WAYS,
} from "./site.js";

/** Steps with their times from the start of the episode, in milliseconds. */
export type Episode = readonly (readonly [after: number, action: WorldAction])[];

/** The episode as steps that start at a time. */
export function stepsFrom(at: number, episode: Episode): readonly Step[] {
  return episode.map(([after, action]) => ({
    when: { kind: "at", at: Milliseconds(at + after) },
    after: Milliseconds(0),
    action,
  }));
}

const CONFIG = "/etc/stas/stafd.conf";
const RECORDS = ["/run/stafd/last-known-config.json", "/run/stacd/last-known-config.json"] as const;

/** Any episode of a site. */
export function arbitraryEpisode(fc: FastCheck, site: Site): Arbitrary<Episode> {
  const makers = [
    restart,
    reconfigure,
    resolver,
    pages,
    replacement,
    unreadable,
    outage,
    lostEvents,
    services,
    devices,
  ];
  return fc.oneof(...makers.map((make) => make(fc, site)));
}

/** A time within an episode. Short ones meet what is in flight. */
function pause(fc: FastCheck): Arbitrary<number> {
  return fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 60_000 }));
}

function anyDc(fc: FastCheck): Arbitrary<DcId> {
  return fc.constantFrom(...DC_IDS);
}

/** A process ends, loses its record or not, and starts again. The name server may be away meanwhile. */
function restart(fc: FastCheck, site: Site): Arbitrary<Episode> {
  return fc
    .record({
      how: fc.constantFrom("kill", "stop"),
      process: fc.constantFrom("staf", "stac", "both"),
      lost: fc.subarray([...RECORDS]),
      away: fc.option(anyDc(fc)),
      down: pause(fc),
      until: pause(fc),
    })
    .map(({ how, process, lost, away, down, until }) => [
      [0, { kind: how, process }],
      ...(away === null ? [] : ([[0, fails(away)]] as const)),
      ...lost.map((path): Episode[number] => [0, { kind: "remove-file", path }]),
      [down, { kind: "start", process }],
      ...(away === null ? [] : ([[down + until, works(site, away)]] as const)),
    ]);
}

/** Other leads to the same discovery controllers, and a reload. */
function reconfigure(fc: FastCheck): Arbitrary<Episode> {
  return fc.record({ leads: arbitraryLeads(fc), wait: pause(fc) }).map(({ leads, wait }) => [
    [0, { kind: "write-file", path: CONFIG, text: stafdConf(leads) }],
    [wait, { kind: "reload", process: "both" }],
  ]);
}

function fails(dc: DcId): WorldAction {
  return { kind: "name", name: dcName(dc), answer: { kind: "fails", after: Milliseconds(1) } };
}

function works({ nameAfter }: Site, dc: DcId): WorldAction {
  return { kind: "name", name: dcName(dc), answer: nameAnswer(dc, nameAfter) };
}

/** The name server is away for a while, or the name moves to another discovery controller. */
function resolver(fc: FastCheck, site: Site): Arbitrary<Episode> {
  const away = fc
    .record({ dc: anyDc(fc), silent: fc.boolean(), wait: pause(fc) })
    .map(({ dc, silent, wait }): Episode => [
      [0, silent ? { kind: "name", name: dcName(dc), answer: { kind: "silent" } } : fails(dc)],
      [wait, works(site, dc)],
    ]);
  const moves = fc
    .record({ dc: anyDc(fc), to: anyDc(fc) })
    .map(({ dc, to }): Episode => [[0, { kind: "name", name: dcName(dc), answer: nameAnswer(to, site.nameAfter) }]]);
  return fc.oneof(away, moves);
}

/** A way is listed, unlisted, or moves from one discovery controller to another. */
function pages(fc: FastCheck): Arbitrary<Episode> {
  return fc
    .record({ from: anyDc(fc), to: anyDc(fc), way: fc.constantFrom(...WAY_IDS), wait: pause(fc), which: fc.nat(3) })
    .map(({ from, to, way, wait, which }) => {
      const list: WorldAction = { kind: "list", dc: to, entries: entriesFor([way]) };
      const unlist: WorldAction = { kind: "unlist", dc: from, entries: [way] };
      if (which === 0) return [[0, list]];
      if (which === 1) return [[0, unlist]];
      return [
        [0, list],
        [wait, unlist],
      ];
    });
}

/** All ways to a volume are replaced by others, which may not answer yet. */
function replacement(fc: FastCheck, site: Site): Arbitrary<Episode> {
  return fc
    .record({ dc: anyDc(fc), ways: fc.constantFrom(...WAYS), count: fc.integer({ min: 1, max: 2 }), late: pause(fc) })
    .map(({ dc, ways, count, late }) => {
      const fresh = ways.slice(count);
      const refuse = fresh.map((id): Episode[number] => [0, { kind: "listener", id, state: "refuses" }]);
      const answer = fresh.map((id): Episode[number] => [20_000 + late, { kind: "listener", id, state: "up" }]);
      return [
        [0, { kind: "set-entries", dc, entries: pageOf(site, dc, ways.slice(0, count)) }],
        ...refuse,
        [20_000, { kind: "set-entries", dc, entries: pageOf(site, dc, fresh) }],
        ...answer,
      ];
    });
}

/** Pages cannot be read a few times. */
function unreadable(fc: FastCheck): Arbitrary<Episode> {
  return fc
    .record({ dc: anyDc(fc), times: fc.integer({ min: 1, max: 3 }) })
    .map(({ dc, times }) => [[0, { kind: "answers", dc, answers: [{ lid: 0x70, status: 0x6002, times }] }]]);
}

/** A peer or a link is away for a while. */
function outage(fc: FastCheck): Arbitrary<Episode> {
  const listener = fc
    .record({
      id: fc.constantFrom(...DC_IDS, ...WAY_IDS),
      state: fc.constantFrom("refuses", "silent"),
      wait: pause(fc),
    })
    .map(({ id, state, wait }): Episode => [
      [0, { kind: "listener", id, state }],
      [wait, { kind: "listener", id, state: "up" }],
    ]);
  const link = fc
    .record({ hostIface: fc.constantFrom("eth0", "eth1"), state: fc.constantFrom("down", "silent"), wait: pause(fc) })
    .map(({ hostIface, state, wait }): Episode => [
      [0, { kind: "link", hostIface, state }],
      [wait, { kind: "link", hostIface, state: "up" }],
    ]);
  return fc.oneof(listener, link);
}

/** A page changes, and the uevent that says so is lost: alone, or with a whole socket. */
function lostEvents(fc: FastCheck): Arbitrary<Episode> {
  return fc
    .record({ dc: anyDc(fc), way: fc.constantFrom(...WAY_IDS), overflow: fc.boolean(), listed: fc.boolean() })
    .map(({ dc, way, overflow, listed }) => {
      const lose: UeventFault = { kind: "lose", count: 1, action: "change" };
      const change: WorldAction = listed
        ? { kind: "list", dc, entries: entriesFor([way]) }
        : { kind: "unlist", dc, entries: [way] };
      const after: Episode = overflow ? [[100, { kind: "uevents", fault: { kind: "overflow" } }]] : [];
      return [[0, { kind: "uevents", fault: lose }], [0, change], ...after];
    });
}

/** A service says goodbye and comes back, the host's mDNS daemon restarts, or datagrams are lost. */
function services(fc: FastCheck): Arbitrary<Episode> {
  const goodbye = fc.record({ dc: anyDc(fc), wait: pause(fc) }).map(({ dc, wait }): Episode => [
    [0, { kind: "goodbye", responder: `service-${dc}` }],
    [wait, { kind: "announce", responder: responderOf(dc, true) }],
  ]);
  const avahi = pause(fc).map((wait): Episode => [
    [0, { kind: "avahi", state: "down" }],
    [wait, { kind: "avahi", state: "up" }],
  ]);
  const lost = fc.integer({ min: 1, max: 4 }).map((count): Episode => {
    const fault: MdnsFault = { kind: "lose", count };
    return [[0, { kind: "mdns", fault }]];
  });
  return fc.oneof(goodbye, avahi, lost);
}

/** The kernel loses or resets a controller. */
function devices(fc: FastCheck): Arbitrary<Episode> {
  return fc
    .record({ kind: fc.constantFrom("remove-device", "reset-device"), target: fc.constantFrom(...DC_IDS, ...WAY_IDS) })
    .map(({ kind, target }) => [[0, { kind, target }]]);
}

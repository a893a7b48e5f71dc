/** The planners: a plan leads from any present set to the wanted set, and gives every operation a reason. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { defaultStacConfig } from "../../src/core/config/stacd.js";
import { defaultStafConfig } from "../../src/core/config/stafd.js";
import { isExcluded } from "../../src/core/config/controller-entry.js";
import type { ControllerEntry, StacConfig, StafConfig } from "../../src/core/config/types.js";
import type { ControllerId, Origin, Standing } from "../../src/core/state/controller.js";
import { EFLAG_NCC, type DiscoveryLogEntry } from "../../src/core/domain/discovery-log.js";
import { transportIdKey, WELL_KNOWN_DISCOVERY_NQN, type TransportId } from "../../src/core/domain/transport-id.js";
import type { NameAnswers } from "../../src/core/names/addresses.js";
import { adviceOn, sourceKey, untilSpoken, type OpenSource } from "../../src/core/domain/open-source.js";
import { Milliseconds } from "../../src/core/domain/units.js";
import { planStac, wantedIos, type PresentIo, type StacPlanInput } from "../../src/core/stac/plan.js";
import type { StafView } from "../../src/core/state/staf-view.js";
import { openSources, planStaf, wantedDcs, type PresentDc, type StafPlanInput } from "../../src/core/staf/plan.js";

const address = fc.constantFrom("192.168.1.20", "192.168.1.21", "192.168.1.22", "fd00::1");
const nqn = fc.constantFrom("nqn.2024-01.io.example:a", "nqn.2024-01.io.example:b", "nqn.2024-01.io.example:c");

function tidOf(traddr: string, subsysnqn: string, trsvcid: string): TransportId {
  return { transport: "tcp", traddr, trsvcid, subsysnqn, hostTraddr: "", hostIface: "", hostNqn: "" };
}

const dcTid = address.map((traddr) => tidOf(traddr, WELL_KNOWN_DISCOVERY_NQN, "8009"));
const ioTid = fc.tuple(address, nqn).map(([traddr, subsysnqn]) => tidOf(traddr, subsysnqn, "4420"));

function entryFor(subtype: DiscoveryLogEntry["subtype"], tid: TransportId): DiscoveryLogEntry {
  const { traddr, trsvcid, subsysnqn } = tid;
  const numbers = { adrfam: 1, treq: 0, portid: 1, cntlid: 0xffff, asqsz: 32, eflags: 0 };
  return { trtype: "tcp", subtype, ...numbers, trsvcid, subnqn: subsysnqn, traddr, tsas: "" };
}

const entry = fc.oneof(
  fc.tuple(ioTid, fc.constantFrom(0, EFLAG_NCC)).map(([tid, eflags]) => ({ ...entryFor("nvme", tid), eflags })),
  dcTid.map((tid) => entryFor("referral", tid)),
);
const page = fc.option(fc.array(entry, { maxLength: 6 }), { nil: undefined });

function lineFor(tid: TransportId): ControllerEntry {
  const { transport, traddr, trsvcid, subsysnqn, hostTraddr, hostIface, hostNqn } = tid;
  return { transport, traddr, trsvcid, nqn: subsysnqn, hostTraddr, hostIface, hostNqn, options: {}, line: 3 };
}

/** Controllers here are configured by address. */
const BY_ADDRESS = { hostName: "", health: "unclear", options: defaultStafConfig("").connection } as const;
/** The only host name of the configurations here, and whether it has an answer. */
const NAME = "array.example";
const names = fc.constantFrom<NameAnswers>(new Map(), new Map([[NAME, ["192.168.1.20"]]]));

const standing = fc.constantFrom<Standing>("claimed", "remembered", "leaving");

function unique<T extends { readonly tid: TransportId }>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [transportIdKey(item.tid), item])).values()];
}

const presentDcs = fc
  .array(
    fc.record({
      tid: dcTid,
      origin: fc.constantFrom<Origin>("configured", "referral", "nbft", "discovered"),
      entries: page,
      unread: fc.constantFrom<PresentDc["unread"]>(undefined, { read: "news", because: "AEN" }),
      standing,
      dropped: fc.constantFrom(undefined, "not announced for long"),
    }),
  )
  .map((dcs) => unique(dcs).map(presentDc));

const NEVER_READ: PresentDc["unread"] = { read: "never", because: "wanted" };

function presentDc(dc: Pick<PresentDc, "tid" | "origin" | "entries" | "unread" | "standing" | "dropped">, at: number) {
  const unread = dc.entries === undefined ? NEVER_READ : dc.unread;
  return { ...dc, ...BY_ADDRESS, unread, id: `c${at}` } satisfies PresentDc;
}

const NAMED_DC = tidOf(NAME, WELL_KNOWN_DISCOVERY_NQN, "8009");

const stafInput: fc.Arbitrary<StafPlanInput> = fc
  .record({
    controllers: fc.array(fc.oneof({ weight: 4, arbitrary: dcTid }, fc.constant(NAMED_DC))),
    excludes: fc.array(dcTid, { maxLength: 1 }),
    configKnown: fc.boolean(),
    names,
    mdnsLacks: fc.constantFrom(undefined, "time", "provider"),
    unreached: fc.array(dcTid, { maxLength: 1 }),
    unreadTables: fc.constantFrom([], ["/sys/firmware/acpi/tables/NBFT"]),
    boot: fc.array(dcTid, { maxLength: 2 }),
    present: presentDcs,
    discovered: fc.array(dcTid.map((tid) => ({ tid, why: "announced" }))).map(unique),
  })
  .map(({ controllers, excludes, boot, ...input }) => {
    const config: StafConfig = {
      ...defaultStafConfig("/etc/stas/stafd.conf"),
      controllers: controllers.map(lineFor),
      excludes: excludes.map(lineFor),
    };
    const asked = boot.map((tid, at) => ({ record: at + 1, tid, hostId: "", remarks: [] }));
    return { config, boot: asked, ...input };
  });

/** Carries out staf's plan on the present set, as if every operation succeeded at once. */
function applyStaf(input: StafPlanInput): StafPlanInput {
  const present = new Map<ControllerId, PresentDc>(input.present.map((dc) => [dc.id, dc]));
  let next = 100;
  for (const operation of planStaf(input)) {
    expect(operation.why).not.toBe("");
    if (operation.op === "add") {
      const { tid, origin } = operation.wanted;
      const id: ControllerId = `c${next++}`;
      const fresh = { entries: undefined, unread: NEVER_READ, dropped: undefined, standing: "claimed" } as const;
      present.set(id, { ...BY_ADDRESS, ...fresh, id, tid, hostName: operation.wanted.hostName, origin });
      continue;
    }
    const dc = present.get(operation.id);
    if (dc === undefined) throw new Error("the plan names a controller again after it left");
    if (operation.op === "leave") present.delete(operation.id);
    else if (operation.op === "stay") present.set(operation.id, { ...dc, standing: "claimed" });
    else if (operation.op === "set-options") present.set(operation.id, { ...dc, options: operation.options });
    else present.set(operation.id, { ...dc, origin: operation.wanted.origin, hostName: operation.wanted.hostName });
  }
  return { ...input, present: [...present.values()].filter((dc) => dc.standing !== "leaving") };
}

test("staf's plan reaches the wanted set; the next plan is empty", () => {
  fc.assert(
    fc.property(stafInput, (input) => {
      const after = applyStaf(applyStaf(input));
      expect(planStaf(after)).toEqual([]);
      const here = new Set(after.present.map((dc) => transportIdKey(dc.tid)));
      for (const key of wantedDcs(after).keys()) expect(here.has(key)).toBe(true);
    }),
  );
});

test("staf never plans to leave a referral while an open source might refer to it", () => {
  fc.assert(
    fc.property(stafInput, (input) => {
      fc.pre(openSources(input, wantedDcs(input)).length > 0);
      const left = planStaf(input).filter(
        (operation) => operation.op === "leave" && !operation.why.startsWith("excluded"),
      );
      const referrals = new Set(input.present.filter((dc) => dc.origin === "referral").map((dc) => dc.id));
      expect(left.filter((operation) => operation.op === "leave" && referrals.has(operation.id))).toEqual([]);
    }),
  );
});

test("staf keeps what a host name without an answer may stand for", () => {
  fc.assert(
    fc.property(stafInput, (input) => {
      fc.pre(!input.names.has(NAME) && input.config.controllers.some(({ traddr }) => traddr === NAME));
      const configured = new Set(input.present.filter(({ origin }) => origin === "configured").map(({ id }) => id));
      for (const operation of planStaf(input))
        if (operation.op === "leave" && configured.has(operation.id)) expect(operation.why).toMatch(/^excluded/);
    }),
  );
});

const openSource = fc
  .record({
    source: fc.oneof(
      fc.record({
        kind: fc.constant("page" as const),
        dc: dcTid,
        read: fc.constantFrom("never" as const, "news" as const),
        because: fc.constant("AEN"),
      }),
      fc.constant<OpenSource["source"]>({ kind: "mdns", lacks: "provider" }),
      fc.constant<OpenSource["source"]>({ kind: "name", stands: NAMED_DC, file: "stafd.conf" }),
    ),
    since: fc.constantFrom(Milliseconds(0), Milliseconds(1_000)),
  })
  .map((open): OpenSource => open);

const view: fc.Arbitrary<StafView> = fc.oneof(
  fc.constant<StafView>({ kind: "unknown", because: "staf left the bus" }),
  fc
    .tuple(fc.array(fc.record({ tid: dcTid, entries: page })), fc.array(openSource, { maxLength: 1 }))
    .map(([dcs, open]): StafView => ({ kind: "known", dcs: unique(dcs), open })),
);

const presentIos = fc
  .array(
    fc.record({
      tid: ioTid,
      configured: fc.boolean(),
      ncc: fc.boolean(),
      boot: fc.boolean(),
      kept: fc.option(
        fc.oneof(
          openSource.map((open) => ({ by: "open-source", ...open }) as const),
          fc.constantFrom(0, 30_000).map((since) => ({ by: "last-path", since: Milliseconds(since) }) as const),
        ),
        { nil: undefined },
      ),
      isLive: fc.boolean(),
      failures: fc.constantFrom(0, 0, 1, 2),
      gaveUpAfter: fc.option(fc.integer({ min: 2, max: 5 }), { nil: undefined, freq: 2 }),
      listedBy: fc.uniqueArray(dcTid.map(transportIdKey), { maxLength: 3 }),
      standing,
    }),
  )
  .map((ios) =>
    unique(ios).map((io, at): PresentIo => ({
      ...io,
      ...BY_ADDRESS,
      isLive: io.isLive && io.standing === "claimed",
      id: `c${at}`,
    })),
  );

const NAMED_IO = tidOf(NAME, "nqn.2024-01.io.example:a", "4420");

const stacInput: fc.Arbitrary<StacPlanInput> = fc
  .record({
    controllers: fc.array(fc.oneof({ weight: 4, arbitrary: ioTid }, fc.constant(NAMED_IO)), { maxLength: 3 }),
    excludes: fc.array(ioTid, { maxLength: 1 }),
    scope: fc.constantFrom("only-stas-connections", "all-connections-matching-disconnect-trtypes", "no-disconnect"),
    attempts: fc.constantFrom(0, 2, 4),
    configKnown: fc.boolean(),
    names,
    view,
    present: presentIos,
    foreign: fc.array(fc.constantFrom("tcp", "rdma", "pcie"), { maxLength: 3 }),
  })
  .map(({ controllers, excludes, scope, attempts, foreign, ...input }) => {
    const config: StacConfig = {
      ...defaultStacConfig("/etc/stas/stacd.conf"),
      controllers: controllers.map(lineFor),
      excludes: excludes.map(lineFor),
      disconnectScope: scope,
      connectAttemptsOnNcc: attempts,
    };
    const devices = foreign.map((transport, at) => ({ device: `nvme${at}`, transport, madeFor: "nqn.foreign" }));
    return { config, foreign: devices, now: Milliseconds(60_000), ...input };
  });

function applyStac(input: StacPlanInput): StacPlanInput {
  const present = new Map<ControllerId, PresentIo>(input.present.map((io) => [io.id, io]));
  let foreign = input.foreign;
  let next = 100;
  for (const operation of planStac(input)) {
    expect(operation.why).not.toBe("");
    if (operation.op === "disconnect-foreign") {
      foreign = foreign.filter((connection) => connection.device !== operation.device);
      continue;
    }
    if (operation.op === "add") {
      const { tid, hostName, configured, ncc, listedBy } = operation.wanted;
      const id: ControllerId = `c${next++}`;
      present.set(id, {
        ...BY_ADDRESS,
        id,
        tid,
        hostName,
        configured,
        ncc,
        listedBy,
        standing: "claimed",
        boot: false,
        kept: undefined,
        gaveUpAfter: undefined,
        isLive: false,
        failures: 0,
      });
      continue;
    }
    const io = present.get(operation.id);
    if (io === undefined) throw new Error("the plan names a controller again after it left");
    if (operation.op === "leave") present.delete(operation.id);
    else if (operation.op === "stay") present.set(operation.id, { ...io, standing: "claimed" });
    else if (operation.op === "resume") present.set(operation.id, { ...io, gaveUpAfter: undefined });
    else if (operation.op === "set-options") present.set(operation.id, { ...io, options: operation.options });
    else if (operation.op === "keep") present.set(operation.id, { ...io, kept: operation.kept });
    else {
      const { configured, ncc, hostName, listedBy } = operation;
      present.set(operation.id, { ...io, configured, ncc, hostName, listedBy });
    }
  }
  return { ...input, foreign, present: [...present.values()].filter((io) => io.standing !== "leaving") };
}

test("stac leaves the last live path to a wanted subsystem only if its new paths were tried, or after a minute", () => {
  fc.assert(
    fc.property(stacInput, (input) => {
      const wanted = [...wantedIos(input).values()];
      const isWanted = (io: PresentIo): boolean =>
        wanted.some(({ tid }) => transportIdKey(tid) === transportIdKey(io.tid));
      const left = new Set(planStac(input).flatMap((one) => (one.op === "leave" ? [one.id] : [])));
      const stays = input.present.filter(({ id, isLive }) => isLive && !left.has(id));
      for (const io of input.present) {
        if (!left.has(io.id) || !io.isLive || isExcluded(io.tid, input.config.excludes) !== undefined) continue;
        const isSibling = ({ tid }: { readonly tid: TransportId }): boolean => tid.subsysnqn === io.tid.subsysnqn;
        const isOver = ({ kept }: PresentIo): boolean => kept?.by === "last-path" && kept.since === 0;
        if (stays.some(isSibling) || input.present.some((one) => isSibling(one) && isOver(one))) continue;
        for (const { tid } of wanted.filter(isSibling)) {
          const path = input.present.find((one) => transportIdKey(one.tid) === transportIdKey(tid));
          expect(path !== undefined && isWanted(path) && (path.failures >= 2 || path.gaveUpAfter !== undefined)).toBe(
            true,
          );
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test("stac's plan reaches the wanted set; the next plan is empty", () => {
  fc.assert(
    fc.property(stacInput, (input) => {
      const after = applyStac(applyStac(input));
      expect(planStac(after)).toEqual([]);
      const here = new Set(after.present.map((io) => transportIdKey(io.tid)));
      for (const key of wantedIos(after).keys()) expect(here.has(key)).toBe(true);
    }),
  );
});

test("stac resumes a controller that has given up only if a retry may succeed", () => {
  fc.assert(
    fc.property(stacInput, (input) => {
      const resumed = new Set(
        planStac(input).flatMap((operation) => (operation.op === "resume" ? [operation.id] : [])),
      );
      const wanted = wantedIos(input);
      for (const io of input.present) {
        if (io.gaveUpAfter === undefined) expect(resumed.has(io.id)).toBe(false);
        const wish = wanted.get(transportIdKey(io.tid));
        const isListedWithConnectivity = wish?.ncc === false && wish.listedBy.length > 0;
        if (io.gaveUpAfter !== undefined && isListedWithConnectivity) expect(resumed.has(io.id)).toBe(true);
      }
    }),
  );
});

/** Whether something that may want anything has not said everything. */
function isSomeOpen({ configKnown, view }: StacPlanInput): boolean {
  if (!configKnown || view.kind === "unknown") return true;
  return view.open.length > 0 || view.dcs.some(({ entries }) => entries === undefined);
}

test("stac lets nothing go while a source is open, except what the configuration bars", () => {
  fc.assert(
    fc.property(stacInput, (input) => {
      fc.pre(isSomeOpen(input));
      for (const operation of planStac(input)) {
        expect(operation.op).not.toBe("disconnect-foreign");
        if (operation.op === "leave") expect(operation.why).toMatch(/^excluded/);
      }
    }),
  );
});

test("stac says which open source keeps a controller, for how long it has been open, and what to do", () => {
  fc.assert(
    fc.property(stacInput, openSource, (input, open) => {
      const view: StafView = { kind: "known", dcs: [], open: [open] };
      for (const operation of planStac({ ...input, configKnown: true, view })) {
        if (operation.op !== "keep" || operation.kept?.by !== "open-source") continue;
        expect(sourceKey(operation.kept.source)).toBe(sourceKey(open.source));
        expect(operation.why).toContain(untilSpoken(open, input.now));
        expect(adviceOn(operation.kept.source)).toMatch(/^[A-Z].*\.$/);
      }
    }),
  );
});

test("once every source has spoken, everything goes that nothing lists, except a last live path", () => {
  fc.assert(
    fc.property(stacInput, (input) => {
      fc.pre(!isSomeOpen(input));
      const spoken = { ...input, names: new Map([[NAME, ["192.168.1.20"]]]) };
      const wanted = wantedIos(spoken);
      const left = new Set(planStac(spoken).flatMap((operation) => (operation.op === "leave" ? [operation.id] : [])));
      const subsystems = new Set([...wanted.values()].map(({ tid }) => tid.subsysnqn));
      for (const { id, tid, standing, isLive } of spoken.present) {
        if (isLive && subsystems.has(tid.subsysnqn)) continue;
        expect(left.has(id)).toBe(standing !== "leaving" && !wanted.has(transportIdKey(tid)));
      }
    }),
  );
});

test("stac's plan touches a foreign connection only if its scope and transport types cover it", () => {
  fc.assert(
    fc.property(stacInput, (input) => {
      const touched = planStac(input).filter((operation) => operation.op === "disconnect-foreign");
      const wide = input.config.disconnectScope === "all-connections-matching-disconnect-trtypes";
      if (!wide) expect(touched).toEqual([]);
      const transports = new Map(input.foreign.map((connection) => [connection.device, connection.transport]));
      for (const { device } of touched) expect(transports.get(device)).toBe("tcp");
    }),
  );
});

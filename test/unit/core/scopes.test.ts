/** What each disconnect scope lets stac disconnect: every scope with every transport, for ours and for foreign connections. */
import { describe, expect, test } from "vitest";
import { defaultStacConfig, parseStacConfig } from "../../../src/core/config/stacd.js";
import type { DisconnectScope, StacConfig } from "../../../src/core/config/types.js";
import { TRANSPORTS, type Transport } from "../../../src/core/domain/transport-id.js";
import { planStac, type PresentIo, type StacPlanInput } from "../../../src/core/stac/plan.js";
import type { OpenSource } from "../../../src/core/domain/open-source.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { StafView } from "../../../src/core/state/staf-view.js";

const FILE = "/etc/stas/stacd.conf";
const ALL: DisconnectScope = "all-connections-matching-disconnect-trtypes";
const NOTHING_LISTED: StafView = { kind: "known", dcs: [], open: [] };
const MDNS: OpenSource = { source: { kind: "mdns", lacks: "time" }, since: Milliseconds(0) };

function configFor(scope: DisconnectScope, trtypes: string, more = ""): StacConfig {
  const text = `[I/O controller connection management]\ndisconnect-scope=${scope}\ndisconnect-trtypes=${trtypes}\n${more}`;
  const parsed = parseStacConfig(FILE, text);
  if (!parsed.ok || parsed.notes.length > 0) throw new Error("the configuration of this test is not valid");
  return parsed.value;
}

function ours(transport: Transport, boot: boolean = false): PresentIo {
  return {
    id: "c1",
    tid: { transport, traddr: "a", trsvcid: "1", subsysnqn: "nqn.x", hostTraddr: "", hostIface: "", hostNqn: "" },
    hostName: "",
    health: "unclear",
    standing: "claimed",
    configured: false,
    options: defaultStacConfig(FILE).connection,
    ncc: false,
    listedBy: [],
    boot,
    kept: undefined,
    gaveUpAfter: undefined,
    isLive: true,
    failures: 0,
  };
}

function planWith(input: Partial<StacPlanInput>): ReturnType<typeof planStac> {
  const config = defaultStacConfig(FILE);
  const none = { configKnown: true, names: new Map(), present: [], foreign: [], now: Milliseconds(0) };
  return planStac({ config, view: NOTHING_LISTED, ...none, ...input });
}

/** The transports over which stac disconnects: ours that are not wanted, and foreign connections. */
function taken(config: StacConfig, view: StafView = NOTHING_LISTED): { ours: string[]; foreign: string[] } {
  const own = TRANSPORTS.filter((transport) =>
    planWith({ config, view, present: [ours(transport)] }).some((one) => one.op === "leave" && one.disconnect),
  );
  const foreign = [...TRANSPORTS, "pcie", "apple-nvme", ""].filter((transport) =>
    planWith({ config, view, foreign: [{ device: "nvme0", transport, madeFor: "nqn.x" }] }).some(
      ({ op }) => op === "disconnect-foreign",
    ),
  );
  return { ours: own, foreign };
}

describe("the transports over which stac disconnects", () => {
  test.each<[scope: DisconnectScope, trtypes: string, ours: readonly string[], foreign: readonly string[]]>([
    ["only-stas-connections", "tcp", TRANSPORTS, []],
    ["only-stas-connections", "tcp+rdma+fc", TRANSPORTS, []],
    ["no-disconnect", "tcp", [], []],
    ["no-disconnect", "tcp+rdma+fc", [], []],
    [ALL, "tcp", ["tcp"], ["tcp"]],
    [ALL, "rdma", ["rdma"], ["rdma"]],
    [ALL, "fc", ["fc"], ["fc"]],
    [ALL, "tcp+rdma", ["tcp", "rdma"], ["tcp", "rdma"]],
    [ALL, "tcp+fc", ["tcp", "fc"], ["tcp", "fc"]],
    [ALL, "rdma+fc", ["rdma", "fc"], ["rdma", "fc"]],
    [ALL, "tcp+rdma+fc", ["tcp", "rdma", "fc"], ["tcp", "rdma", "fc"]],
  ])("%s, %s", (scope, trtypes, own, foreign) => {
    expect(taken(configFor(scope, trtypes))).toEqual({ ours: own, foreign });
  });
});

test.each<[what: string, input: Partial<StacPlanInput>]>([
  ["staf does not answer", { view: { kind: "unknown", because: "staf left the bus" } }],
  ["stacd.conf could not be read", { configKnown: false }],
  ["a page is not known", { view: { kind: "known", dcs: [{ tid: ours("tcp").tid, entries: undefined }], open: [] } }],
  ["mDNS discovery has not had its time", { view: { kind: "known", dcs: [], open: [MDNS] } }],
])("no foreign connection is disconnected while %s", (_what, input) => {
  const foreign = [{ device: "nvme0", transport: "tcp", madeFor: "nqn.x" }];
  expect(planWith({ config: configFor(ALL, "tcp"), foreign, ...input })).toEqual([]);
});

test.each<DisconnectScope>(["only-stas-connections", ALL, "no-disconnect"])(
  "%s never disconnects what the host booted over",
  (scope) => {
    const plan = planWith({ config: configFor(scope, "tcp"), present: [ours("tcp", true)] });
    expect(plan).toMatchObject([{ op: "leave", id: "c1", disconnect: false }]);
  },
);

test("the scope applies to an excluded controller, as to one that no page lists", () => {
  const exclude = "[Controllers]\nexclude=transport=rdma\n";
  const present = [ours("rdma")];
  for (const [scope, disconnect] of [
    ["only-stas-connections", true],
    [ALL, false],
    ["no-disconnect", false],
  ] as const) {
    const [operation] = planWith({ config: configFor(scope, "tcp", exclude), present });
    expect(operation).toMatchObject({ op: "leave", disconnect, why: expect.stringContaining("excluded by") as string });
  }
});

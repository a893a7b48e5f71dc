/**
 * A site: an address plan with a few discovery controllers and subsystems in it, and the ways by which the configuration
 * leads to each discovery controller. Everything in a generated world comes from one site, so that its parts fit together.
 */
import type {
  DiscoveryControllerSpec,
  EntrySpec,
  FabricId,
  InterfaceSpec,
  NameAnswer,
  ResponderSpec,
  SubsystemSpec,
} from "../../adapters/sim/spec.js";
import { Milliseconds } from "../../core/domain/units.js";
import type { Arbitrary, FastCheck } from "../vocabulary/part.js";

/** Host interfaces, each in a subnet of its own. */
const SUBNETS = ["192.168.1", "192.168.2"] as const;

const INTERFACES: readonly InterfaceSpec[] = SUBNETS.map((subnet, index) => ({
  name: `eth${String(index)}`,
  mac: `02:00:00:00:00:0${String(index + 1)}`,
  addresses: [`${subnet}.10/24`],
}));

/** Volumes, each with two ways to it. A way is a subsystem of the scenario: its pages can list it alone. */
const VOLUMES = ["vol1", "vol2"] as const;

export type WayId = `${(typeof VOLUMES)[number]}${"a" | "b" | "c"}`;

/** The ways to one volume. */
export const WAYS: readonly (readonly WayId[])[] = VOLUMES.map((volume) => [`${volume}a`, `${volume}b`, `${volume}c`]);

export const WAY_IDS: readonly WayId[] = WAYS.flat();

export const DC_IDS = ["dc1", "dc2", "dc3"] as const;

export type DcId = (typeof DC_IDS)[number];

/** How the configuration leads to a discovery controller. `referral`: another discovery controller refers to it. */
export const LEADS = ["address", "interface", "name", "service", "referral", "none"] as const;

export type Lead = (typeof LEADS)[number];

/** One lead for each discovery controller, in the order of `DC_IDS`. */
export type Leads = readonly [Lead, Lead, Lead];

/** Who else is at work on the host, and how it is set up. */
export interface Site {
  readonly leads: Leads;
  /** What each discovery controller lists besides referrals, in the order of `DC_IDS`. */
  readonly listed: readonly (readonly WayId[])[];
  /** Which discovery controller refers to those that only a referral leads to. */
  readonly referrer: DcId;
  readonly scope: "only-stas-connections" | "all-connections-matching-disconnect-trtypes";
  /** How late the name server answers. */
  readonly nameAfter: Milliseconds;
}

function subnetOf(index: number): string {
  return SUBNETS[index % SUBNETS.length] ?? SUBNETS[0];
}

function ifaceOf(index: number): string {
  return `eth${String(index % SUBNETS.length)}`;
}

function indexOf(dc: DcId): number {
  return DC_IDS.indexOf(dc);
}

/** The address of a discovery controller. */
export function dcAddress(dc: DcId): string {
  return `${subnetOf(indexOf(dc))}.${String(20 + indexOf(dc))}`;
}

/** The host name that stands for a discovery controller. */
export function dcName(dc: DcId): string {
  return `${dc}.example`;
}

/** The name server's right answer for a discovery controller. */
export function nameAnswer(dc: DcId, after: Milliseconds): NameAnswer {
  return { kind: "addresses", addresses: [dcAddress(dc)], rotate: false, after };
}

/** The service that announces a discovery controller. */
export function responderOf(dc: DcId, announced: boolean): ResponderSpec {
  return {
    id: `service-${dc}`,
    hosts: 1,
    additional: true,
    hostIface: ifaceOf(indexOf(dc)),
    instance: dc,
    type: "_nvme-disc._tcp",
    hostName: `${dc}.local`,
    addresses: [dcAddress(dc)],
    port: 8009,
    txt: ["p=tcp"],
    ttl: Milliseconds(120_000),
    announced,
  };
}

/** Entries for these ways. */
export function entriesFor(ways: readonly FabricId[]): readonly EntrySpec[] {
  return ways.map((id) => ({ kind: "subsystem", id, ncc: false }));
}

/** What a discovery controller lists. The referrer also refers to those that only a referral leads to. */
export function pageOf({ leads, referrer }: Site, dc: DcId, ways: readonly WayId[]): readonly EntrySpec[] {
  const referred = DC_IDS.filter((other, index) => dc === referrer && other !== dc && leads[index] === "referral");
  return [...entriesFor(ways), ...referred.map((id) => ({ kind: "referral", id }) as const)];
}

function lineFor(dc: DcId, lead: Lead): string {
  const rest = "trsvcid=8009\n";
  switch (lead) {
    case "address":
      return `controller = transport=tcp;traddr=${dcAddress(dc)};${rest}`;
    case "interface":
      return `controller = transport=tcp;traddr=${dcAddress(dc)};host-iface=${ifaceOf(indexOf(dc))};${rest}`;
    case "name":
      return `controller = transport=tcp;traddr=${dcName(dc)};${rest}`;
    case "service":
    case "referral":
    case "none":
      return "";
  }
}

/** stafd.conf with these leads. */
export function stafdConf(leads: Leads): string {
  const lines = DC_IDS.map((dc, index) => lineFor(dc, leads[index] ?? "none")).join("");
  const zeroconf = leads.includes("service") ? "enabled" : "disabled";
  return `[Service Discovery]\nzeroconf = ${zeroconf}\n[Controllers]\n${lines}`;
}

/** stacd.conf of a site. */
export function stacdConf({ scope }: Site): string {
  return `[I/O controller connection management]\ndisconnect-scope = ${scope}\n`;
}

/** Any leads that lead to at least one discovery controller without a referral. */
export function arbitraryLeads(fc: FastCheck): Arbitrary<Leads> {
  const first = fc.constantFrom<Lead>("address", "name", "service", "interface");
  return fc.tuple(first, fc.constantFrom(...LEADS), fc.constantFrom(...LEADS));
}

/** Any site. */
export function arbitrarySite(fc: FastCheck): Arbitrary<Site> {
  return fc.record({
    leads: arbitraryLeads(fc),
    listed: fc.tuple(...DC_IDS.map(() => fc.subarray([...WAY_IDS], { maxLength: 3 }))),
    referrer: fc.constantFrom(...DC_IDS),
    scope: fc.constantFrom("only-stas-connections", "all-connections-matching-disconnect-trtypes"),
    nameAfter: fc.constantFrom(1, 300, 5000).map(Milliseconds),
  });
}

/** The interfaces, storage and names of a site, as parts of a world. */
export function partsOf(site: Site) {
  return {
    interfaces: INTERFACES,
    names: Object.fromEntries(DC_IDS.map((dc) => [dcName(dc), nameAnswer(dc, site.nameAfter)])),
    responders: DC_IDS.filter((_, index) => site.leads[index] === "service").map((dc) => responderOf(dc, true)),
    discoveryControllers: DC_IDS.map((id, index): DiscoveryControllerSpec => {
      const entries = pageOf(site, id, site.listed[index] ?? []);
      const listen = [{ transport: "tcp", traddr: dcAddress(id), trsvcid: "8009", state: "up" }] as const;
      return { id, kind: "plain", listen, entries, answers: [], pleo: false, extdlpes: false, padding: "nul" };
    }),
    subsystems: WAY_IDS.map((id, index): SubsystemSpec => {
      const traddr = `${subnetOf(index)}.${String(30 + index)}`;
      const nqn = `nqn.2024-01.io.example:${id.slice(0, -1)}`;
      return { id, nqn, listen: [{ transport: "tcp", traddr, trsvcid: "4420", state: "up" }], namespaces: 1 };
    }),
  };
}

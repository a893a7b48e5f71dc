/** Log pages and Identify data of the simulated fabric, as bytes. */
import { DISCOVERY_LSP, LID } from "../../../core/codec/admin.js";
import { encodeDiscoveryEntry, encodeDiscoveryHeader } from "../../../core/codec/discovery-log.js";
import { encodeIdentify } from "../../../core/codec/identify.js";
import { encodeSupportedLogPages } from "../../../core/codec/supported-log-pages.js";
import { DISCOVERY_RECORD_BYTES, EFLAG_NCC } from "../../../core/domain/discovery-log.js";
import type { DiscoveryLogEntry } from "../../../core/domain/discovery-log.js";
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../core/domain/transport-id.js";
import { parseNetAddress } from "../net/address.js";
import type { Listener } from "../net/paths.js";
import type { EntrySpec, FabricId, RawEntryFields } from "../spec.js";
import { extendSpec, joined, type EntryList } from "./entry-list.js";
import { admits, sendsAens } from "./peers.js";
import type { DiscoveryPeer, Peer } from "./peers.js";

/** What a page depends on, apart from its discovery controller. */
export interface PageView {
  /** The listener through which the host reads it. */
  readonly listener: Listener;
  readonly hostNqn: string;
  /** Log Specific Field of the command. */
  readonly lsp: number;
}

/** Any controller of the subsystem, as on the kernel's target (6.12-cloud.s1.log). */
const CNTLID_ANY = 0xffff;
const ASQSZ = 32;
/** Secure channel not specified, SQ flow control disable supported (6.12-cloud.s1.log). A referral has 0. */
const TREQ = 4;
const ADRFAM = { none: 0, ipv4: 1, ipv6: 2, fc: 4, loop: 254 } as const;

function adrfamOf(listener: Pick<Listener, "transport" | "traddr">): number {
  if (listener.transport === "fc") return ADRFAM.fc;
  if (listener.transport === "loop") return ADRFAM.loop;
  const address = parseNetAddress(listener.traddr);
  return address === undefined ? ADRFAM.none : listener.traddr.includes(":") ? ADRFAM.ipv6 : ADRFAM.ipv4;
}

interface EntryKind {
  readonly subtype: DiscoveryLogEntry["subtype"];
  readonly subnqn: string;
  readonly treq: number;
  readonly eflags: number;
}

function entryFor(listener: Listener, kind: EntryKind): DiscoveryLogEntry {
  return {
    trtype: listener.transport,
    adrfam: adrfamOf(listener),
    portid: listener.index + 1,
    cntlid: CNTLID_ANY,
    asqsz: ASQSZ,
    trsvcid: listener.trsvcid,
    traddr: listener.traddr,
    tsas: "",
    ...kind,
  };
}

function rawEntry(fields: RawEntryFields): DiscoveryLogEntry {
  const traddr = fields.traddr ?? "";
  return {
    trtype: fields.trtype ?? "tcp",
    adrfam: fields.adrfam ?? adrfamOf({ transport: "tcp", traddr }),
    subtype: fields.subtype ?? "nvme",
    treq: fields.treq ?? TREQ,
    portid: fields.portid ?? 1,
    cntlid: fields.cntlid ?? CNTLID_ANY,
    asqsz: fields.asqsz ?? ASQSZ,
    eflags: fields.eflags ?? 0,
    trsvcid: fields.trsvcid ?? "4420",
    subnqn: fields.subnqn ?? "nqn.2014-08.org.nvmexpress:uuid:00000000-0000-4000-8000-000000000000",
    traddr,
    tsas: "",
  };
}

/** The entries of one entry spec. A subsystem without `listen` has one entry per address where it listens. */
function entriesOf(
  spec: EntrySpec,
  view: Pick<PageView, "hostNqn">,
  peers: ReadonlyMap<FabricId, Peer>,
): DiscoveryLogEntry[] {
  if (spec.kind === "raw") return [rawEntry(spec.fields)];
  const peer = peers.get(spec.id);
  if (peer === undefined) return [];
  if (peer.role === "discovery" || spec.kind === "referral") {
    const first = peer.listeners[0];
    const kind: EntryKind = { subtype: "referral", subnqn: WELL_KNOWN_DISCOVERY_NQN, treq: 0, eflags: 0 };
    return first === undefined ? [] : [entryFor(first, { ...kind, subnqn: peer.nqn })];
  }
  if (!admits(peer, view.hostNqn)) return [];
  const eflags = spec.ncc ? EFLAG_NCC : 0;
  return peer.listeners
    .filter(({ index }) => spec.listen === undefined || spec.listen === index)
    .map((listener) => entryFor(listener, { subtype: "nvme", subnqn: peer.nqn, treq: TREQ, eflags }));
}

/** Whether an entry is port local: on the address through which the host reads the page (TP8010). */
function isLocal(entry: DiscoveryLogEntry, listener: Listener): boolean {
  return entry.subtype !== "nvme" || entry.traddr === listener.traddr;
}

/** What a page lists to one reader, besides the discovery controller itself. `local`: only port-local entries. */
export function listed(
  dc: DiscoveryPeer,
  view: Pick<PageView, "listener" | "hostNqn">,
  peers: ReadonlyMap<FabricId, Peer>,
  local: boolean,
): readonly { readonly entry: DiscoveryLogEntry; readonly spec: EntrySpec }[] {
  return dc.entries
    .flatMap((spec) => entriesOf(spec, view, peers).map((entry) => ({ entry, spec })))
    .filter(({ entry }) => !local || isLocal(entry, view.listener));
}

/** All entries after the header, for one reader. Built once per state of the page. */
function entryList(dc: DiscoveryPeer, view: PageView, peers: ReadonlyMap<FabricId, Peer>): EntryList {
  const pleo = dc.spec.pleo && (view.lsp & DISCOVERY_LSP.pleo) !== 0;
  const extended = dc.spec.extdlpes && (view.lsp & DISCOVERY_LSP.extdlpe) !== 0;
  const format = extended ? "extended" : "basic";
  const key = `${String(view.listener.index)} ${pleo ? "local" : "all"} ${format} ${view.hostNqn}`;
  const known = dc.pages.get(key);
  if (known !== undefined) return known;
  const self = entryFor(view.listener, { subtype: "current-discovery", subnqn: dc.nqn, treq: TREQ, eflags: 0 });
  const chosen = [{ entry: self, spec: undefined }, ...listed(dc, view, peers, pleo)];
  const bodies = chosen.map(({ entry, spec }) => {
    const basic = encodeDiscoveryEntry(entry, dc.spec.padding);
    return extended ? extendSpec(basic, spec) : basic;
  });
  const made: EntryList = { bytes: joined(bodies), count: bodies.length, extended };
  dc.pages.set(key, made);
  return made;
}

/** A slice of a page as a controller returns it: zeros beyond the end. */
export function slicePage(page: Uint8Array, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  if (offset < page.length) bytes.set(page.subarray(offset, Math.min(page.length, offset + length)));
  return bytes;
}

/** `length` bytes at `offset` of the discovery log page. `numrec` may lie. */
export function discoveryPage(
  dc: DiscoveryPeer,
  view: PageView,
  peers: ReadonlyMap<FabricId, Peer>,
  slice: { readonly offset: number; readonly length: number; readonly numrec: number | undefined },
): Uint8Array {
  const { bytes: entries, count, extended } = entryList(dc, view, peers);
  const bytes = new Uint8Array(slice.length);
  if (slice.offset < DISCOVERY_RECORD_BYTES) {
    const numrec = slice.numrec ?? count;
    const totalBytes = saysWhatItSupports(dc) ? DISCOVERY_RECORD_BYTES + entries.length : 0;
    const header = encodeDiscoveryHeader({ genctr: String(dc.genctr), numrec, recfmt: 0, extended, totalBytes });
    if (slice.offset === 0 && slice.length === header.length) return header;
    bytes.set(header.subarray(slice.offset, slice.offset + slice.length));
  }
  const from = Math.max(0, slice.offset - DISCOVERY_RECORD_BYTES);
  const to = Math.min(entries.length, slice.offset + slice.length - DISCOVERY_RECORD_BYTES);
  if (to > from) bytes.set(entries.subarray(from, to), Math.max(0, DISCOVERY_RECORD_BYTES - slice.offset));
  return bytes;
}

/** How many entries of a spec a reader would see. */
export function visibleEntries(
  dc: DiscoveryPeer,
  spec: EntrySpec,
  hostNqn: string,
  peers: ReadonlyMap<FabricId, Peer>,
): number {
  return dc.listeners.length === 0 ? 0 : entriesOf(spec, { hostNqn }, peers).length;
}

/** Whether a controller reports its supported log pages. One that does not predates TP8010. */
function saysWhatItSupports({ spec }: DiscoveryPeer): boolean {
  return spec.pleo || spec.extdlpes;
}

/** The page of LID 0x00. `undefined` if the controller has none, like the kernel's target (6.12-cloud.s8-handles.log). */
export function supportedLogPages(dc: DiscoveryPeer): Uint8Array | undefined {
  if (!saysWhatItSupports(dc)) return undefined;
  return encodeSupportedLogPages({
    lids: [LID.supportedLogPages, LID.discovery],
    extdlpes: dc.spec.extdlpes,
    pleos: dc.spec.pleo,
    allsubes: false,
  });
}

/** Discovery log page change notices (6.12-cloud.s1.log). */
const OAES_DISCOVERY = 0x8000_0000;
/** Namespace attribute and ANA changes (6.12-cloud.s1.log). */
const OAES_IO = 0x900;
const CNTRLTYPE = { io: 1, discovery: 2 } as const;
const DCTYPE = { plain: 0, ddc: 1, cdc: 2 } as const;
/** The model of the kernel's target, without padding (6.12-cloud.s1.log). */
export const MODEL = "Linux";

/** The Identify Controller page. */
export function identifyPage(peer: Peer, cntlid: number, firmware: string): Uint8Array {
  const discovery = peer.role === "discovery";
  return encodeIdentify({
    cntlid,
    serial: peer.serial,
    model: MODEL,
    firmware,
    oaes: sendsAens(peer) ? OAES_DISCOVERY : discovery ? 0 : OAES_IO,
    cntrltype: discovery ? CNTRLTYPE.discovery : CNTRLTYPE.io,
    dctype: peer.role === "discovery" ? DCTYPE[peer.spec.kind] : 0,
    subnqn: peer.nqn,
  });
}

/** The pages that hosts read: Identify Controller, the supported log pages, the discovery log page (NVMe Base 2.1, 5.1). */
import { DISCOVERY_LSP, LID } from "../../../src/core/codec/admin.js";
import { encodeDiscoveryHeader } from "../../../src/core/codec/discovery-log.js";
import { encodeIdentify } from "../../../src/core/codec/identify.js";
import { encodeSupportedLogPages } from "../../../src/core/codec/supported-log-pages.js";
import type { LogRead } from "./command.js";
import type { Model } from "./model.js";
import type { Kind } from "./schema.js";

/** VS: NVMe 2.0. */
export const VERSION = 0x0002_0000;
/** Outstanding Asynchronous Event Requests, AERL + 1. */
export const EVENT_REQUESTS_MAX = 4;
/** The bit for discovery log page changes, in OAES and in the event configuration. */
export const DISCOVERY_CHANGE_BIT = 0x8000_0000;

const SERIAL = "STASCDC";
const MODEL = "stas central discovery";

/** Offsets of Identify fields that src/core does not read. */
const FIELD = { ver: 80, aerl: 259, lpa: 261, kas: 320, maxcmd: 514, sgls: 536 } as const;
/** LPA: 32-bit offsets and lengths, and the supported log pages. */
const LPA = { extended: 1 << 2, supportedPages: 1 << 5 } as const;
/** The keep alive granularity: 100 ms. */
const KAS = 1;
const MAXCMD = 128;
/** SGLs are supported, with an offset in the capsule. */
const SGLS = 1 | (1 << 20);

/** DLPF, with one bit for each LSP bit (NVMe Base 2.1, 5.1.12.3.1). */
const DLPF_OFFSET = 18;
const TDLPL_OFFSET = 20;

function dctypeOf(kind: Kind): number {
  return kind === "none" ? 0 : kind === "ddc" ? 1 : kind === "cdc" ? 2 : kind;
}

/** Identify Controller, 4096 bytes. */
export function identifyPage(model: Model, cntlid: number): Uint8Array {
  const { kind, cntrltype, nqn, features } = model.identity;
  const bytes = encodeIdentify({
    cntlid,
    serial: SERIAL,
    model: MODEL,
    firmware: "1",
    oaes: DISCOVERY_CHANGE_BIT,
    cntrltype,
    dctype: dctypeOf(kind),
    subnqn: nqn,
  });
  const view = new DataView(bytes.buffer);
  view.setUint32(FIELD.ver, VERSION, true);
  view.setUint8(FIELD.aerl, EVENT_REQUESTS_MAX - 1);
  view.setUint8(FIELD.lpa, LPA.extended | (features === undefined ? 0 : LPA.supportedPages));
  view.setUint16(FIELD.kas, KAS, true);
  view.setUint16(FIELD.maxcmd, MAXCMD, true);
  view.setUint32(FIELD.sgls, SGLS, true);
  return bytes;
}

/** The host that reads, and the port. */
interface Reader {
  readonly hostnqn: string;
  readonly portid: number;
}

/** The requested part of a log page, padded with zeros. Undefined if the page is not supported. */
export function readLogPage(model: Model, read: LogRead, reader: Reader): Uint8Array | undefined {
  const page = pageOf(model, read, reader);
  if (page === undefined) return undefined;
  const part = new Uint8Array(read.length);
  if (read.offset < BigInt(page.length)) {
    const start = Number(read.offset);
    part.set(page.subarray(start, start + read.length));
  }
  return part;
}

function pageOf(model: Model, read: LogRead, reader: Reader): Uint8Array | undefined {
  switch (read.lid) {
    case LID.supportedLogPages:
      return supportedLogPages(model);
    case LID.discovery:
      return discoveryLogPage(model, read.lsp, reader);
    default:
      return undefined;
  }
}

function supportedLogPages(model: Model): Uint8Array | undefined {
  const { features } = model.identity;
  if (features === undefined) return undefined;
  return encodeSupportedLogPages({
    lids: [LID.supportedLogPages, LID.discovery],
    extdlpes: features.includes("extdlpes"),
    pleos: features.includes("pleos"),
    allsubes: features.includes("allsubes"),
  });
}

/** The whole discovery log page as that host reads it. Ignores LSP bits that this controller does not support. */
export function discoveryLogPage(model: Model, lsp: number, { hostnqn, portid }: Reader): Uint8Array {
  const features = model.identity.features ?? [];
  const extended = features.includes("extdlpes") && (lsp & DISCOVERY_LSP.extdlpe) !== 0;
  const portLocal = features.includes("pleos") && (lsp & DISCOVERY_LSP.pleo) !== 0;
  const all = features.includes("allsubes") && (lsp & DISCOVERY_LSP.allsube) !== 0;
  const entries = model.visibleTo(hostnqn, { ...(portLocal ? { portid } : {}), hosts: all ? "all" : "own" });
  const bodies = entries.map((entry) => (extended ? entry.extended() : entry.basic));
  const { numrec, recfmt, tdlpl } = model.header;
  const header = Buffer.from(encodeDiscoveryHeader({ genctr: String(model.genctr), numrec: 0, recfmt: recfmt ?? 0 }));
  header.writeBigUInt64LE(numrec ?? BigInt(entries.length), 8);
  header.writeUInt8(
    (extended ? DISCOVERY_LSP.extdlpe : 0) | (portLocal ? DISCOVERY_LSP.pleo : 0) | (all ? DISCOVERY_LSP.allsube : 0),
    DLPF_OFFSET,
  );
  const length = bodies.reduce((sum, body) => sum + body.length, header.length);
  // A controller without a supported log pages page predates the TDLPL field.
  header.writeUInt32LE(tdlpl ?? (model.identity.features === undefined ? 0 : length), TDLPL_OFFSET);
  return Buffer.concat([header, ...bodies], length);
}

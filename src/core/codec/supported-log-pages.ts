/** Supported Log Pages, LID 0x00 (NVMe Base 2.0, 5.16.1.1): one dword for each of 256 log page identifiers. */
import { LID } from "./admin.js";
import { DecodeError, EncodeError } from "./error.js";

/** Length of the page, in bytes. */
export const SUPPORTED_LOG_PAGES_BYTES = 1024;

const LIDS = 256;
const DWORD_BYTES = 4;

/** LSUPP: the controller supports this page. */
const SUPPORTED_BIT = 1;

/** The LID-specific half of the discovery page's dword (TP8010; libnvme's `enum nvmf_log_discovery_lid_support`). */
const EXTDLPES = 1 << 16;
const PLEOS = 1 << 17;
const ALLSUBES = 1 << 18;

export interface SupportedLogPages {
  /** The supported identifiers, ascending. */
  readonly lids: readonly number[];
  /** The host can request extended entries. */
  readonly extdlpes: boolean;
  /** The host can request port-local entries only. */
  readonly pleos: boolean;
  /** The host can request all NVM subsystem entries. */
  readonly allsubes: boolean;
}

/** Decodes the page. Throws DecodeError unless it is `SUPPORTED_LOG_PAGES_BYTES` long. */
export function decodeSupportedLogPages(bytes: Uint8Array): SupportedLogPages {
  if (bytes.length !== SUPPORTED_LOG_PAGES_BYTES)
    throw new DecodeError("supported log pages", "it is not 1024 bytes long");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lids: number[] = [];
  for (let lid = 0; lid < LIDS; lid++) {
    if ((view.getUint32(lid * DWORD_BYTES, true) & SUPPORTED_BIT) !== 0) lids.push(lid);
  }
  const discovery = view.getUint32(LID.discovery * DWORD_BYTES, true);
  return {
    lids,
    extdlpes: (discovery & EXTDLPES) !== 0,
    pleos: (discovery & PLEOS) !== 0,
    allsubes: (discovery & ALLSUBES) !== 0,
  };
}

/** Encodes the page. Throws EncodeError for an identifier that is not one byte. */
export function encodeSupportedLogPages(pages: SupportedLogPages): Uint8Array {
  const bytes = new Uint8Array(SUPPORTED_LOG_PAGES_BYTES);
  const view = new DataView(bytes.buffer);
  for (const lid of pages.lids) {
    if (!Number.isInteger(lid) || lid < 0 || lid >= LIDS)
      throw new EncodeError("supported log pages", "a lid is not one byte");
    view.setUint32(lid * DWORD_BYTES, SUPPORTED_BIT, true);
  }
  const at = LID.discovery * DWORD_BYTES;
  const flags = (pages.extdlpes ? EXTDLPES : 0) | (pages.pleos ? PLEOS : 0) | (pages.allsubes ? ALLSUBES : 0);
  view.setUint32(at, view.getUint32(at, true) | flags, true);
  return bytes;
}

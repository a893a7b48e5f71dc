import { describe, expect, it } from "vitest";
import { decodeGetLogPage, DISCOVERY_LSP, getLogPage, identifyController, LID } from "../../../src/core/codec/admin.js";
import {
  decodeDiscoveryEntries,
  decodeDiscoveryEntry,
  decodeDiscoveryHeader,
  DISCOVERY_HEADER_BYTES_MIN,
  DISCOVERY_RECORDS_MAX,
  encodeDiscoveryEntry,
  encodeDiscoveryHeader,
} from "../../../src/core/codec/discovery-log.js";
import { DecodeError, EncodeError } from "../../../src/core/codec/error.js";
import {
  controllerType,
  decodeIdentify,
  discoveryControllerType,
  encodeIdentify,
} from "../../../src/core/codec/identify.js";
import { decodeSupportedLogPages, encodeSupportedLogPages } from "../../../src/core/codec/supported-log-pages.js";
import type { DiscoveryLogEntry } from "../../../src/core/domain/discovery-log.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import { recordedDiscoveryPages, recordedEntries, recordedIdentifies } from "./fixtures.js";
import type { RecordedEntry } from "./fixtures.js";

const timeout = Milliseconds(5000);

const SUBTYPES = ["reserved", "referral", "nvme", "current-discovery"] as const;

function expected(entry: RecordedEntry): DiscoveryLogEntry {
  const subtype = SUBTYPES[entry.subtype];
  if (entry.trtype !== 3 || subtype === undefined || subtype === "reserved") throw new Error("an odd recording");
  return { ...entry, trtype: "tcp", subtype };
}

const ENTRY: DiscoveryLogEntry = {
  trtype: "tcp",
  adrfam: 1,
  subtype: "nvme",
  treq: 4,
  portid: 1,
  cntlid: 0xffff,
  asqsz: 32,
  eflags: 0,
  trsvcid: "4420",
  subnqn: "nqn.2024-01.io.lab:subsys-a",
  traddr: "192.168.1.30",
  tsas: "",
};

describe("recorded discovery log pages", () => {
  const pages = recordedDiscoveryPages();

  it("decode to the recorded fields", () => {
    expect(pages.length).toBe(4);
    for (const { bytes, genctr, numrec, recfmt, entries } of pages) {
      expect(decodeDiscoveryHeader(bytes)).toEqual({ genctr, numrec, recfmt, extended: false, totalBytes: 0 });
      expect(entries.length).toBe(numrec);
      expect(decodeDiscoveryEntries(bytes.subarray(1024))).toEqual(entries.map(expected));
    }
  });

  it("encode back byte for byte", () => {
    for (const { bytes } of pages) {
      const header = decodeDiscoveryHeader(bytes.subarray(0, DISCOVERY_HEADER_BYTES_MIN));
      expect(encodeDiscoveryHeader(header)).toEqual(bytes.subarray(0, 1024));
      decodeDiscoveryEntries(bytes.subarray(1024)).forEach((entry, at) => {
        expect(encodeDiscoveryEntry(entry, "nul")).toEqual(bytes.subarray(1024 * (1 + at), 1024 * (2 + at)));
      });
    }
  });

  it("have entries that survive either padding", () => {
    const entries = recordedEntries();
    expect(entries.length).toBeGreaterThan(30);
    expect(entries.some(({ subtype }) => subtype === 1)).toBe(true);
    for (const entry of entries) {
      for (const padding of ["nul", "space"] as const) {
        expect(decodeDiscoveryEntry(encodeDiscoveryEntry(expected(entry), padding), 0)).toEqual(expected(entry));
      }
    }
  });
});

describe("a discovery log page", () => {
  it.each([0, 1, 8, 16, DISCOVERY_HEADER_BYTES_MIN - 1])("has no header in %i bytes", (length) => {
    expect(() => decodeDiscoveryHeader(new Uint8Array(length))).toThrow(DecodeError);
  });

  it.each([DISCOVERY_RECORDS_MAX + 1, 2 ** 32, Number.MAX_SAFE_INTEGER])("may not claim %i records", (numrec) => {
    const bytes = encodeDiscoveryHeader({ genctr: "1", numrec, recfmt: 0 });
    expect(() => decodeDiscoveryHeader(bytes)).toThrow(DecodeError);
  });

  it("may claim as many as the bound", () => {
    const header = {
      genctr: "18446744073709551615",
      numrec: DISCOVERY_RECORDS_MAX,
      recfmt: 0xffff,
      extended: true,
      totalBytes: 2 ** 32 - 1,
    };
    expect(decodeDiscoveryHeader(encodeDiscoveryHeader(header))).toEqual(header);
  });

  it.each([1, 1023, 1025, 2047])("has no entries in %i bytes", (length) => {
    expect(() => decodeDiscoveryEntries(new Uint8Array(length))).toThrow(
      new DecodeError("discovery log", "the length of its entries is not a multiple of 1024 bytes"),
    );
  });

  it.each([-1, 1, 1024, 0.5, NaN])("has no entry at %d", (offset) => {
    expect(() => decodeDiscoveryEntry(new Uint8Array(1024), offset)).toThrow(DecodeError);
  });

  it("is read at any offset in a larger buffer", () => {
    const bytes = new Uint8Array(3000);
    bytes.set(encodeDiscoveryEntry(ENTRY, "nul"), 7);
    expect(decodeDiscoveryEntry(bytes.subarray(5), 2)).toEqual(ENTRY);
  });

  it("keeps the numbers of unknown transports and subtypes", () => {
    for (const trtype of [0, 4, 255]) {
      const entry = { ...ENTRY, trtype, subtype: 9 };
      expect(decodeDiscoveryEntry(encodeDiscoveryEntry(entry, "nul"), 0)).toEqual(entry);
    }
    expect(decodeDiscoveryEntry(encodeDiscoveryEntry({ ...ENTRY, trtype: 254 }, "nul"), 0).trtype).toBe("loop");
  });

  it("strips the padding of other vendors", () => {
    const bytes = encodeDiscoveryEntry({ ...ENTRY, trsvcid: "" }, "nul");
    bytes.set([0x20, 0x38, 0x30, 0x30, 0x39, 0x20, 0x20, 0, 0x58, 0x59], 32);
    expect(decodeDiscoveryEntry(bytes, 0).trsvcid).toBe("8009");
    bytes.fill(0x20, 32, 64);
    expect(decodeDiscoveryEntry(bytes, 0).trsvcid).toBe("");
  });

  it("may fill a field to its last byte", () => {
    const entry = { ...ENTRY, trsvcid: "9".repeat(32), tsas: "ff".repeat(256) };
    expect(decodeDiscoveryEntry(encodeDiscoveryEntry(entry, "nul"), 0)).toEqual(entry);
  });

  it.each([
    { ...ENTRY, trsvcid: "9".repeat(33) },
    { ...ENTRY, subnqn: "\u00e9".repeat(129) },
    { ...ENTRY, portid: 0x10000 },
    { ...ENTRY, eflags: -1 },
    { ...ENTRY, trtype: 256 },
    { ...ENTRY, tsas: "00".repeat(257) },
  ])("refuses a value that does not fit (%#)", (entry) => {
    expect(() => encodeDiscoveryEntry(entry, "nul")).toThrow(EncodeError);
  });
});

describe("Get Log Page", () => {
  it("requests the discovery log as the specification lays it out", () => {
    const command = getLogPage({
      lid: LID.discovery,
      lsp: DISCOVERY_LSP.pleo,
      rae: "retain",
      offset: 1024,
      length: 4096,
      timeout,
    });
    expect(command).toEqual({
      opcode: 0x02,
      nsid: 0,
      cdw10: 0x03ff8270,
      cdw11: 0,
      cdw12: 1024,
      cdw13: 0,
      cdw14: 0,
      cdw15: 0,
      data: { direction: "from-controller", length: 4096 },
      timeout: 5000,
    });
  });

  it("clears the event if the bit is not set", () => {
    expect(getLogPage({ lid: 0x70, lsp: 0, rae: "clear", offset: 0, length: 20, timeout }).cdw10).toBe(0x00040070);
  });

  it("splits lengths and offsets beyond their lower words", () => {
    const request = { lid: 0, lsp: 0x7f, rae: "clear", offset: 2 ** 53 - 4, length: 2 ** 20 } as const;
    const command = getLogPage({ ...request, timeout });
    expect([command.cdw10 >>> 16, command.cdw11]).toEqual([0xffff, 3]);
    expect([command.cdw12, command.cdw13]).toEqual([0xfffffffc, 0x1fffff]);
    expect(decodeGetLogPage(command)).toEqual(request);
  });

  it.each([
    { length: 0 },
    { length: 18 },
    { length: -4 },
    { length: 2 ** 32 },
    { offset: 2 },
    { offset: -4 },
    { offset: 2 ** 53 },
    { lid: 256 },
    { lsp: 128 },
    { lsp: 1.5 },
  ])("refuses %j", (part) => {
    const request = { lid: 0x70, lsp: 0, rae: "clear", offset: 0, length: 1024, timeout, ...part } as const;
    expect(() => getLogPage(request)).toThrow(EncodeError);
  });

  it("refuses another command, another length, or an offset beyond 2^53", () => {
    const command = getLogPage({ lid: 0x70, lsp: 0, rae: "clear", offset: 0, length: 1024, timeout });
    expect(() => decodeGetLogPage(identifyController(timeout))).toThrow(DecodeError);
    expect(() => decodeGetLogPage({ ...command, data: { direction: "from-controller", length: 1020 } })).toThrow(
      DecodeError,
    );
    expect(() =>
      decodeGetLogPage({ ...command, data: { direction: "to-controller", bytes: new Uint8Array(1024) } }),
    ).toThrow(DecodeError);
    expect(() => decodeGetLogPage({ ...command, cdw13: 0x200000 })).toThrow(DecodeError);
  });
});

describe("Identify Controller", () => {
  it("is requested with CNS 1", () => {
    expect(identifyController(timeout)).toMatchObject({ opcode: 6, nsid: 0, cdw10: 1, data: { length: 4096 } });
  });

  it("decodes recorded pages to the recorded fields", () => {
    const pages = recordedIdentifies().filter(({ bytes }) => bytes !== undefined);
    expect(pages.length).toBe(4);
    for (const { fields, bytes } of pages) {
      expect(decodeIdentify(bytes ?? new Uint8Array())).toEqual({
        cntlid: fields.cntlid,
        serial: fields.sn.trim(),
        model: fields.mn.trim(),
        firmware: fields.fr.trim(),
        oaes: 0x80000000,
        cntrltype: 2,
        dctype: 0,
        subnqn: "nqn.2014-08.org.nvmexpress.discovery",
      });
    }
  });

  it("writes its fields at the offsets that the kernel's target uses", () => {
    for (const { fields, bytes } of recordedIdentifies()) {
      const { sn, mn, fr, ...rest } = fields;
      const written = encodeIdentify({ ...rest, serial: sn.trim(), model: mn.trim(), firmware: fr.trim() });
      expect(decodeIdentify(written)).toMatchObject({ ...rest, serial: sn.trim() });
      if (bytes !== undefined) {
        expect(written.subarray(4, 72)).toEqual(bytes.subarray(4, 72));
        expect(written.subarray(768, 1024)).toEqual(bytes.subarray(768, 1024));
        for (const at of [78, 79, 92, 93, 94, 95, 111, 1806]) expect(written[at]).toBe(bytes[at]);
      }
    }
  });

  it("holds the type of a discovery controller in byte 1806", () => {
    const bytes = new Uint8Array(4096);
    bytes[1806] = 2;
    bytes[111] = 1;
    expect(decodeIdentify(bytes)).toMatchObject({ dctype: 2, cntrltype: 1 });
    expect(encodeIdentify(decodeIdentify(bytes))[1806]).toBe(2);
  });

  it("is refused at any other length", () => {
    for (const length of [0, 1024, 4095, 4097]) {
      expect(() => decodeIdentify(new Uint8Array(length))).toThrow(DecodeError);
    }
  });

  it("refuses values that do not fit", () => {
    const good = decodeIdentify(new Uint8Array(4096));
    expect(() => encodeIdentify({ ...good, serial: "x".repeat(21) })).toThrow(EncodeError);
    expect(() => encodeIdentify({ ...good, cntlid: 0x10000 })).toThrow(EncodeError);
    expect(() => encodeIdentify({ ...good, oaes: 2 ** 32 })).toThrow(EncodeError);
    expect(() => encodeIdentify({ ...good, dctype: 256 })).toThrow(EncodeError);
  });

  it("names the type of a controller", () => {
    expect([0, 1, 2, 3, 4, 255].map(controllerType)).toEqual([
      "unknown",
      "io",
      "discovery",
      "admin",
      "reserved",
      "reserved",
    ]);
    expect([0, 1, 2, 3].map(discoveryControllerType)).toEqual(["none", "ddc", "cdc", "reserved"]);
  });
});

describe("Supported Log Pages", () => {
  it("holds the discovery page's abilities in the upper half of its dword", () => {
    const bytes = new Uint8Array(1024);
    bytes.set([0x01, 0, 0x02, 0], 0x70 * 4);
    bytes[0] = 1;
    // Flags of other pages do not count.
    bytes.set([0x01, 0, 0x05, 0], 0x02 * 4);
    const pages = { lids: [0, 2, 0x70], extdlpes: false, pleos: true, allsubes: false };
    expect(decodeSupportedLogPages(bytes)).toEqual(pages);
    expect(encodeSupportedLogPages({ ...pages, lids: [0, 0x70] })).toEqual(
      bytes.map((byte, at) => (at >= 8 && at < 12 ? 0 : byte)),
    );
  });

  it("distinguishes the abilities", () => {
    const none = { lids: [0x70], extdlpes: false, pleos: false, allsubes: false };
    const bytes = (abilities: Partial<typeof none>) => encodeSupportedLogPages({ ...none, ...abilities })[0x70 * 4 + 2];
    expect([bytes({ extdlpes: true }), bytes({ pleos: true }), bytes({ allsubes: true })]).toEqual([1, 2, 4]);
  });

  it("is refused at any other length", () => {
    for (const length of [0, 1023, 1025]) {
      expect(() => decodeSupportedLogPages(new Uint8Array(length))).toThrow(DecodeError);
    }
    expect(() => encodeSupportedLogPages({ lids: [256], extdlpes: false, pleos: false, allsubes: false })).toThrow(
      EncodeError,
    );
  });
});

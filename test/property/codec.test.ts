import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeGetLogPage, getLogPage } from "../../src/core/codec/admin.js";
import {
  decodeDiscoveryEntries,
  decodeDiscoveryEntry,
  decodeDiscoveryHeader,
  DISCOVERY_RECORDS_MAX,
  encodeDiscoveryEntry,
  encodeDiscoveryHeader,
} from "../../src/core/codec/discovery-log.js";
import {
  decodeOptionString,
  encodeConnectOptions,
  encodeConnectReply,
  fitsOption,
  parseConnectReply,
} from "../../src/core/codec/fabrics-options.js";
import { decodeIdentify, encodeIdentify } from "../../src/core/codec/identify.js";
import { decodeBase64, encodeBase64, parseJson } from "../../src/core/codec/json.js";
import { decodeSupportedLogPages, encodeSupportedLogPages } from "../../src/core/codec/supported-log-pages.js";
import { formatAddress, parseAddress } from "../../src/core/codec/sysfs.js";
import { decodeLatin1, decodeUtf8, encodeLatin1, encodeUtf8, fromHex, toHex } from "../../src/core/codec/text.js";
import { utf8Length } from "../../src/core/domain/utf8.js";
import { decodeUevent, encodeUevent, isNvmeUevent } from "../../src/core/codec/uevent.js";
import { fitsNqn } from "../../src/core/domain/nqn.js";
import { TRANSPORTS } from "../../src/core/domain/transport-id.js";
import { Milliseconds, Seconds } from "../../src/core/domain/units.js";

const byte = fc.nat(0xff);
const word = fc.nat(0xffff);
const bytes = fc.uint8Array({ maxLength: 600 });
/** Text that a padded field returns unchanged: no NUL, no space at either end. */
const fieldText = (maxBytes: number) =>
  fc
    .string({ unit: "binary", maxLength: maxBytes })
    .filter((text) => utf8Length(text) <= maxBytes && !text.includes("\0") && !/^ | $/.test(text));

/** One byte per character, never a NUL. */
const latin1 = (maxLength: number) =>
  fc.array(fc.integer({ min: 1, max: 0xff }), { maxLength }).map((codes) => String.fromCharCode(...codes));

describe("uevents", () => {
  const key = latin1(12).filter(
    (text) => text !== "" && !text.includes("=") && !/^(ACTION|DEVPATH|SUBSYSTEM|SEQNUM)$/.test(text),
  );
  const uevent = fc.record({
    action: latin1(10),
    devpath: latin1(60),
    subsystem: fc.oneof(fc.constantFrom("nvme", "block", "nvme-subsystem"), latin1(10)),
    seqnum: fc.nat(Number.MAX_SAFE_INTEGER).map((n) => n % 1e15),
    properties: fc.array(fc.tuple(key, latin1(30)), { maxLength: 12 }).map((pairs) => new Map(pairs)),
  });

  it("survive a round trip, in order", () => {
    fc.assert(
      fc.property(uevent, (value) => {
        const decoded = decodeUevent(encodeUevent(value));
        expect(decoded).toEqual(value);
        expect([...decoded.properties.keys()]).toEqual([...value.properties.keys()]);
      }),
    );
  });

  it("are classified by subsystem as by a full decode", () => {
    fc.assert(
      fc.property(uevent, (value) => {
        expect(isNvmeUevent(encodeUevent(value))).toBe(value.subsystem === "nvme");
      }),
    );
  });
});

describe("connect strings", () => {
  const text = fc.string({ maxLength: 20 }).filter(fitsOption);
  const given = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const seconds = fc.nat(100_000).map(Seconds);
  const count = fc.integer({ min: 1, max: 4096 });
  const request = fc.record({
    transportId: fc.record({
      transport: fc.constantFrom(...TRANSPORTS),
      traddr: text,
      trsvcid: fc.oneof(text, fc.constant("")),
      subsysnqn: text,
      hostTraddr: fc.oneof(text, fc.constant("")),
      hostIface: fc.oneof(text, fc.constant("")),
      hostNqn: fc.oneof(text, fc.constant("")),
    }),
    hostNqn: text,
    hostId: text,
    discovery: fc.boolean(),
    options: fc.record({
      hdrDigest: fc.boolean(),
      dataDigest: fc.boolean(),
      kato: given(seconds),
      nrIoQueues: given(count),
      nrWriteQueues: given(count),
      nrPollQueues: given(count),
      queueSize: given(count),
      reconnectDelay: given(seconds),
      ctrlLossTmo: given(fc.integer({ min: -1, max: 100_000 }).map(Seconds)),
      disableSqflow: fc.boolean(),
      dhchapSecret: given(text),
      dhchapCtrlSecret: given(text),
      tls: fc.boolean(),
      keyring: given(count),
      tlsKey: given(count),
    }),
  });

  it("hold exactly what the request holds", () => {
    fc.assert(
      fc.property(request, (value) => {
        const { transportId: id, options } = value;
        const said = decodeOptionString(encodeConnectOptions(value));
        const expected = new Map<string, string | true>();
        const say = (key: string, part: string | number | boolean | undefined): void => {
          if (part === true) expected.set(key, true);
          else if (part !== undefined && part !== false && part !== "") expected.set(key, String(part));
        };
        say("transport", id.transport);
        say("traddr", id.traddr);
        say("trsvcid", id.trsvcid);
        say("nqn", id.subsysnqn);
        say("host_traddr", id.hostTraddr);
        say("host_iface", id.hostIface);
        say("hostnqn", id.hostNqn === "" ? value.hostNqn : id.hostNqn);
        say("hostid", value.hostId);
        say("discovery", value.discovery);
        say("hdr_digest", options.hdrDigest);
        say("data_digest", options.dataDigest);
        say("keep_alive_tmo", options.kato);
        say("nr_io_queues", options.nrIoQueues);
        say("nr_write_queues", options.nrWriteQueues);
        say("nr_poll_queues", options.nrPollQueues);
        say("queue_size", options.queueSize);
        say("reconnect_delay", options.reconnectDelay);
        say("ctrl_loss_tmo", options.ctrlLossTmo);
        say("disable_sqflow", options.disableSqflow);
        say("dhchap_secret", options.dhchapSecret);
        say("dhchap_ctrl_secret", options.dhchapCtrlSecret);
        say("tls", options.tls);
        say("keyring", options.keyring);
        say("tls_key", options.tlsKey);
        expect(said).toEqual(expected);
      }),
    );
  });

  it("get replies that survive a round trip", () => {
    fc.assert(
      fc.property(fc.record({ instance: fc.nat(999_999_999), cntlid: word }), (reply) => {
        expect(parseConnectReply(encodeConnectReply(reply))).toEqual(reply);
      }),
    );
  });
});

describe("log pages", () => {
  const dword = fc.nat(0xfffff).map((n) => n * 4);

  it("are requested by commands that survive a round trip", () => {
    const request = fc.record({
      lid: byte,
      lsp: fc.nat(0x7f),
      rae: fc.constantFrom("retain", "clear"),
      offset: fc.nat(2 ** 51 - 1).map((n) => n * 4),
      length: fc.integer({ min: 1, max: 2 ** 30 - 1 }).map((n) => n * 4),
    });
    fc.assert(
      fc.property(request, (value) => {
        const command = getLogPage({ ...value, timeout: Milliseconds(1) });
        for (const part of [command.cdw10, command.cdw11, command.cdw12, command.cdw13]) {
          expect(part).toBe(part >>> 0);
        }
        expect(decodeGetLogPage(command)).toEqual(value);
      }),
    );
    fc.assert(
      fc.property(dword, (offset) => {
        const command = getLogPage({ lid: 0x70, lsp: 0, rae: "clear", offset, length: 4, timeout: Milliseconds(1) });
        expect([command.cdw12, command.cdw13]).toEqual([offset, 0]);
      }),
    );
  });

  it("have headers that survive a round trip", () => {
    const header = fc.record({
      genctr: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
      numrec: fc.nat(DISCOVERY_RECORDS_MAX),
      recfmt: word,
      extended: fc.boolean(),
      totalBytes: fc.nat(2 ** 32 - 1),
    });
    fc.assert(
      fc.property(header, (value) => {
        expect(decodeDiscoveryHeader(encodeDiscoveryHeader(value))).toEqual(value);
      }),
    );
  });

  it("have entries that survive a round trip with either padding", () => {
    const entry = fc.record({
      trtype: fc.oneof(
        fc.constantFrom(...TRANSPORTS),
        byte.filter((n) => ![1, 2, 3, 254].includes(n)),
      ),
      adrfam: byte,
      subtype: fc.oneof(
        fc.constantFrom("referral", "nvme", "current-discovery"),
        byte.filter((n) => n < 1 || n > 3),
      ),
      treq: byte,
      portid: word,
      cntlid: word,
      asqsz: word,
      eflags: word,
      trsvcid: fieldText(32),
      subnqn: fieldText(256),
      traddr: fieldText(256),
      tsas: fc.oneof(
        fc.constant(""),
        fc
          .tuple(fc.uint8Array({ maxLength: 255 }), fc.integer({ min: 1, max: 0xff }))
          .map(([raw, last]) => toHex(Uint8Array.of(...raw, last))),
      ),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 4 }), fc.constantFrom("nul", "space"), (entries, padding) => {
        const page = new Uint8Array(1024 * entries.length);
        entries.forEach((value, at) => {
          page.set(encodeDiscoveryEntry(value, padding), 1024 * at);
        });
        expect(decodeDiscoveryEntries(page)).toEqual(entries);
        entries.forEach((value, at) => {
          expect(decodeDiscoveryEntry(page, 1024 * at)).toEqual(value);
        });
      }),
    );
  });

  it("that list supported pages survive a round trip", () => {
    const pages = fc.record({
      lids: fc.uniqueArray(byte).map((lids) => lids.sort((a, b) => a - b)),
      extdlpes: fc.boolean(),
      pleos: fc.boolean(),
      allsubes: fc.boolean(),
    });
    fc.assert(
      fc.property(pages, (value) => {
        expect(decodeSupportedLogPages(encodeSupportedLogPages(value))).toEqual(value);
      }),
    );
  });

  it("that identify a controller survive a round trip", () => {
    const identify = fc.record({
      cntlid: word,
      serial: fieldText(20),
      model: fieldText(40),
      firmware: fieldText(8),
      oaes: fc.nat(2 ** 32 - 1),
      cntrltype: byte,
      dctype: byte,
      subnqn: fieldText(256),
    });
    fc.assert(
      fc.property(identify, (value) => {
        expect(decodeIdentify(encodeIdentify(value))).toEqual(value);
      }),
    );
  });
});

describe("text", () => {
  it("converts to and from UTF-8 as the engine does", () => {
    const encoder = new TextEncoder();
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(encodeUtf8(text)).toEqual(encoder.encode(text));
        expect(utf8Length(text)).toBe(encodeUtf8(text).length);
        expect(decodeUtf8(encodeUtf8(text))).toBe(text);
      }),
    );
    const unlikely = fc
      .array(fc.oneof(byte, fc.constantFrom(0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0x80, 0x9f, 0xa0, 0xbf)))
      .map((codes) => Uint8Array.from(codes));
    fc.assert(
      fc.property(unlikely, (raw) => {
        expect(decodeUtf8(raw)).toBe(decoder.decode(raw));
      }),
    );
  });

  it("survives ISO 8859-1, hex and base64", () => {
    fc.assert(
      fc.property(bytes, (raw) => {
        expect(encodeLatin1(decodeLatin1(raw))).toEqual(raw);
        expect(fromHex(toHex(raw))).toEqual(raw);
        expect(toHex(raw)).toBe(Buffer.from(raw).toString("hex"));
        expect(decodeBase64(encodeBase64(raw))).toEqual(raw);
        expect(encodeBase64(raw)).toBe(Buffer.from(raw).toString("base64"));
      }),
    );
  });

  it("of an NQN is measured in bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 230 }), (tail) => {
        const text = `nqn.${tail}`;
        expect(fitsNqn(text)).toBe(Buffer.byteLength(text) <= 223);
      }),
    );
  });
});

describe("addresses", () => {
  it("survive a round trip", () => {
    const part = fc
      .string({ maxLength: 20 })
      .filter((text) => text === text.trim() && !text.includes(",") && text !== "none");
    const address = fc.record({
      traddr: part.filter((text) => text !== ""),
      trsvcid: part,
      hostTraddr: part,
      hostIface: part,
      srcAddr: part,
    });
    fc.assert(
      fc.property(address, (value) => {
        expect(parseAddress(`${formatAddress(value)}\n`)).toEqual(value);
      }),
    );
  });
});

describe("JSON", () => {
  it("survives a round trip", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.stringify(parseJson(JSON.stringify(value)))).toBe(JSON.stringify(value));
      }),
    );
  });
});

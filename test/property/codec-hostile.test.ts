/** On any input a decoder returns a value or throws its own typed error, without delay. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeGetLogPage } from "../../src/core/codec/admin.js";
import {
  decodeDiscoveryEntries,
  decodeDiscoveryEntry,
  decodeDiscoveryHeader,
  decodeExtendedEntries,
} from "../../src/core/codec/discovery-log.js";
import { decodeRegistration } from "../../src/core/codec/dim.js";
import { decodeDns, DNS_MESSAGE_BYTES_MAX } from "../../src/core/codec/dns.js";
import { encodeDnsQuery } from "../../src/core/codec/dns-query.js";
import { DecodeError } from "../../src/core/codec/error.js";
import {
  decodeOptionString,
  parseConnectReply,
  parseSupportedOptions,
  unsupportedOptions,
} from "../../src/core/codec/fabrics-options.js";
import { decodeIdentify } from "../../src/core/codec/identify.js";
import {
  decodeBase64,
  readArray,
  readBoolean,
  readEntries,
  readField,
  readInteger,
  readJson,
  readNumber,
  readOneOf,
  readOptional,
  readString,
} from "../../src/core/codec/json.js";
import { decodeSupportedLogPages } from "../../src/core/codec/supported-log-pages.js";
import { parseAddress, parseControllerRecord } from "../../src/core/codec/sysfs.js";
import { decodeUtf8, fromHex } from "../../src/core/codec/text.js";
import { decodeUevent, encodeUevent, isNvmeUevent } from "../../src/core/codec/uevent.js";
import { fitsNqn } from "../../src/core/domain/nqn.js";
import { Milliseconds } from "../../src/core/domain/units.js";
import { CONTROLLER_ATTRIBUTES } from "../../src/core/ports/sysfs.js";
import { serviceMessage } from "../../src/adapters/sim/dns.js";
import type { ResponderSpec } from "../../src/adapters/sim/spec.js";
import {
  emptyCache,
  hear,
  joinServices,
  knownPointers,
  lackingRecords,
  takeRefreshes,
} from "../../src/core/dnssd/cache.js";
import {
  recordedAddresses,
  recordedConnects,
  recordedDiscoveryPages,
  recordedIdentifies,
  recordedOptionLine,
  recordedUdevMessages,
  recordedUevents,
} from "../unit/codec/fixtures.js";

/** Runs a decoder: true if it returned a value, false if it refused. Rethrows any other error. */
function decodes(decode: () => unknown): boolean {
  try {
    decode();
    return true;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    // The message uses this project's words, never the input's.
    expect(error.message).toMatch(/^[\x20-\x7e]+$/);
    expect(error.message.length).toBeLessThan(120);
    return false;
  }
}

const byteDecoders: readonly ((bytes: Uint8Array) => unknown)[] = [
  decodeUevent,
  decodeDiscoveryHeader,
  decodeDiscoveryEntries,
  (bytes) => decodeDiscoveryEntry(bytes, bytes.length >> 3),
  (bytes) => decodeExtendedEntries(bytes, 100),
  decodeRegistration,
  decodeIdentify,
  decodeSupportedLogPages,
  decodeDns,
];

const textDecoders: readonly ((text: string) => unknown)[] = [
  decodeOptionString,
  parseSupportedOptions,
  parseConnectReply,
  (text) => unsupportedOptions(text, new Set(["nqn"])),
  decodeBase64,
  fromHex,
  readJson,
];

/** One change to a message: bytes replaced, cut out or doubled, or the end cut off. */
interface Mutation {
  readonly kind: "replace" | "cut" | "double" | "truncate";
  readonly at: number;
  readonly bytes: Uint8Array;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom("replace", "cut", "double", "truncate"),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 4 }),
    fc.constantFrom(Uint8Array.of(0), Uint8Array.of(0x3d), Uint8Array.of(0x2c), Uint8Array.of(0xff, 0xff)),
  ),
});

function mutate(original: Uint8Array, { kind, at, bytes }: Mutation): Uint8Array {
  const start = Math.floor(at * original.length);
  const end = Math.min(start + bytes.length, original.length);
  const [head, middle, tail] = [original.subarray(0, start), original.subarray(start, end), original.subarray(end)];
  switch (kind) {
    case "replace":
      return Uint8Array.of(...head, ...bytes.subarray(0, middle.length), ...tail);
    case "cut":
      return Uint8Array.of(...head, ...tail);
    case "double":
      return Uint8Array.of(...head, ...middle, ...middle, ...tail);
    case "truncate":
      return Uint8Array.from(head);
  }
}

const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 });
const mutated = (originals: readonly Uint8Array[]) =>
  fc.tuple(fc.constantFrom(...originals), mutations).map(([original, changes]) => changes.reduce(mutate, original));

describe("arbitrary bytes", () => {
  it("are decoded or refused, at any length", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.uint8Array({ minLength: 1024, maxLength: 1024 }),
      fc.constantFrom(1023, 2048, 4096, 4097, 9000).map((length) => new Uint8Array(length).fill(0x41)),
    );
    fc.assert(
      fc.property(bytes, (raw) => {
        for (const decode of byteDecoders) decodes(() => decode(raw));
        expect(typeof isNvmeUevent(raw)).toBe("boolean");
        expect(decodeUtf8(raw).length).toBeLessThanOrEqual(raw.length);
      }),
    );
  });

  it("are a uevent only if they encode back", () => {
    const parts = fc.array(
      fc.constantFrom(
        "add@/d",
        "change@/d",
        "ACTION=add",
        "ACTION=",
        "DEVPATH=/d",
        "SUBSYSTEM=nvme",
        "SEQNUM=1",
        "SEQNUM=",
        "X",
        "X=1",
        "=",
        "",
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(parts, (lines) => {
        const raw = Uint8Array.from(lines.map((line) => `${line}\0`).join(""), (character) => character.charCodeAt(0));
        if (decodes(() => decodeUevent(raw))) decodeUevent(encodeUevent(decodeUevent(raw)));
      }),
      { numRuns: 500 },
    );
  });

  it("are an admin command or refused", () => {
    const dword = fc.oneof(fc.nat(2 ** 32 - 1), fc.constantFrom(0, 0x70, 0xffff_ffff, 0x03ff0070));
    const command = fc.record({
      opcode: fc.oneof(fc.constant(2), fc.nat(0xff)),
      nsid: dword,
      cdw10: dword,
      cdw11: dword,
      cdw12: dword,
      cdw13: dword,
      cdw14: dword,
      cdw15: dword,
      data: fc.oneof(
        fc.record({
          direction: fc.constant("from-controller" as const),
          length: fc.oneof(fc.nat(), fc.constant(4096)),
        }),
        fc.record({ direction: fc.constant("to-controller" as const), bytes: fc.uint8Array() }),
      ),
      timeout: fc.nat().map(Milliseconds),
    });
    fc.assert(fc.property(command, (value) => void decodes(() => decodeGetLogPage(value))));
  });
});

describe("arbitrary text", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc
      .array(
        fc.constantFrom(
          "=",
          ",",
          "\n",
          "\0",
          "nqn",
          "traddr",
          "none",
          "instance=",
          "cntlid=1",
          "%s",
          "\u{1f600}",
          "00",
          "[",
          "{",
          '"',
        ),
        { maxLength: 12 },
      )
      .map((parts) => parts.join("")),
  );

  it("is decoded or refused", () => {
    fc.assert(
      fc.property(text, (value) => {
        for (const decode of textDecoders) decodes(() => decode(value));
        fitsNqn(value);
      }),
      { numRuns: 500 },
    );
  });

  it("in sysfs never throws, and `none` never names anything (field bug 22)", () => {
    const attributes = fc.dictionary(fc.constantFrom(...CONTROLLER_ATTRIBUTES), text);
    fc.assert(
      fc.property(text, attributes, (address, record) => {
        expect(Object.values(parseAddress(address))).not.toContain("none");
        const controller = parseControllerRecord({ name: "nvme0", attributes: record });
        expect(controller.complete && (controller.state === "" || controller.transport === "")).toBe(false);
      }),
    );
  });

  it("in a state file is read or refused", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, key) => {
        const root = readJson(JSON.stringify(value));
        decodes(() => readField(root, key));
        decodes(() => readOptional(root, key));
        decodes(() => readEntries(root).map(([, field]) => readNumber(field)));
        decodes(() => readArray(root).map((item) => readInteger(item, 0)));
        decodes(() => readString(root));
        decodes(() => readBoolean(root));
        decodes(() => readOneOf(root, ["a", "b"]));
      }),
    );
  });
});

/** Names that lead back to one another: each of 500 records points to the one before it. */
function chainOfPointers(): Uint8Array {
  const records = Array.from({ length: 500 }, (_, at) => {
    const back = at === 0 ? 0 : 12 + 14 * (at - 1);
    return at === 0
      ? [1, 97, 0, 0, 1, 0, 1, 0, 0, 0, 9, 0, 0]
      : [1, 97, 0xc0 | (back >> 8), back & 255, 0, 1, 0, 3, 0, 0, 0, 9, 0, 0];
  });
  return Uint8Array.from([0, 0, 0x84, 0, 0, 0, 1, 0xf4, 0, 0, 0, 0, ...records.flat()]);
}

describe("changed real messages", () => {
  it("are DNS messages or refused; the names in them can be asked for or are left out", () => {
    const responder: ResponderSpec = {
      id: "r",
      hostIface: "eth0",
      instance: "array 1",
      type: "_nvme-disc._tcp",
      hostName: "array1",
      addresses: ["192.168.1.20", "fe80::20"],
      port: 8009,
      txt: ["p=tcp", "nqn=nqn.2024-01.io.example:dc"],
      ttl: Milliseconds(120_000),
      hosts: 1,
      additional: true,
      announced: true,
    };
    const name = ["_nvme-disc", "_tcp", "local"];
    const originals = [
      serviceMessage(responder, 120),
      // The longest instance label, and not valid UTF-8.
      serviceMessage({ ...responder, instance: "x".repeat(63) }, 120).map((byte) => (byte === 0x78 ? 0xff : byte)),
      serviceMessage({ ...responder, type: "_nvme-disc._udp", hostName: "\u00e9".repeat(31) }, 0),
      ...encodeDnsQuery([{ name, type: "ptr" }], [{ name, target: ["array 1", ...name], ttl: 120 }]),
    ];
    fc.assert(
      fc.property(mutated(originals), (bytes) => {
        if (!decodes(() => decodeDns(bytes))) return;
        const cache = emptyCache();
        hear(cache, decodeDns(bytes).records, Milliseconds(0));
        joinServices(cache, "eth0");
        encodeDnsQuery(lackingRecords(cache), knownPointers(cache, Milliseconds(0)));
        encodeDnsQuery(takeRefreshes(cache, Milliseconds(100_000_000), Infinity), []);
      }),
      { numRuns: 1000 },
    );
  });

  it("are uevents or refused", () => {
    const originals = [...recordedUevents().map(({ bytes }) => bytes), ...recordedUdevMessages()];
    fc.assert(
      fc.property(mutated(originals), (bytes) => {
        if (!decodes(() => decodeUevent(bytes))) return;
        const uevent = decodeUevent(bytes);
        // The check before the decoder drops nothing that decodes as a controller's event.
        expect(isNvmeUevent(bytes) || uevent.subsystem !== "nvme").toBe(true);
        expect(decodeUevent(encodeUevent(uevent))).toEqual(uevent);
      }),
      { numRuns: 500 },
    );
  });

  it("are log pages or refused", () => {
    const pages = recordedDiscoveryPages().map(({ bytes }) => bytes);
    const identifies = recordedIdentifies().flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes]));
    fc.assert(
      fc.property(mutated(pages), mutated(identifies), (page, identify) => {
        decodes(() => decodeDiscoveryHeader(page));
        decodes(() => decodeDiscoveryEntries(page.subarray(1024)));
        decodes(() => decodeDiscoveryEntry(page, 1024));
        decodes(() => decodeIdentify(identify));
      }),
    );
  });

  it("are connect strings, option lines and addresses, or refused", () => {
    const texts = [
      ...recordedConnects().flatMap(({ text, reply }) => [text, reply ?? ""]),
      recordedOptionLine("6.1"),
      recordedOptionLine("6.12"),
      ...recordedAddresses(),
    ].filter((text) => text !== "");
    fc.assert(
      fc.property(mutated(texts.map((text) => new TextEncoder().encode(text))), (bytes) => {
        const text = decodeUtf8(bytes);
        for (const decode of textDecoders) decodes(() => decode(text));
        parseAddress(text);
      }),
    );
  });
});

describe("large input", () => {
  /** Far more than the work takes, far less than quadratic work would. */
  const MILLISECONDS_MAX = 2000;

  it.each([
    ["a uevent of a megabyte", () => decodeUevent(new Uint8Array(1 << 20))],
    ["NULs instead of a subsystem", () => isNvmeUevent(new Uint8Array(1 << 20))],
    ["a million options", () => decodeOptionString("a=1,".repeat(1 << 20))],
    ["a million commas", () => decodeOptionString(",".repeat(1 << 20))],
    ["an address of commas", () => parseAddress("traddr=x,".repeat(1 << 20))],
    ["an address of spaces", () => parseAddress(" ".repeat(1 << 20))],
    ["ten thousand records", () => decodeDiscoveryEntries(new Uint8Array(10_000 * 1024))],
    ["a megabyte that is not UTF-8", () => decodeUtf8(new Uint8Array(1 << 20).fill(0xc3))],
    ["a megabyte of base64", () => decodeBase64("AAAA".repeat(1 << 18))],
    ["a connect reply of digits", () => parseConnectReply(`instance=${"1".repeat(1 << 20)}`)],
    ["a chain of pointers", () => decodeDns(chainOfPointers())],
    ["a message of zeros", () => decodeDns(new Uint8Array(DNS_MESSAGE_BYTES_MAX))],
    ["an NQN of a megabyte", () => fitsNqn(`nqn.${"x".repeat(1 << 20)}`)],
  ])("such as %s is handled quickly", (_what, work) => {
    const start = performance.now();
    decodes(work);
    expect(performance.now() - start).toBeLessThan(MILLISECONDS_MAX);
  });
});

import { describe, expect, it } from "vitest";
import { DecodeError, EncodeError } from "../../../src/core/codec/error.js";
import {
  decodeLatin1,
  decodeUtf8,
  encodeLatin1,
  encodeUtf8,
  fromHex,
  readTextField,
  toHex,
  writeTextField,
} from "../../../src/core/codec/text.js";
import { utf8Length } from "../../../src/core/domain/utf8.js";
import { ERRNO, errnoName } from "../../../src/core/domain/errno.js";
import { NQN_BYTES_MAX, fitsNqn } from "../../../src/core/domain/nqn.js";

describe("UTF-8", () => {
  it.each([
    "",
    "nqn.2014-08",
    "\u00e9\u20ac\u{1f600}",
    "\ufeffx",
    "\u0000\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}",
  ])("survives a round trip: %j", (text) => {
    expect(encodeUtf8(text)).toEqual(new TextEncoder().encode(text));
    expect(decodeUtf8(encodeUtf8(text))).toBe(text);
    expect(utf8Length(text)).toBe(encodeUtf8(text).length);
  });

  it.each([
    "80",
    "c0af",
    "c3",
    "e08080",
    "eda080",
    "f0808080",
    "f4908080",
    "f09f98",
    "f09f41",
    "ff",
    "e282c3a9",
    "41e2",
  ])("replaces invalid bytes as browsers do: %s", (hex) => {
    expect(decodeUtf8(fromHex(hex))).toBe(new TextDecoder().decode(fromHex(hex)));
  });

  it("replaces lone surrogates", () => {
    for (const text of ["\ud800", "\udc00x", "x\ud83d", "\ud83d\ud83d\ude00"]) {
      expect(encodeUtf8(text)).toEqual(new TextEncoder().encode(text));
      expect(utf8Length(text)).toBe(encodeUtf8(text).length);
    }
  });
});

describe("ISO 8859-1", () => {
  it("has one byte per character, at any length", () => {
    const bytes = Uint8Array.from({ length: 20_000 }, (_, at) => at & 0xff);
    expect(encodeLatin1(decodeLatin1(bytes))).toEqual(bytes);
    expect(decodeLatin1(bytes).charCodeAt(511)).toBe(0xff);
    expect(() => encodeLatin1("\u0100")).toThrow(EncodeError);
  });
});

describe("hex", () => {
  it("survives a round trip", () => {
    expect(toHex(Uint8Array.of(0, 0x0f, 0xff))).toBe("000fff");
    expect(fromHex("000FfF")).toEqual(Uint8Array.of(0, 0x0f, 0xff));
  });

  it.each(["0", "0g", "0x", " 00", "--", "@@", "``"])("refuses %j", (text) => {
    expect(() => fromHex(text)).toThrow(DecodeError);
  });
});

describe("a padded field", () => {
  const field = { name: "f", offset: 2, length: 4 };

  it("leaves its neighbours alone", () => {
    const bytes = new Uint8Array(8).fill(0x58);
    writeTextField(bytes, field, "ab", "space");
    expect(decodeLatin1(bytes)).toBe("XXab  XX");
    expect(readTextField(bytes, field)).toBe("ab");
    writeTextField(bytes, field, "abcd", "nul");
    expect(readTextField(bytes, field)).toBe("abcd");
    writeTextField(bytes, field, "", "nul");
    expect(decodeLatin1(bytes)).toBe("XX\0\0\0\0XX");
    expect(() => writeTextField(bytes, field, "abcde", "nul")).toThrow(EncodeError);
  });
});

describe("errno", () => {
  it("has a name even if Node has none", () => {
    expect([ERRNO.ENOKEY, ERRNO.ENETRESET, ERRNO.EALREADY]).toEqual([126, 102, 114]);
    expect([errnoName(126), errnoName(114), errnoName(4242)]).toEqual(["ENOKEY", "EALREADY", "errno 4242"]);
  });

  it("has one number per name and one name per number", () => {
    expect(new Set(Object.values(ERRNO)).size).toBe(Object.keys(ERRNO).length);
  });
});

describe("an NQN", () => {
  it("has at most 223 bytes", () => {
    expect(fitsNqn("nqn.2014-08.org.nvmexpress.discovery")).toBe(true);
    expect(fitsNqn(`nqn.${"x".repeat(NQN_BYTES_MAX - 4)}`)).toBe(true);
    expect(fitsNqn(`nqn.${"x".repeat(NQN_BYTES_MAX - 3)}`)).toBe(false);
    expect(fitsNqn(`nqn.${"\u00e9".repeat(109)}`)).toBe(true);
    expect(fitsNqn(`nqn.${"\u00e9".repeat(110)}`)).toBe(false);
  });
});

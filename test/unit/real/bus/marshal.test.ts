import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Framer } from "../../../../src/adapters/real/bus/framer.js";
import { marshal } from "../../../../src/adapters/real/bus/marshal.js";
import { parseSignature } from "../../../../src/adapters/real/bus/signature.js";
import { readBody } from "../../../../src/adapters/real/bus/unmarshal.js";
import {
  MESSAGE_TYPE,
  WireError,
  type Header,
  type Message,
  type WireValue,
} from "../../../../src/adapters/real/bus/wire.js";
import { referenceMarshal } from "./reference.js";

interface Typed {
  readonly signature: string;
  readonly value: WireValue;
}

const text = fc.string({ unit: "grapheme" }).map((one) => one.replaceAll("\0", ""));

const basic: fc.Arbitrary<Typed> = fc.oneof(
  text.map((value) => ({ signature: "s", value })),
  fc.boolean().map((value) => ({ signature: "b", value })),
  fc.nat(0xff).map((value) => ({ signature: "y", value })),
  fc.integer({ min: 0, max: 0xffff_ffff }).map((value) => ({ signature: "u", value })),
  fc.nat(0xffff).map((value) => ({ signature: "q", value })),
  fc.integer().map((value) => ({ signature: "i", value })),
  fc.constantFrom("", "s", "aa{ss}").map((value) => ({ signature: "g", value })),
);

const { typed } = fc.letrec<{ typed: Typed }>((tie) => ({
  typed: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    basic,
    // All elements are copies of one value, so they have the same type.
    fc.tuple(tie("typed"), fc.nat(3)).map(([one, count]) => ({
      signature: `a${one.signature}`,
      value: Array.from({ length: count }, () => one.value),
    })),
    fc.tuple(tie("typed"), fc.uniqueArray(text.filter((key) => key !== "__proto__"))).map(([one, keys]) => ({
      signature: `a{s${one.signature}}`,
      value: Object.fromEntries(keys.map((key) => [key, one.value])),
    })),
  ),
}));

/** Without arrays of bytes: dbus-next wants a Buffer for those. */
const bodies = fc.array(
  typed.filter(({ signature }) => !signature.includes("ay")),
  { maxLength: 4 },
);

function headerOf(signature: string): Header {
  return {
    type: MESSAGE_TYPE.call,
    flags: 0,
    serial: 7,
    path: "/org/nvmexpress/staf",
    interface: "org.nvmexpress.staf",
    member: "get_log_pages",
    destination: ":1.42",
    signature,
  };
}

function arrived(bytes: Buffer): Message {
  const framer = new Framer();
  framer.push(bytes);
  const frame = framer.next();
  if (frame?.kind !== "message") throw new Error(`the frame is ${String(frame?.kind)}`);
  return frame.message;
}

describe("marshalling", () => {
  it("gives the bytes that dbus-next gives", () => {
    fc.assert(
      fc.property(bodies, (values) => {
        const header = headerOf(values.map(({ signature }) => signature).join(""));
        const body = values.map(({ value }) => value);
        expect(marshal(header, body).toString("hex")).toBe(referenceMarshal({ ...header, body }).toString("hex"));
      }),
    );
  });

  it("gives bytes that read back", () => {
    fc.assert(
      fc.property(bodies, (values) => {
        const header = headerOf(values.map(({ signature }) => signature).join(""));
        const body = values.map(({ value }) => value);
        const message = arrived(marshal(header, body));
        expect(message).toMatchObject(header);
        expect(readBody(message, header.signature)).toEqual(body);
      }),
    );
  });

  it("gives arrays of bytes that read back", () => {
    const values = [[[1, 255], [], [0]]];
    expect(readBody(arrived(marshal(headerOf("aay"), values)), "aay")).toEqual(values);
  });

  it("writes a variant with its signature", () => {
    const ours = marshal(headerOf("v"), [{ signature: "as", value: ["a", "b"] }]);
    expect(ours.subarray(-30).toString("latin1")).toContain("\x02as\0");
  });

  it.each<[string, readonly WireValue[], string]>([
    ["s", [], "the number of values differs from the signature"],
    ["s", [true], "a value is not a string"],
    ["b", ["true"], "a value is not a boolean"],
    ["u", [-1], "a value is not an integer of its type"],
    ["y", [256], "a value is not an integer of its type"],
    ["q", [0x1_0000], "a value is not an integer of its type"],
    ["i", [0x8000_0000], "a value is not an integer of its type"],
    ["u", [1.5], "a value is not an integer of its type"],
    ["as", ["a"], "a value is not an array"],
    ["as", [{ a: "b" }], "a value is not an array"],
    ["a{ss}", [["a"]], "a value is not a dictionary"],
    ["a{ss}", [{ a: true }], "a value is not a string"],
    ["v", ["a"], "a value is not a variant"],
    ["v", [{ signature: "ss", value: "a" }], "a variant holds one value"],
    ["s", ["a\0b"], "a string holds a zero byte"],
    ["x", [1], "a signature holds an unsupported type"],
    ["a{ss", [{}], "a dictionary in a signature is not closed"],
    ["a", [[]], "a signature holds an unsupported type"],
  ])("refuses values that do not fit %s: %j", (signature, values, problem) => {
    expect(() => marshal(headerOf(signature), values)).toThrow(new WireError(problem));
  });

  it("refuses a message that is larger than any of our answers", () => {
    const large = "x".repeat(20 << 20);
    expect(() => marshal(headerOf("ss"), [large, large])).toThrow(new WireError("a message is too large"));
  });

  it("refuses a signature that is nested without end", () => {
    expect(() => parseSignature("a".repeat(1_000_000))).toThrow(WireError);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Framer, type Frame } from "../../../../src/adapters/real/bus/framer.js";
import {
  FIELDS_BYTES_MAX,
  MESSAGE_BYTES_MAX,
  REQUEST_BODY_BYTES_MAX,
} from "../../../../src/adapters/real/bus/limits.js";
import { readBody } from "../../../../src/adapters/real/bus/unmarshal.js";
import { WireError } from "../../../../src/adapters/real/bus/wire.js";
import { referenceMarshal, type PlainMessage } from "./reference.js";

const CALL = { type: 1, path: "/a", interface: "a.b", member: "c", sender: ":1.1" };

function message(serial: number, body: string | undefined): Buffer {
  return referenceMarshal({ ...CALL, serial, ...(body === undefined ? {} : { signature: "s", body: [body] }) });
}

function framesOf(...chunks: Buffer[]): readonly Frame[] {
  const framer = new Framer();
  return chunks.flatMap((chunk) => {
    // A socket reuses the memory as well.
    const memory = Buffer.from(chunk);
    framer.push(memory);
    const frames: Frame[] = [];
    for (let frame = framer.next(); frame !== undefined; frame = framer.next()) frames.push(copied(frame));
    framer.keep();
    memory.fill(0xff);
    return frames;
  });
}

function copied(frame: Frame): Frame {
  if (frame.kind !== "message") return frame;
  return { kind: "message", message: { ...frame.message, body: Buffer.from(frame.message.body) } };
}

function serials(frames: readonly Frame[]): readonly (number | string)[] {
  return frames.map((frame) => (frame.kind === "message" ? frame.message.serial : frame.kind));
}

describe("the stream of the bus", () => {
  it("gives the same messages however it is split", () => {
    const body = fc.option(fc.string({ maxLength: 40 }), { nil: undefined });
    fc.assert(
      fc.property(fc.array(body, { maxLength: 5 }), fc.array(fc.nat(400)), (bodies, cuts) => {
        const all = Buffer.concat(bodies.map((one, index) => message(index + 1, one)));
        const places = [0, ...cuts.filter((cut) => cut < all.length).sort((one, other) => one - other), all.length];
        const chunks = places.slice(1).map((place, index) => all.subarray(places[index], place));
        const frames = framesOf(...chunks);
        expect(serials(frames)).toEqual(bodies.map((_, index) => index + 1));
        frames.forEach((frame, index) => {
          const expected = bodies[index];
          if (frame.kind === "message" && expected !== undefined)
            expect(readBody(frame.message, "s")).toEqual([expected]);
        });
      }),
    );
  });

  it("accepts any bytes without throwing, and terminates", () => {
    const head = fc.constantFrom([], [0x6c, 1, 0, 1], [0x42, 2, 0, 1, 0, 0, 0, 8]);
    const valid = fc.tuple(fc.constant(message(1, "body")), fc.nat(), fc.nat(255));
    const broken = valid.map(([bytes, at, value]) => {
      const changed = Buffer.from(bytes);
      changed[at % changed.length] = value;
      return changed;
    });
    const garbage = fc
      .tuple(head, fc.uint8Array({ maxLength: 200 }))
      .map(([start, rest]) => Buffer.from([...start, ...rest]));
    fc.assert(
      fc.property(fc.array(fc.oneof(broken, garbage), { maxLength: 4 }), (chunks) => {
        for (const frame of framesOf(...chunks)) {
          if (frame.kind !== "message") continue;
          for (const signature of [frame.message.signature, "s", "aa{ss}"]) {
            try {
              readBody(frame.message, signature);
            } catch (error) {
              expect(error).toBeInstanceOf(WireError);
            }
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("is read in both byte orders", () => {
    // A call of "c" at "/a" from ":1.1" with the body u = 258.
    const fields = Buffer.alloc(56);
    fields.write("\x01\x01o\0\0\0\0\x02/a\0", 0, "latin1");
    fields.write("\x03\x01s\0\0\0\0\x01c\0", 16, "latin1");
    fields.write("\x07\x01s\0\0\0\0\x04:1.1\0", 32, "latin1");
    fields.write("\x08\x01g\0\x01u\0", 48, "latin1");
    const fixed = Buffer.from([0x42, 1, 0, 1, 0, 0, 0, 4, 0, 0, 0, 9, 0, 0, 0, 55]);
    const [frame] = framesOf(Buffer.concat([fixed, fields, Buffer.from([0, 0, 1, 2])]));
    if (frame?.kind !== "message") throw new Error("no message");
    expect(frame.message).toMatchObject({ serial: 9, path: "/a", member: "c", sender: ":1.1", signature: "u" });
    expect(readBody(frame.message, "u")).toEqual([258]);
  });

  it("discards the body of a call that is too large, and reads on", () => {
    const large = message(1, "x".repeat(REQUEST_BODY_BYTES_MAX));
    const frames = framesOf(large.subarray(0, 1000), large.subarray(1000), message(2, undefined));
    expect(serials(frames)).toEqual(["too-large", 2]);
    expect(frames[0]).toMatchObject({ header: { serial: 1, sender: ":1.1" } });
  });

  it("keeps the body of an answer of the same size", () => {
    const answer: PlainMessage = { type: 2, serial: 1, replySerial: 1, signature: "s", body: ["x".repeat(1 << 20)] };
    const [frame] = framesOf(referenceMarshal(answer));
    if (frame?.kind !== "message") throw new Error("no message");
    expect(readBody(frame.message, "s")).toEqual(answer.body);
  });

  it("drops a message whose header cannot be parsed, and reads on", () => {
    const odd = message(1, "body");
    // The type of its first field becomes an array.
    odd.write("a", 18, "latin1");
    const long = referenceMarshal({ ...CALL, path: `/${"a".repeat(FIELDS_BYTES_MAX)}`, serial: 2 });
    const over = message(3, undefined);
    over.writeUInt32LE(over.readUInt32LE(12) - 1, 12);
    const frames = framesOf(odd, long, over, message(4, "body"));
    expect(serials(frames)).toEqual(["unreadable", "unreadable", "unreadable", 4]);
  });

  it.each([
    ["another byte order", Buffer.from([0x6d, 1, 0, 1])],
    ["another protocol version", Buffer.from([0x6c, 1, 0, 2])],
  ])("is not D-Bus with %s", (_, start) => {
    const bytes = message(1, undefined);
    start.copy(bytes);
    expect(serials(framesOf(bytes, message(2, undefined)))).toEqual(["broken"]);
  });

  it("is not D-Bus if a message is larger than the specification allows", () => {
    const bytes = message(1, "body");
    bytes.writeUInt32LE(MESSAGE_BYTES_MAX, 4);
    expect(serials(framesOf(bytes))).toEqual(["broken"]);
  });
});

describe("a body", () => {
  const read = (bytes: Buffer, signature: string) => {
    const [frame] = framesOf(bytes);
    if (frame?.kind !== "message") throw new Error("no message");
    return readBody(frame.message, signature);
  };

  it("is read only with the expected signature", () => {
    expect(() => read(message(1, "body"), "b")).toThrow(WireError);
    expect(() => read(message(1, undefined), "s")).toThrow(WireError);
    // A path would read as a string.
    expect(() => read(message(1, "/path"), "o")).toThrow(WireError);
  });

  it("that ends before its string does is refused", () => {
    const bytes = message(1, "body");
    bytes.writeUInt32LE(400, bytes.length - 9);
    expect(() => read(bytes, "s")).toThrow(new WireError("a body is longer or shorter than its values"));
  });

  it("treats a key that is dangerous in JavaScript like any other key", () => {
    const body = [JSON.parse('{"__proto__": "x"}') as unknown];
    const [value] = read(referenceMarshal({ ...CALL, serial: 1, signature: "a{ss}", body }), "a{ss}");
    expect(Object.entries(value as object)).toEqual([["__proto__", "x"]]);
  });
});

import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../src/core/codec/error.js";
import {
  decodeBase64,
  encodeBase64,
  parseJson,
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
} from "../../../src/core/codec/json.js";

function problem(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof DecodeError) return error.problem;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("parseJson", () => {
  it("tells JSON from other text", () => {
    expect(parseJson('{"a":[1,null,"x"]}')).toEqual({ a: [1, null, "x"] });
    expect(parseJson("null")).toBe(null);
    for (const text of ["", "{", "{'a':1}", "undefined", "NaN", '{"a":1}{}', '{"version":1,"contr']) {
      expect(parseJson(text)).toBeUndefined();
    }
  });

  it("survives deep nesting", () => {
    const depth = 200_000;
    expect(() => parseJson("[".repeat(depth) + "]".repeat(depth))).not.toThrow();
  });
});

describe("readers", () => {
  const root = readJson(
    '{"version":1,"list":[{"name":"a","live":true,"kind":"io"}],"ratio":0.5,"huge":1e999,"__proto__":{"x":1}}',
  );

  it("read the values", () => {
    const item = readArray(readField(root, "list"))[0];
    if (item === undefined) throw new Error("no item");
    expect(readInteger(readField(root, "version"), 1)).toBe(1);
    expect(readNumber(readField(root, "ratio"))).toBe(0.5);
    expect(readString(readField(item, "name"))).toBe("a");
    expect(readBoolean(readField(item, "live"))).toBe(true);
    expect(readOneOf(readField(item, "kind"), ["io", "discovery"])).toBe("io");
    expect(readOptional(item, "absent")).toBeUndefined();
    expect(readEntries(item).map(([key, { value }]) => [key, value])).toEqual([
      ["name", "a"],
      ["live", true],
      ["kind", "io"],
    ]);
  });

  it("say where a value of another kind is", () => {
    const item = readArray(readField(root, "list"))[0];
    if (item === undefined) throw new Error("no item");
    expect(problem(() => readNumber(readField(item, "name")))).toBe("$.list[0].name is not a number");
    expect(problem(() => readField(item, "absent"))).toBe("$.list[0].absent is missing");
    expect(problem(() => readField(readField(root, "list"), "x"))).toBe("$.list is not an object");
    expect(problem(() => readEntries(readField(root, "version")))).toBe("$.version is not an object");
    expect(problem(() => readArray(root))).toBe("$ is not an array");
    expect(problem(() => readString(root))).toBe("$ is not a string");
    expect(problem(() => readBoolean(root))).toBe("$ is not a boolean");
    expect(problem(() => readInteger(readField(root, "ratio"), 0))).toBe("$.ratio is not a whole number of at least 0");
    expect(problem(() => readInteger(readField(root, "version"), 2))).toBe(
      "$.version is not a whole number of at least 2",
    );
    expect(problem(() => readNumber(readField(root, "huge")))).toBe("$.huge is not a number");
    expect(problem(() => readOneOf(readField(item, "kind"), ["x", "y"]))).toBe("$.list[0].kind is not one of x, y");
    expect(problem(() => readJson("{"))).toBe("it is not JSON");
  });

  it("read nothing from a prototype", () => {
    expect(readOptional(root, "toString")).toBeUndefined();
    expect(readOptional(root, "constructor")).toBeUndefined();
    expect(readString(readJson('"x"'))).toBe("x");
    expect(readField(readField(root, "__proto__"), "x").value).toBe(1);
  });
});

describe("base64", () => {
  it.each([
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["\u00ff\u00fe\u00fd", "//79"],
  ])("of %j is %j", (text, base64) => {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    expect(encodeBase64(bytes)).toBe(base64);
    expect(decodeBase64(base64)).toEqual(bytes);
  });

  it.each(["Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zm 9", "Zm9v\n", "Zm-_"])("does not read %j", (text) => {
    expect(() => decodeBase64(text)).toThrow(DecodeError);
  });
});

import { describe, expect, it } from "vitest";
import { DecodeError, EncodeError } from "../../../src/core/codec/error.js";
import { encodeLatin1 } from "../../../src/core/codec/text.js";
import { decodeUevent, encodeUevent, isNvmeUevent, UEVENT_BYTES_MAX } from "../../../src/core/codec/uevent.js";
import type { Uevent } from "../../../src/core/codec/uevent.js";
import { recordedUdevMessages, recordedUevents } from "./fixtures.js";

const recorded = recordedUevents();

function message(...lines: string[]): Uint8Array {
  return encodeLatin1(lines.map((line) => `${line}\0`).join(""));
}

describe("every recorded uevent", () => {
  it("was recorded whole", () => {
    expect(recorded.length).toBeGreaterThan(600);
    for (const uevent of recorded) expect(uevent.bytes.length).toBe(uevent.length);
  });

  it("encodes back byte for byte", () => {
    for (const { bytes, source } of recorded) expect(encodeUevent(decodeUevent(bytes)), source).toEqual(bytes);
  });

  it("decodes to its own lines", () => {
    for (const { bytes, lines } of recorded) {
      const uevent = decodeUevent(bytes);
      expect(lines).toContain(`SEQNUM=${String(uevent.seqnum)}`);
      expect(lines).toContain(`SUBSYSTEM=${uevent.subsystem}`);
      expect(lines[0]).toBe(`${uevent.action}@${uevent.devpath}`);
      expect(uevent.properties.size).toBe(lines.length - 5);
      for (const [key, value] of uevent.properties) expect(lines).toContain(`${key}=${value}`);
    }
  });

  it("is recognized by its subsystem without decoding", () => {
    const subsystems = new Set<string>();
    for (const { bytes } of recorded) {
      const { subsystem } = decodeUevent(bytes);
      subsystems.add(subsystem);
      expect(isNvmeUevent(bytes)).toBe(subsystem === "nvme");
    }
    expect([...subsystems].sort()).toEqual(["bdi", "block", "hwmon", "nvme", "nvme-generic", "nvme-subsystem"]);
  });

  it("is refused if it is cut short anywhere", () => {
    // One message of each shape is enough: they differ only in numbers.
    const shapes = new Map(recorded.map((uevent) => [uevent.lines.map((line) => line.split("=")[0]).join(), uevent]));
    expect(shapes.size).toBeGreaterThan(10);
    for (const { bytes } of shapes.values()) {
      for (let length = 0; length < bytes.length; length++) {
        expect(() => decodeUevent(bytes.subarray(0, length))).toThrow(DecodeError);
      }
      expect(() => decodeUevent(bytes.subarray(0, -1))).toThrow(new DecodeError("uevent", "it is cut short"));
    }
  });
});

describe("decodeUevent", () => {
  it("finds the discovery log change of an AEN", () => {
    const aen = recorded.map(({ bytes }) => decodeUevent(bytes)).find(({ properties }) => properties.has("NVME_AEN"));
    expect(aen?.properties.get("NVME_AEN")).toBe("0x70f002");
    expect(aen?.action).toBe("change");
    expect(aen?.properties.get("DEVNAME")).toBe("nvme0");
  });

  it("keeps bytes that are not text", () => {
    const bytes = message("add@/d", "ACTION=add", "DEVPATH=/d", "SUBSYSTEM=nvme", "X=\u00ff\u0080", "SEQNUM=1");
    expect(decodeUevent(bytes).properties.get("X")).toBe("\u00ff\u0080");
    expect(encodeUevent(decodeUevent(bytes))).toEqual(bytes);
  });

  it("keeps everything after the first = of a property", () => {
    const bytes = message("add@/d", "ACTION=add", "DEVPATH=/d", "SUBSYSTEM=nvme", "X=a=b", "Y=", "SEQNUM=1");
    expect([...decodeUevent(bytes).properties]).toEqual([
      ["X", "a=b"],
      ["Y", ""],
    ]);
  });

  it.each([
    ["nothing", message()],
    ["udev's own messages", recordedUdevMessages()[0] ?? message()],
    [
      "a header that differs from its action",
      message("add@/d", "ACTION=remove", "DEVPATH=/d", "SUBSYSTEM=nvme", "SEQNUM=1"),
    ],
    [
      "a header that differs from its path",
      message("add@/e", "ACTION=add", "DEVPATH=/d", "SUBSYSTEM=nvme", "SEQNUM=1"),
    ],
    [
      "a header that is longer than its path",
      message("add@/dd", "ACTION=add", "DEVPATH=/d", "SUBSYSTEM=nvme", "SEQNUM=1"),
    ],
    ["no subsystem", message("add@/d", "ACTION=add", "DEVPATH=/d", "SEQNUM=1")],
    ["no path", message("add@/d", "ACTION=add", "SUBSYSTEM=nvme", "SEQNUM=1")],
    ["no sequence number", message("add@/d", "ACTION=add", "DEVPATH=/d", "SUBSYSTEM=nvme")],
    ["an odd sequence number", message("add@/d", "ACTION=add", "DEVPATH=/d", "SUBSYSTEM=nvme", "SEQNUM=1e3")],
    [
      "a huge sequence number",
      message("add@/d", "ACTION=add", "DEVPATH=/d", "SUBSYSTEM=nvme", "SEQNUM=9999999999999999"),
    ],
    ["a part without =", message("add@/d", "ACTION=add", "DEVPATH=/d", "SUBSYSTEM=nvme", "X", "SEQNUM=1")],
    ["an empty part", message("add@/d", "ACTION=add", "DEVPATH=/d", "SUBSYSTEM=nvme", "", "SEQNUM=1")],
    ["a part without a key", message("add@/d", "ACTION=add", "DEVPATH=/d", "SUBSYSTEM=nvme", "=x", "SEQNUM=1")],
    [
      "one longer than the bound",
      message("add@/d", "ACTION=add", "DEVPATH=/d", "SUBSYSTEM=nvme", `X=${"x".repeat(UEVENT_BYTES_MAX)}`, "SEQNUM=1"),
    ],
  ])("refuses %s", (_what, bytes) => {
    expect(() => decodeUevent(bytes)).toThrow(DecodeError);
  });

  it("refuses every message of udev's group", () => {
    expect(recordedUdevMessages().length).toBe(8);
    for (const bytes of recordedUdevMessages()) expect(() => decodeUevent(bytes)).toThrow(DecodeError);
  });
});

describe("isNvmeUevent", () => {
  it("passes what it cannot tell on to the decoder", () => {
    expect(isNvmeUevent(message())).toBe(true);
    expect(isNvmeUevent(message("add@/d", "ACTION=add"))).toBe(true);
    expect(isNvmeUevent(encodeLatin1("add@/d\0SUBSYSTEM=nvme"))).toBe(true);
    expect(isNvmeUevent(encodeLatin1("add@/d\0SUBSYSTEM=bl"))).toBe(true);
    expect(isNvmeUevent(encodeLatin1("add@/d\0SUBSYS"))).toBe(true);
  });

  it("is not misled by keys and values that look alike", () => {
    expect(isNvmeUevent(message("add@/d", "X=SUBSYSTEM=nvme", "SUBSYSTEM=block"))).toBe(false);
    expect(isNvmeUevent(message("add@/d", "SUBSYSTEMS=block", "SUBSYSTEM=nvme"))).toBe(true);
    expect(isNvmeUevent(message("add@/d", "SUBSYSTEM=nvm"))).toBe(false);
    expect(isNvmeUevent(message("add@/d", "SUBSYSTEM=nvmex"))).toBe(false);
    expect(isNvmeUevent(message("add@/d", "SUBSYSTEM="))).toBe(false);
  });
});

describe("encodeUevent", () => {
  const uevent: Uevent = { action: "add", devpath: "/d", subsystem: "nvme", seqnum: 1, properties: new Map() };

  it.each([
    ["a NUL in a text", { ...uevent, devpath: "/d\0e" }],
    ["a NUL in a property", { ...uevent, properties: new Map([["A", "x\0y"]]) }],
    ["a character above 0xff", { ...uevent, properties: new Map([["A", "\u0100"]]) }],
    ["a key with =", { ...uevent, properties: new Map([["A=B", "x"]]) }],
    ["an empty key", { ...uevent, properties: new Map([["", "x"]]) }],
    ["a reserved key", { ...uevent, properties: new Map([["SEQNUM", "2"]]) }],
    ["a negative sequence number", { ...uevent, seqnum: -1 }],
    ["a broken sequence number", { ...uevent, seqnum: 1.5 }],
    ["one longer than the bound", { ...uevent, properties: new Map([["A", "x".repeat(UEVENT_BYTES_MAX)]]) }],
  ])("refuses %s", (_what, bad) => {
    expect(() => encodeUevent(bad)).toThrow(EncodeError);
  });
});

import { describe, expect, it } from "vitest";
import { newWays, wakeTime } from "../../../src/core/controller/wake.js";
import { WAKE_PERIOD, WAKE_SOAK } from "../../../src/core/domain/limits.js";
import { later, Milliseconds } from "../../../src/core/domain/units.js";

const ETH0 = { name: "eth0", mac: "", addresses: ["192.168.1.10", "fe80::1"] };
const DOWN = { ...ETH0, down: true } as const;

describe("what came up", () => {
  it("is a new interface, or one that has another name, with all its addresses", () => {
    const way = { name: "eth0", addresses: ETH0.addresses };
    expect(newWays([], [ETH0])).toEqual([way]);
    expect(newWays([{ ...ETH0, name: "eth9" }], [ETH0])).toEqual([way]);
  });

  it("is a link that was down, with all its addresses", () => {
    expect(newWays([DOWN], [ETH0])).toEqual([{ name: "eth0", addresses: ETH0.addresses }]);
  });

  it("is an address that is new, alone", () => {
    const now = { ...ETH0, addresses: [...ETH0.addresses, "10.0.0.1"] };
    expect(newWays([ETH0], [now])).toEqual([{ name: "eth0", addresses: ["10.0.0.1"] }]);
  });

  it("is nothing where nothing changed, something went, or the link is down or has no address", () => {
    expect(newWays([ETH0], [ETH0])).toEqual([]);
    expect(newWays([ETH0], [])).toEqual([]);
    expect(newWays([ETH0], [DOWN])).toEqual([]);
    expect(newWays([], [DOWN])).toEqual([]);
    expect(newWays([], [{ ...ETH0, addresses: [] }])).toEqual([]);
  });
});

describe("a wake", () => {
  const now = Milliseconds(100_000);
  const soon = later(now, WAKE_SOAK);

  it("is soon after the change", () => {
    expect(wakeTime(undefined, now, WAKE_SOAK)).toBe(soon);
    expect(wakeTime(Milliseconds(0), now, WAKE_SOAK)).toBe(soon);
  });

  it("keeps its time while it is still to come, and its distance from the last", () => {
    const ahead = later(now, Milliseconds(7));
    expect(wakeTime(ahead, now, WAKE_SOAK)).toBe(ahead);
    expect(wakeTime(now, now, WAKE_SOAK)).toBe(later(now, WAKE_PERIOD));
  });
});

import { describe, expect, test } from "vitest";
import { defaultStafConfig } from "../../../src/core/config/stafd.js";
import { isHostName } from "../../../src/core/domain/host-name.js";
import type { TransportId } from "../../../src/core/domain/transport-id.js";
import { addressOf, withNamedExcludes, type Named } from "../../../src/core/names/addresses.js";

const WANTED: TransportId = {
  transport: "tcp",
  traddr: "array.example",
  trsvcid: "8009",
  subsysnqn: "nqn.2014-08.org.nvmexpress.discovery",
  hostTraddr: "",
  hostIface: "",
  hostNqn: "",
};

function at(traddr: string, health: Named["health"], other: Partial<Named> = {}): Named {
  return { tid: { ...WANTED, traddr }, hostName: "array.example", standing: "claimed", health, ...other };
}

const answers = (...addresses: string[]): ReadonlyMap<string, readonly string[]> =>
  new Map([["array.example", addresses]]);
const BOTH = ["ipv4", "ipv6"] as const;

describe("the address of a host name", () => {
  test("is the first of the preferred family", () => {
    expect(addressOf(WANTED, BOTH, answers("fe80::1", "10.0.0.2", "10.0.0.1"), [])).toBe("10.0.0.2");
    expect(addressOf(WANTED, ["ipv6", "ipv4"], answers("10.0.0.2", "fe80::1"), [])).toBe("fe80::1");
    expect(addressOf(WANTED, ["ipv6"], answers("10.0.0.2"), [])).toBeUndefined();
  });

  test("is not known until the name is resolved, unless an earlier run recorded it", () => {
    expect(addressOf(WANTED, BOTH, new Map(), [])).toBeUndefined();
    expect(addressOf(WANTED, BOTH, new Map(), [at("10.0.0.9", "unclear", { standing: "remembered" })])).toBe(
      "10.0.0.9",
    );
  });

  test("stays with a connected one, even if the answer no longer has it", () => {
    expect(addressOf(WANTED, BOTH, answers("10.0.0.2", "10.0.0.1"), [at("10.0.0.1", "in-kernel")])).toBe("10.0.0.1");
    expect(addressOf(WANTED, BOTH, answers("10.0.0.2"), [at("10.0.0.1", "in-kernel")])).toBe("10.0.0.1");
  });

  test("follows the name while nothing is connected", () => {
    expect(addressOf(WANTED, BOTH, answers("10.0.0.2"), [at("10.0.0.1", "unclear")])).toBe("10.0.0.2");
    expect(addressOf(WANTED, BOTH, answers("10.0.0.2", "10.0.0.1"), [at("10.0.0.1", "unclear")])).toBe("10.0.0.1");
  });

  test("gives way to the next if it does not answer", () => {
    const two = answers("10.0.0.1", "10.0.0.2");
    expect(addressOf(WANTED, BOTH, two, [at("10.0.0.1", "failing")])).toBe("10.0.0.2");
    expect(addressOf(WANTED, BOTH, two, [at("10.0.0.2", "failing")])).toBe("10.0.0.1");
    expect(addressOf(WANTED, BOTH, answers("10.0.0.1"), [at("10.0.0.1", "failing")])).toBe("10.0.0.1");
    expect(addressOf(WANTED, BOTH, new Map(), [at("10.0.0.1", "failing")])).toBe("10.0.0.1");
  });

  test("is never that of another name or interface, or of a controller that is leaving", () => {
    const others = [
      at("10.0.0.1", "in-kernel", { hostName: "" }),
      at("10.0.0.1", "in-kernel", { standing: "leaving" }),
      at("10.0.0.1", "in-kernel", { tid: { ...WANTED, traddr: "10.0.0.1", hostIface: "eth0" } }),
    ];
    expect(addressOf(WANTED, BOTH, answers("10.0.0.2"), others)).toBe("10.0.0.2");
  });
});

test("an excluded host name excludes each of its addresses", () => {
  const line = {
    transport: "",
    trsvcid: "",
    nqn: "",
    hostTraddr: "",
    hostIface: "",
    hostNqn: "",
    options: {},
    line: 7,
  };
  const config = {
    ...defaultStafConfig("/etc/stas/stafd.conf"),
    excludes: [
      { ...line, transport: "tcp", traddr: "Array.Example" },
      { ...line, transport: "", traddr: "10.1.1.1" },
    ] as const,
  };
  const { excludes } = withNamedExcludes(config, answers("10.0.0.1", "fe80::1"));
  expect(excludes.map(({ traddr }) => traddr)).toEqual(["10.0.0.1", "fe80::1", "10.1.1.1"]);
});

test.each([
  ["array", true],
  ["array-1.example_x.com.", true],
  ["10.0.0.1", false],
  ["fe80::1", false],
  ["-array", false],
  ["array..example", false],
  ["array example", false],
  ["a,b", false],
  ["", false],
  ["x".repeat(64), false],
  [`${"x.".repeat(127)}xx`, false],
])("isHostName(%j) is %j", (text, expected) => {
  expect(isHostName(text)).toBe(expected);
});

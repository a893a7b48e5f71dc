import { describe, expect, test } from "vitest";
import {
  canonicalAddress,
  formatIp,
  isLinkLocal,
  isUnspecified,
  parseIp,
  sameAddress,
} from "../../../src/core/domain/ip-address.js";

describe("parseIp", () => {
  test.each([
    ["192.168.1.20", "ipv4", "192.168.1.20", ""],
    ["0.0.0.0", "ipv4", "0.0.0.0", ""],
    ["255.255.255.255", "ipv4", "255.255.255.255", ""],
    ["::", "ipv6", "::", ""],
    ["::1", "ipv6", "::1", ""],
    ["1::", "ipv6", "1::", ""],
    ["FE80::aaaa:BBBB:cccc:dddd", "ipv6", "fe80::aaaa:bbbb:cccc:dddd", ""],
    ["fe80:0000:0:0:0:0:0:0001", "ipv6", "fe80::1", ""],
    ["fe80::1%eth0", "ipv6", "fe80::1", "eth0"],
    ["fe80::1%Eth0.100", "ipv6", "fe80::1", "Eth0.100"],
    ["[2001:DB8::1]", "ipv6", "2001:db8::1", ""],
    ["[fe80::1%eth0]", "ipv6", "fe80::1", "eth0"],
    // RFC 5952, 4.2: compress the longest run of zeros, the first of two equal ones, and never a single group.
    ["2001:0:0:1:0:0:0:1", "ipv6", "2001:0:0:1::1", ""],
    ["2001:db8:0:0:1:0:0:1", "ipv6", "2001:db8::1:0:0:1", ""],
    ["2001:db8:0:1:1:1:1:1", "ipv6", "2001:db8:0:1:1:1:1:1", ""],
    ["1:2:3:4:5:6:7::", "ipv6", "1:2:3:4:5:6:7:0", ""],
    ["64:ff9b::192.0.2.33", "ipv6", "64:ff9b::c000:221", ""],
    ["::ffff:1.2.3.4", "ipv4", "1.2.3.4", ""],
    ["::FFFF:0102:0304", "ipv4", "1.2.3.4", ""],
    ["0:0:0:0:0:ffff:102:304", "ipv4", "1.2.3.4", ""],
  ] as const)("%s", (text, family, canonical, scope) => {
    expect(parseIp(text)).toMatchObject({ family, text: canonical, scope });
  });

  test.each([
    "",
    "nas.example",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.04",
    "1..3.4",
    " 1.2.3.4",
    "[1.2.3.4]",
    ":",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "1::2::3",
    "12345::",
    "::g",
    "::1.2.3.4.5",
    "1.2.3.4::",
    "fe80::1%",
    "fe80::1%a b",
    "fe80::1%a,b",
    "[fe80::1",
    "fe80::1]",
    `::${"0".repeat(100)}1`,
  ])("refuses %j", (text) => {
    expect(parseIp(text)).toBeUndefined();
  });

  test("prints what it reads", () => {
    expect(formatIp({ family: "ipv6", text: "fe80::1", scope: "eth0" })).toBe("fe80::1%eth0");
    expect(formatIp({ family: "ipv4", text: "1.2.3.4", scope: "" })).toBe("1.2.3.4");
  });
});

describe("canonicalAddress", () => {
  test.each([
    ["tcp", "::FFFF:10.0.0.1", "10.0.0.1"],
    ["rdma", "FE80:0::1%ens1", "fe80::1%ens1"],
    ["", "2001:DB8::0:1", "2001:db8::1"],
    ["tcp", "NAS.Example", "nas.example"],
    ["fc", "NN-0x204600A098CBCAC6:PN-0x204700A098CBCAC6", "nn-0x204600a098cbcac6:pn-0x204700a098cbcac6"],
    ["loop", "Port-A", "Port-A"],
  ] as const)("%s %s", (transport, traddr, canonical) => {
    expect(canonicalAddress(transport, traddr)).toBe(canonical);
  });
});

test("sameAddress compares addresses, not texts, and distinguishes links", () => {
  expect(sameAddress("fe80::1", "FE80:0:0:0:0:0:0:1")).toBe(true);
  expect(sameAddress("::ffff:1.2.3.4", "1.2.3.4")).toBe(true);
  expect(sameAddress("fe80::1%eth0", "fe80::1%eth1")).toBe(false);
  expect(sameAddress("fe80::1%eth0", "fe80::1")).toBe(false);
  expect(sameAddress("NAS", "nas")).toBe(true);
  expect(sameAddress("1.2.3.4", "1.2.3.5")).toBe(false);
});

test("unspecified and link-local addresses are recognized in any spelling", () => {
  for (const text of ["0.0.0.0", "::", "0:0::0", "::ffff:0.0.0.0"]) expect(isUnspecified(text), text).toBe(true);
  for (const text of ["", "::1", "0.0.0.1", "host"]) expect(isUnspecified(text), text).toBe(false);
  for (const text of ["fe80::1", "FEBF::1%eth0", "[fe90::]"]) expect(isLinkLocal(text), text).toBe(true);
  for (const text of ["fec0::1", "fe8::1", "2001::fe80", "169.254.0.1", "fe80.example"])
    expect(isLinkLocal(text), text).toBe(false);
});

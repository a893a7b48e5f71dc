import { describe, expect, it } from "vitest";
import { parseBusAddresses, resolveBusAddresses } from "../../../../src/adapters/real/bus/address.js";

function paths(text: string): readonly string[] | string {
  const parsed = parseBusAddresses(text);
  return parsed.ok ? parsed.addresses.map(({ path }) => path) : parsed.problem;
}

describe("a bus address", () => {
  it.each([
    ["unix:path=/run/dbus/system_bus_socket", ["/run/dbus/system_bus_socket"]],
    ["unix:path=/tmp/a%20b,guid=0123", ["/tmp/a b"]],
    ["unix:abstract=/tmp/dbus-x", ["\0/tmp/dbus-x"]],
    ["unix:path=/a;unix:path=/b;", ["/a", "/b"]],
  ])("%s is valid", (text, expected) => {
    expect(paths(text)).toEqual(expected);
  });

  it.each([
    "",
    ";",
    "/run/dbus/system_bus_socket",
    "tcp:host=example.com,port=1",
    "unixexec:path=/bin/sh",
    "unix:path=relative",
    "unix:path=",
    "unix:abstract=",
    "unix:path=/a,abstract=b",
    "unix:guid=0123",
    "unix:path",
    "unix:path=/a%2",
    "unix:path=/a%00b",
    "unix:path=/a%0Ab",
    `unix:path=/${"a".repeat(107)}`,
    Array.from({ length: 9 }, () => "unix:path=/a").join(";"),
  ])("%s is refused, and the problem says what to use instead", (text) => {
    expect(paths(text)).toMatch(/ Use unix:path=\/run\/dbus\/system_bus_socket or unix:abstract=NAME\.$/);
  });

  it("is the given one, else the one in the environment, else the system bus", () => {
    const environment = { DBUS_SYSTEM_BUS_ADDRESS: "unix:path=/from/environment" };
    const first = (given: string | undefined, from: { DBUS_SYSTEM_BUS_ADDRESS?: string }) => {
      const resolved = resolveBusAddresses(given, from);
      return resolved.ok ? resolved.addresses[0]?.path : resolved.problem;
    };
    expect(first("unix:path=/given", environment)).toBe("/given");
    expect(first(undefined, environment)).toBe("/from/environment");
    expect(first(undefined, {})).toBe("/run/dbus/system_bus_socket");
    expect(first(undefined, { DBUS_SYSTEM_BUS_ADDRESS: "" })).toBe("/run/dbus/system_bus_socket");
  });
});

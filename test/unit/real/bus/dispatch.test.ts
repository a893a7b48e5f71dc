import { describe, expect, it } from "vitest";
import { route, type Route } from "../../../../src/adapters/real/bus/dispatch.js";
import { Framer } from "../../../../src/adapters/real/bus/framer.js";
import { SERVICES } from "../../../../src/adapters/real/bus/idl.js";
import { referenceMarshal, type PlainMessage } from "./reference.js";

const STAF = "/org/nvmexpress/staf";
const STAC = "/org/nvmexpress/stac";

/** The route of a call to a process with both services. */
function judged(call: Omit<PlainMessage, "type" | "serial">): Route {
  const framer = new Framer();
  framer.push(referenceMarshal({ ...call, type: 1, serial: 1, sender: ":1.1" }));
  const frame = framer.next();
  if (frame?.kind !== "message") throw new Error("no message");
  return route(frame.message, [SERVICES.staf, SERVICES.stac]);
}

function errorOf(call: Omit<PlainMessage, "type" | "serial">): string {
  const judgement = judged(call);
  return judgement.kind === "error" ? judgement.error.replace("org.freedesktop.DBus.Error.", "") : judgement.kind;
}

function xmlAt(path: string): string {
  const judgement = judged({ path, interface: "org.freedesktop.DBus.Introspectable", member: "Introspect" });
  if (judgement.kind !== "answer") throw new Error(`the route is ${judgement.kind}`);
  return judgement.values[0] as string;
}

describe("a client's call", () => {
  it.each([
    [STAF, "org.nvmexpress.staf", "list_controllers", "b", [true], "staf"],
    [STAF, "org.nvmexpress.staf", "get_log_pages", "sssssss", ["tcp", "a", "b", "c", "d", "e", "f"], "staf"],
    [STAF, "org.nvmexpress.staf", "get_all_log_pages", "b", [false], "staf"],
    [STAC, "org.nvmexpress.stac", "list_controllers", "b", [false], "stac"],
    [STAC, undefined, "list_controllers", "b", [false], "stac"],
  ])("at %s to %s.%s(%s) goes to the core", (path, of, member, signature, body, service) => {
    const judgement = judged({ path, interface: of, member, signature, body });
    expect(judgement).toMatchObject({ kind: "core", service, method: { name: member }, args: body });
  });

  it.each([
    ["a wrong type", { member: "list_controllers", signature: "s", body: ["true"] }, "InvalidArgs"],
    ["too few arguments", { member: "list_controllers" }, "InvalidArgs"],
    ["too many arguments", { member: "list_controllers", signature: "bb", body: [true, true] }, "InvalidArgs"],
    ["an unknown method", { member: "nonsense" }, "UnknownMethod"],
    ["an unknown method and no interface", { member: "nonsense", interface: undefined }, "UnknownMethod"],
    ["an unknown interface", { member: "list_controllers", interface: "org.nvmexpress.stac" }, "UnknownInterface"],
    ["an unknown object", { path: "/org/nvmexpress/other", member: "list_controllers" }, "UnknownObject"],
    ["a path above the objects", { path: "/org/nvmexpress", member: "list_controllers" }, "UnknownObject"],
  ])("with %s is refused", (_, call, error) => {
    expect(errorOf({ path: STAF, interface: "org.nvmexpress.staf", ...call })).toBe(error);
  });

  it("with wrong arguments is answered with the signature that the method takes", () => {
    const call = { path: STAF, interface: "org.nvmexpress.staf", member: "get_log_pages", signature: "s", body: ["<"] };
    expect(judged(call)).toMatchObject({ text: "The method takes arguments with the signature sssssss." });
  });
});

describe("the interfaces of every object", () => {
  const peer = "org.freedesktop.DBus.Peer";
  const properties = "org.freedesktop.DBus.Properties";

  it("answer Peer at any path", () => {
    expect(judged({ path: "/any", interface: peer, member: "Ping" })).toEqual({
      kind: "answer",
      signature: "",
      values: [],
    });
    expect(judged({ path: STAF, member: "Ping" })).toMatchObject({ kind: "answer" });
    expect(judged({ path: "/", interface: peer, member: "GetMachineId" })).toEqual({ kind: "machine-id" });
    expect(errorOf({ path: "/", interface: peer, member: "Pong" })).toBe("UnknownMethod");
    expect(errorOf({ path: "/", interface: peer, member: "Ping", signature: "b", body: [true] })).toBe("InvalidArgs");
  });

  it("have no properties", () => {
    const call = (member: string, signature: string, body: unknown[]) =>
      judged({ path: STAF, interface: properties, member, signature, body });
    const none = { kind: "answer", signature: "a{sv}", values: [{}] };
    expect(call("GetAll", "s", ["org.nvmexpress.staf"])).toEqual(none);
    expect(call("GetAll", "s", [""])).toEqual(none);
    expect(call("GetAll", "s", ["org.nvmexpress.stac"])).toMatchObject({
      error: expect.stringMatching(/Unknown/) as string,
    });
    expect(call("GetAll", "b", [true])).toMatchObject({ error: expect.stringMatching(/InvalidArgs/) as string });
    expect(call("Get", "ss", ["org.nvmexpress.staf", "tron"])).toMatchObject({
      error: "org.freedesktop.DBus.Error.UnknownProperty",
    });
    expect(call("Get", "s", ["tron"])).toMatchObject({ error: expect.stringMatching(/InvalidArgs/) as string });
  });

  it("describe staf's object as nvme-stas does", () => {
    const xml = xmlAt(STAF);
    const staf = /<interface name="org\.nvmexpress\.staf">[\s\S]*?<\/interface>/.exec(xml)?.[0];
    expect(staf).toMatchInlineSnapshot(`
      "<interface name="org.nvmexpress.staf">
          <method name="list_controllers">
            <arg name="detailed" type="b" direction="in"/>
            <arg name="controller_list" type="aa{ss}" direction="out"/>
          </method>
          <method name="get_log_pages">
            <arg name="transport" type="s" direction="in"/>
            <arg name="traddr" type="s" direction="in"/>
            <arg name="trsvcid" type="s" direction="in"/>
            <arg name="subsysnqn" type="s" direction="in"/>
            <arg name="host_traddr" type="s" direction="in"/>
            <arg name="host_iface" type="s" direction="in"/>
            <arg name="host_nqn" type="s" direction="in"/>
            <arg name="log_pages" type="aa{ss}" direction="out"/>
          </method>
          <method name="get_all_log_pages">
            <arg name="detailed" type="b" direction="in"/>
            <arg name="log_pages_json" type="s" direction="out"/>
          </method>
          <signal name="log_pages_changed">
            <arg name="transport" type="s"/>
            <arg name="traddr" type="s"/>
            <arg name="trsvcid" type="s"/>
            <arg name="subsysnqn" type="s"/>
            <arg name="host_traddr" type="s"/>
            <arg name="host_iface" type="s"/>
            <arg name="host_nqn" type="s"/>
            <arg name="device" type="s"/>
          </signal>
          <signal name="dc_removed"/>
          <signal name="sources_changed"/>
        </interface>"
    `);
    expect([...xml.matchAll(/<interface name="([^"]+)"/g)].map(([, name]) => name)).toEqual([
      "org.nvmexpress.staf",
      "org.freedesktop.DBus.Introspectable",
      "org.freedesktop.DBus.Peer",
      "org.freedesktop.DBus.Properties",
    ]);
  });

  it("lead from the root to the objects", () => {
    const below = (path: string) => [...xmlAt(path).matchAll(/<node name="([^"]+)"/g)].map(([, name]) => name);
    expect(below("/")).toEqual(["org"]);
    expect(below("/org")).toEqual(["nvmexpress"]);
    expect(below("/org/nvmexpress")).toEqual(["staf", "stac"]);
    expect(errorOf({ path: "/or", member: "Introspect" })).toBe("UnknownObject");
    expect(errorOf({ path: "/org", member: "Introspect", signature: "b", body: [true] })).toBe("InvalidArgs");
  });
});

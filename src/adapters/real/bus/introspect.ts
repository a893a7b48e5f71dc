/** The introspection data of an object (D-Bus Specification, "Introspection Data Format"). */
import type { Arg, InterfaceSpec, MethodSpec, ServiceSpec } from "./idl.js";

const HEAD =
  '<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"\n' +
  ' "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">\n';

/** The interfaces that the specification gives every object. */
export const STANDARD = {
  introspectable: "org.freedesktop.DBus.Introspectable",
  peer: "org.freedesktop.DBus.Peer",
  properties: "org.freedesktop.DBus.Properties",
} as const;

/** Their methods, in the form of our own interfaces. */
export const STANDARD_INTERFACES: readonly InterfaceSpec[] = [
  {
    name: STANDARD.introspectable,
    methods: [{ name: "Introspect", in: [], out: [["xml_data", "s"]] }],
    signals: [],
  },
  {
    name: STANDARD.peer,
    methods: [
      { name: "Ping", in: [], out: [] },
      { name: "GetMachineId", in: [], out: [["machine_uuid", "s"]] },
    ],
    signals: [],
  },
  {
    name: STANDARD.properties,
    methods: [
      {
        name: "Get",
        in: [
          ["interface_name", "s"],
          ["property_name", "s"],
        ],
        out: [["value", "v"]],
      },
      { name: "GetAll", in: [["interface_name", "s"]], out: [["properties", "a{sv}"]] },
      {
        name: "Set",
        in: [
          ["interface_name", "s"],
          ["property_name", "s"],
          ["value", "v"],
        ],
        out: [],
      },
    ],
    signals: [],
  },
];

/** The interfaces of an object as XML. */
export function describeObject(spec: ServiceSpec): string {
  const body = [...spec.interfaces, ...STANDARD_INTERFACES].map(describeInterface).join("");
  return `${HEAD}<node>\n${body}</node>\n`;
}

/** The nodes directly below a path, as XML. `undefined` if the path leads to no object. */
export function describeBranch(path: string, objects: readonly ServiceSpec[]): string | undefined {
  const prefix = path === "/" ? "/" : `${path}/`;
  const below = objects.filter((object) => object.path.startsWith(prefix));
  const names = new Set(below.map((object) => object.path.slice(prefix.length).split("/")[0] ?? ""));
  if (names.size === 0) return undefined;
  const nodes = [...names].map((name) => `  <node name="${name}"/>\n`).join("");
  return `${HEAD}<node>\n${nodes}</node>\n`;
}

function describeInterface(one: InterfaceSpec): string {
  const signals = one.signals.map(({ name, args }) => element("signal", name, lines(args, undefined)));
  const members = [...one.methods.map(describeMethod), ...signals].join("");
  return `  <interface name="${one.name}">\n${members}  </interface>\n`;
}

function describeMethod({ name, in: takes, out }: MethodSpec): string {
  return element("method", name, lines(takes, "in") + lines(out, "out"));
}

function element(tag: "method" | "signal", name: string, args: string): string {
  return args === "" ? `    <${tag} name="${name}"/>\n` : `    <${tag} name="${name}">\n${args}    </${tag}>\n`;
}

function lines(args: readonly Arg[], direction: "in" | "out" | undefined): string {
  const extra = direction === undefined ? "" : ` direction="${direction}"`;
  return args.map(([name, type]) => `      <arg name="${name}" type="${type}"${extra}/>\n`).join("");
}

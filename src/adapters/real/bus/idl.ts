/** The objects of the services on the bus: the interfaces of nvme-stas, in one table. */
import type { ServiceName } from "../../../core/ports/bus.js";

/** An argument: its name, which the introspection shows, and its D-Bus type. */
export type Arg = readonly [name: string, type: string];

export interface MethodSpec {
  readonly name: string;
  readonly in: readonly Arg[];
  readonly out: readonly Arg[];
}

interface SignalSpec {
  readonly name: string;
  readonly args: readonly Arg[];
}

export interface InterfaceSpec {
  readonly name: string;
  readonly methods: readonly MethodSpec[];
  readonly signals: readonly SignalSpec[];
}

/** One service: the name it owns, and its only object. */
export interface ServiceSpec {
  readonly service: ServiceName;
  readonly busName: string;
  readonly path: string;
  readonly interfaces: readonly InterfaceSpec[];
}

/** The seven fields of a transport id, in the order in which clients pass them. */
const TRANSPORT_ID: readonly Arg[] = [
  ["transport", "s"],
  ["traddr", "s"],
  ["trsvcid", "s"],
  ["subsysnqn", "s"],
  ["host_traddr", "s"],
  ["host_iface", "s"],
  ["host_nqn", "s"],
];

const LIST_CONTROLLERS: MethodSpec = {
  name: "list_controllers",
  in: [["detailed", "b"]],
  out: [["controller_list", "aa{ss}"]],
};

export const SERVICES: Readonly<Record<ServiceName, ServiceSpec>> = {
  staf: {
    service: "staf",
    busName: "org.nvmexpress.staf",
    path: "/org/nvmexpress/staf",
    interfaces: [
      {
        name: "org.nvmexpress.staf",
        methods: [
          LIST_CONTROLLERS,
          { name: "get_log_pages", in: TRANSPORT_ID, out: [["log_pages", "aa{ss}"]] },
          { name: "get_all_log_pages", in: [["detailed", "b"]], out: [["log_pages_json", "s"]] },
        ],
        signals: [
          { name: "log_pages_changed", args: [...TRANSPORT_ID, ["device", "s"]] },
          { name: "dc_removed", args: [] },
          { name: "sources_changed", args: [] },
        ],
      },
    ],
  },
  stac: {
    service: "stac",
    busName: "org.nvmexpress.stac",
    path: "/org/nvmexpress/stac",
    interfaces: [{ name: "org.nvmexpress.stac", methods: [LIST_CONTROLLERS], signals: [] }],
  },
};

/** The types of the arguments as one signature. */
export function signatureOf(args: readonly Arg[]): string {
  return args.map(([, type]) => type).join("");
}

export interface FoundMethod {
  readonly interface: InterfaceSpec;
  readonly method: MethodSpec;
}

/** Finds a method by name in the named interface; without `interfaceName`, in the first interface that has it. */
export function findMethod(spec: ServiceSpec, member: string, interfaceName?: string): FoundMethod | undefined {
  for (const one of spec.interfaces) {
    if (interfaceName !== undefined && one.name !== interfaceName) continue;
    const method = one.methods.find(({ name }) => name === member);
    if (method !== undefined) return { interface: one, method };
  }
  return undefined;
}

interface FoundSignal {
  readonly interface: InterfaceSpec;
  readonly signal: SignalSpec;
}

/** Finds a signal in the same way. */
export function findSignal(spec: ServiceSpec, member: string, interfaceName?: string): FoundSignal | undefined {
  for (const one of spec.interfaces) {
    if (interfaceName !== undefined && one.name !== interfaceName) continue;
    const signal = one.signals.find(({ name }) => name === member);
    if (signal !== undefined) return { interface: one, signal };
  }
  return undefined;
}

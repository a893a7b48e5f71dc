/** Host, network and fabric of a scenario as the simulated world takes them. */
import type {
  AnswerSpec,
  DiscoveryControllerSpec,
  EntrySpec,
  HostSpec,
  InitialControllerSpec,
  InterfaceSpec,
  ListenSpec,
  NameAnswer,
  NetworkSpec,
  ResponderSpec,
  SubsystemSpec,
  WorldSpec,
} from "../../../adapters/sim/spec.js";
import { Milliseconds } from "../../../core/domain/units.js";
import { DEFAULT_INTERFACES, defaultMac } from "../defaults.js";
import type { Path } from "../document.js";
import type { FullRecord } from "../schema/schema.js";
import { parseListen } from "../schema/world.js";
import { duration, given, type ResponderRecord, type Scope } from "./scope.js";

type HostRecord = FullRecord["host"];
type NetworkRecord = FullRecord["network"];
type ControllerRecord = HostRecord["kernel"]["controllers"][number];
type DcRecord = FullRecord["fabric"]["discovery-controllers"][number];
type SubsystemRecord = FullRecord["fabric"]["subsystems"][number];
export type ListenRecord = DcRecord["listen"];
export type EntryRecord = DcRecord["entries"][number];
export type AnswerRecord = DcRecord["answers"][number];
export type NameAnswerRecord = NetworkRecord["names"][string];

export function resolveWorld(record: FullRecord, scope: Scope): WorldSpec {
  return {
    seed: record.seed,
    host: resolveHost(record.host, scope),
    network: resolveNetwork(record.network, scope),
    fabric: {
      discoveryControllers: record.fabric["discovery-controllers"].map((dc, index) =>
        resolveDc(dc, scope, ["fabric", "discovery-controllers", index]),
      ),
      subsystems: record.fabric.subsystems.map(resolveSubsystem),
    },
  };
}

/** The interfaces of the host, with a MAC address each. */
export function resolveInterfaces(host: HostRecord): readonly InterfaceSpec[] {
  if (host.interfaces === undefined) return DEFAULT_INTERFACES;
  return host.interfaces.map(({ name, mac, addresses }, index) => ({ name, mac: mac ?? defaultMac(index), addresses }));
}

function resolveHost(host: HostRecord, scope: Scope): HostSpec {
  const { kernel } = host;
  return {
    kernel: {
      version: kernel.version,
      controllers: kernel.controllers.map((controller, index) =>
        resolveInitial(controller, scope, ["host", "kernel", "controllers", index]),
      ),
      ueventBuffer: kernel["uevent-buffer"],
      attributesAfter: duration(kernel["attributes-after"]),
      jitter: kernel.jitter,
    },
    nqn: host.nqn,
    id: host.id,
    name: host.name,
    processes: host.processes,
    nvmeCli: host["nvme-cli"],
    interfaces: resolveInterfaces(host),
    files: host.files,
    binaryFiles: host["binary-files"],
  };
}

/** The fields of a connect string, apart from whom it is for. */
export function connectOptions(
  record: {
    readonly "host-nqn"?: string | undefined;
    readonly "host-id"?: string | undefined;
    readonly "host-traddr"?: string | undefined;
    readonly "host-iface"?: string | undefined;
    readonly nqn?: string | undefined;
  },
  scope: Scope,
  path: Path,
) {
  const iface = record["host-iface"];
  if (iface !== undefined) scope.interface([...path, "host-iface"], iface);
  return given({
    hostNqn: record["host-nqn"],
    hostId: record["host-id"],
    hostTraddr: record["host-traddr"],
    hostIface: iface,
    nqn: record.nqn,
  });
}

function resolveInitial(record: ControllerRecord, scope: Scope, path: Path): InitialControllerSpec {
  if ("attributes" in record) {
    // The kernel ends every value with a newline.
    const attributes = Object.entries(record.attributes).map(
      ([name, text]) => [name, text.endsWith("\n") ? text : `${text}\n`] as const,
    );
    return {
      kind: "sysfs",
      madeBy: record["made-by"],
      name: record.name,
      attributes: Object.fromEntries(attributes),
    };
  }
  return {
    kind: "connected",
    madeBy: record["made-by"],
    to: scope.peer([...path, "to"], record.to),
    state: record.state,
    ...connectOptions(record, scope, path),
  };
}

function resolveNetwork(network: NetworkRecord, scope: Scope): NetworkSpec {
  const names = Object.entries(network.names).map(([name, answer]) => [name, resolveNameAnswer(answer)] as const);
  const linked = new Set<string>();
  return {
    links: network.links.map(({ interface: name, state, latency }, index) => {
      const path = ["network", "links", index, "interface"];
      scope.interface(path, name);
      if (linked.has(name)) scope.source.add(path, "each interface once");
      linked.add(name);
      return { hostIface: name, state, latency: duration(latency) };
    }),
    routes: network.routes.map(({ to, interface: name, state }, index) => ({
      to,
      hostIface: scope.interface(["network", "routes", index, "interface"], name),
      state,
    })),
    names: Object.fromEntries(names),
    responders: network.responders.map((responder, index) =>
      resolveResponder(responder, scope, ["network", "responders", index]),
    ),
    avahi: network.avahi,
  };
}

export function resolveNameAnswer(answer: NameAnswerRecord): NameAnswer {
  if (answer === "silent") return { kind: "silent" };
  if (answer === "fails") return { kind: "fails", after: Milliseconds(0) };
  if (typeof answer === "string") return addressesAnswer([answer]);
  if (Array.isArray(answer)) return addressesAnswer(answer);
  if ("fails" in answer) return { kind: "fails", after: duration(answer.fails) };
  return { ...addressesAnswer(answer.addresses), rotate: answer.rotate, after: duration(answer.after) };
}

function addressesAnswer(addresses: readonly string[]): NameAnswer & { readonly kind: "addresses" } {
  return { kind: "addresses", addresses, rotate: false, after: Milliseconds(0) };
}

export function resolveResponder(record: ResponderRecord, scope: Scope, path: Path): ResponderSpec {
  return {
    id: record.id,
    hostIface: scope.interface([...path, "interface"], record.interface),
    instance: record.instance ?? record.id,
    type: record.type,
    hostName: record["host-name"] ?? `${record.id}.local`,
    addresses: record.addresses,
    port: record.port,
    txt: record.txt,
    ttl: duration(record.ttl),
    announced: record.announced,
  };
}

export function resolveListen(listen: ListenRecord): readonly ListenSpec[] {
  return (Array.isArray(listen) ? listen : [listen]).map((one): ListenSpec => {
    if (typeof one !== "string") return one;
    const address = parseListen(one);
    if (address === undefined) throw new TypeError(`the schema let a bad address pass: ${one}`);
    return { transport: "tcp", ...address, state: "up" };
  });
}

function resolveDc(dc: DcRecord, scope: Scope, path: Path): DiscoveryControllerSpec {
  return {
    id: dc.id,
    kind: dc.kind,
    listen: resolveListen(dc.listen),
    ...given({ nqn: dc.nqn }),
    entries: resolveEntries(dc.entries, scope, [...path, "entries"]),
    answers: dc.answers.map(resolveAnswer),
    pleo: dc.pleo,
    extdlpes: dc.extdlpes,
    padding: dc.padding,
  };
}

export function resolveEntries(entries: readonly EntryRecord[], scope: Scope, path: Path): readonly EntrySpec[] {
  return entries.map((entry, index) => resolveEntry(entry, scope, [...path, index]));
}

function resolveEntry(entry: EntryRecord, scope: Scope, path: Path): EntrySpec {
  if (typeof entry === "string") return { kind: "subsystem", id: scope.subsystem(path, entry), ncc: false };
  if ("raw" in entry) return { kind: "raw", fields: given(entry.raw) };
  if ("referral" in entry) {
    return { kind: "referral", id: scope.discoveryController([...path, "referral"], entry.referral) };
  }
  const id = scope.subsystem([...path, "subsystem"], entry.subsystem);
  scope.listenerIndex([...path, "listen"], id, entry.listen);
  return { kind: "subsystem", id, ncc: entry.ncc, ...given({ listen: entry.listen }) };
}

export function resolveAnswer(answer: AnswerRecord): AnswerSpec {
  const { after, "genctr-moves": genctrMoves, ...rest } = answer;
  return { ...given(rest), ...given({ after: after === undefined ? undefined : duration(after), genctrMoves }) };
}

function resolveSubsystem(subsystem: SubsystemRecord): SubsystemSpec {
  return {
    id: subsystem.id,
    nqn: subsystem.nqn,
    listen: resolveListen(subsystem.listen),
    ...given({ allowedHosts: subsystem["allowed-hosts"] }),
    namespaces: subsystem.namespaces,
  };
}

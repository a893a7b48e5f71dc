/** The simulated world as a file spells it; what equals its default is left out. */
import type {
  AnswerSpec,
  DiscoveryControllerSpec,
  EntrySpec,
  HostSpec,
  InitialControllerSpec,
  InterfaceSpec,
  KernelSpec,
  ListenSpec,
  NameAnswer,
  NetworkSpec,
  ResponderSpec,
  SubsystemSpec,
} from "../../../adapters/sim/spec.js";
import * as defaults from "../defaults.js";
import { spellDuration } from "../duration.js";
import { given } from "../resolve/scope.js";
import type { ScenarioRecord } from "../schema/schema.js";
import { parseListen, SHORT_LISTEN } from "../schema/world.js";

type HostRecord = NonNullable<ScenarioRecord["host"]>;
type NetworkRecord = NonNullable<ScenarioRecord["network"]>;
type FabricRecord = NonNullable<ScenarioRecord["fabric"]>;
type KernelRecord = NonNullable<HostRecord["kernel"]>;
type ControllerRecord = NonNullable<KernelRecord["controllers"]>[number];
type InterfaceRecord = NonNullable<HostRecord["interfaces"]>[number];
type NameAnswerRecord = NonNullable<NetworkRecord["names"]>[string];
type ResponderRecord = NonNullable<NetworkRecord["responders"]>[number];
type DcRecord = NonNullable<FabricRecord["discovery-controllers"]>[number];
type EntryRecord = NonNullable<DcRecord["entries"]>[number];
type AnswerRecord = NonNullable<DcRecord["answers"]>[number];
type SubsystemRecord = NonNullable<FabricRecord["subsystems"]>[number];

/** `undefined` where a value is what a file without it means. */
export function unless<T>(value: T, usual: NoInfer<T>): T | undefined {
  return value === usual ? undefined : value;
}

/** A list of its own, or `undefined` where it is empty. */
export function some<T>(values: readonly T[]): T[] | undefined {
  return values.length === 0 ? undefined : [...values];
}

/** `undefined` where a record has no key. */
export function filled<T extends object>(record: T): T | undefined {
  return Object.keys(record).length === 0 ? undefined : record;
}

export function hostRecord(host: HostSpec, autostart: boolean): HostRecord {
  return given({
    kernel: filled(kernelRecord(host.kernel)),
    nqn: unless(host.nqn, defaults.DEFAULT_HOST_NQN),
    id: unless(host.id, defaults.DEFAULT_HOST_ID),
    name: unless(host.name, defaults.DEFAULT_HOST_NAME),
    processes: unless(host.processes, "one"),
    "nvme-cli": unless(host.nvmeCli, "absent"),
    autostart: unless(autostart, true),
    interfaces: isDefaultInterfaces(host.interfaces) ? undefined : host.interfaces.map(interfaceRecord),
    files: filled({ ...host.files }),
    "binary-files": filled({ ...host.binaryFiles }),
  });
}

function isDefaultInterfaces(interfaces: readonly InterfaceSpec[]): boolean {
  return JSON.stringify(interfaces.map(interfaceRecord)) === JSON.stringify(defaults.DEFAULT_INTERFACES);
}

function kernelRecord(kernel: KernelSpec): KernelRecord {
  return given({
    version: unless(kernel.version, defaults.DEFAULT_KERNEL_VERSION),
    controllers: some(kernel.controllers.map(initialRecord)),
    "uevent-buffer": unless(kernel.ueventBuffer, defaults.DEFAULT_UEVENT_BUFFER),
    "attributes-after": unless(spellDuration(kernel.attributesAfter), "0s"),
    jitter: unless(kernel.jitter, 0),
  });
}

/** The fields of a connect string, apart from whom it is for. */
export function connectRecord(options: {
  readonly hostNqn?: string;
  readonly hostId?: string;
  readonly hostTraddr?: string;
  readonly hostIface?: string;
  readonly nqn?: string;
}) {
  return given({
    "host-nqn": options.hostNqn,
    "host-id": options.hostId,
    "host-traddr": options.hostTraddr,
    "host-iface": options.hostIface,
    nqn: options.nqn,
  });
}

function initialRecord(controller: InitialControllerSpec): ControllerRecord {
  const madeBy = given({ "made-by": unless(controller.madeBy, "nvme-cli") });
  if (controller.kind === "sysfs") {
    const attributes = Object.entries(controller.attributes).map(
      ([name, text]) => [name, withoutNewline(text)] as const,
    );
    return { name: controller.name, ...madeBy, attributes: Object.fromEntries(attributes) };
  }
  const state = given({ state: unless(controller.state, "live") });
  return { to: controller.to, ...madeBy, ...connectRecord(controller), ...state };
}

/** The newline that the parser adds again. */
function withoutNewline(text: string): string {
  const cut = text.endsWith("\n") ? text.slice(0, -1) : text;
  return cut.endsWith("\n") ? text : cut;
}

export function interfaceRecord({ name, mac, addresses }: InterfaceSpec): InterfaceRecord {
  return { name, mac, addresses: [...addresses] };
}

export function networkRecord(network: NetworkSpec): NetworkRecord {
  const names = Object.entries(network.names).map(([name, answer]) => [name, nameAnswerRecord(answer)] as const);
  return given({
    links: some(
      network.links.map(({ hostIface, state, latency }) => ({
        interface: hostIface,
        ...given({ state: unless(state, "up"), latency: unless(spellDuration(latency), "0s") }),
      })),
    ),
    routes: some(
      network.routes.map(({ to, hostIface, state }) => ({
        to,
        interface: hostIface,
        ...given({ state: unless(state, "up") }),
      })),
    ),
    names: filled(Object.fromEntries(names)),
    responders: some(network.responders.map(responderRecord)),
    avahi: unless(network.avahi, "up"),
  });
}

export function nameAnswerRecord(answer: NameAnswer): NameAnswerRecord {
  if (answer.kind === "silent") return "silent";
  if (answer.kind === "fails") return answer.after === 0 ? "fails" : { fails: spellDuration(answer.after) };
  const addresses = [...answer.addresses];
  if (!answer.rotate && answer.after === 0) return addresses;
  const after = unless(spellDuration(answer.after), "0s");
  return { addresses, ...given({ rotate: unless(answer.rotate, false), after }) };
}

export function responderRecord(responder: ResponderSpec): ResponderRecord {
  const { id } = responder;
  const usualTxt = responder.txt.length === 1 && responder.txt[0] === "p=tcp";
  return {
    id,
    interface: responder.hostIface,
    addresses: [...responder.addresses],
    ...given({
      instance: unless(responder.instance, id),
      type: unless(responder.type, "_nvme-disc._tcp"),
      "host-name": unless(responder.hostName, `${id}.local`),
      port: unless(responder.port, defaults.DISCOVERY_PORT),
      txt: usualTxt ? undefined : [...responder.txt],
      ttl: unless(spellDuration(responder.ttl), spellDuration(defaults.DEFAULT_TTL)),
      announced: unless(responder.announced, true),
    }),
  };
}

export function fabricRecord(fabric: {
  readonly discoveryControllers: readonly DiscoveryControllerSpec[];
  readonly subsystems: readonly SubsystemSpec[];
}): FabricRecord {
  return given({
    "discovery-controllers": some(fabric.discoveryControllers.map(dcRecord)),
    subsystems: some(fabric.subsystems.map(subsystemRecord)),
  });
}

function listenRecord(listen: readonly ListenSpec[]): DcRecord["listen"] {
  const records = listen.map(listenerRecord);
  const [first] = records;
  return records.length === 1 && first !== undefined ? first : records;
}

function listenerRecord(listen: ListenSpec): Exclude<DcRecord["listen"], unknown[]> {
  const { transport, traddr, trsvcid, state } = listen;
  const short = traddr.includes(":") ? `[${traddr}]:${trsvcid}` : `${traddr}:${trsvcid}`;
  if (transport === "tcp" && state === "up" && isShort(short)) return short;
  const service = unless(trsvcid, "");
  return given({ transport: unless(transport, "tcp"), traddr, trsvcid: service, state: unless(state, "up") });
}

function isShort(text: string): boolean {
  return parseListen(text) !== undefined && SHORT_LISTEN.test(text);
}

function dcRecord(dc: DiscoveryControllerSpec): DcRecord {
  return {
    id: dc.id,
    listen: listenRecord(dc.listen),
    ...given({
      kind: unless(dc.kind, "plain"),
      nqn: dc.nqn,
      entries: some(dc.entries.map(entryRecord)),
      answers: some(dc.answers.map(answerRecord)),
      pleo: unless(dc.pleo, false),
      extdlpes: unless(dc.extdlpes, false),
      padding: unless(dc.padding, "nul"),
    }),
  };
}

export function entryRecord(entry: EntrySpec): EntryRecord {
  if (entry.kind === "referral") return { referral: entry.id };
  if (entry.kind === "raw") return { raw: { ...entry.fields } };
  if (!entry.ncc && entry.listen === undefined) return entry.id;
  return { subsystem: entry.id, ...given({ ncc: unless(entry.ncc, false), listen: entry.listen }) };
}

export function answerRecord(answer: AnswerSpec): AnswerRecord {
  const { after, genctrMoves, ...rest } = answer;
  return {
    ...rest,
    ...given({ after: after === undefined ? undefined : spellDuration(after), "genctr-moves": genctrMoves }),
  };
}

function subsystemRecord(subsystem: SubsystemSpec): SubsystemRecord {
  const { id, nqn, listen, allowedHosts, namespaces } = subsystem;
  return {
    id,
    nqn,
    listen: listenRecord(listen),
    ...given({
      "allowed-hosts": allowedHosts === undefined ? undefined : [...allowedHosts],
      namespaces: unless(namespaces, defaults.DEFAULT_NAMESPACES),
    }),
  };
}

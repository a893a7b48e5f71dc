/** Controllers that exist before the daemon starts. */
import { parseControllerRecord } from "../../../core/codec/sysfs.js";
import { TRANSPORTS } from "../../../core/domain/transport-id.js";
import type { Transport } from "../../../core/domain/transport-id.js";
import type { FabricModel } from "../fabric/fabric.js";
import type { Peer } from "../fabric/peers.js";
import type { ControllerState } from "../observation.js";
import type { FabricId, InitialControllerSpec } from "../spec.js";
import { forget, viewOf } from "./controller.js";
import type { Controller } from "./controller.js";
import { becomeLive, scheduleAttempt } from "./lifecycle.js";
import { parseConnectOptions } from "./options.js";
import type { ConnectOptions } from "./options.js";
import type { KernelParts } from "./parts.js";
import { attempt } from "./path.js";
import { KERNEL_PROFILES } from "./profiles.js";

/** The identity of this host, unless a scenario gives another. */
export interface HostIdentity {
  readonly nqn: string;
  readonly id: string;
}

/** A scenario names something that it does not define, or that makes no sense. The scenario's fault. */
export class WorldMisuse extends Error {
  override readonly name = "WorldMisuse";
}

type Connected = Extract<InitialControllerSpec, { kind: "connected" }>;
type FromSysfs = Extract<InitialControllerSpec, { kind: "sysfs" }>;

/** The part of a connection that `connected` and `add-device` specify. */
interface ConnectionSpec {
  readonly to: FabricId;
  readonly hostNqn?: string;
  readonly hostId?: string;
  readonly hostTraddr?: string;
  readonly hostIface?: string;
  readonly nqn?: string;
}

/** The kato of a persistent discovery controller, in seconds, as nvme-cli and stas request it. */
const DISCOVERY_KATO = 30;

/** Whether a transport has a trsvcid. For any other transport the kernel rejects it. */
function hasService(transport: Transport): boolean {
  return transport === "tcp" || transport === "rdma";
}

/** Builds the connect string to the first address where the peer listens. Throws WorldMisuse if there is none. */
export function connectText(fabric: FabricModel, spec: ConnectionSpec, host: HostIdentity): string {
  const peer = fabric.peer(spec.to);
  const listener = peer?.listeners[0];
  if (peer === undefined || listener === undefined) throw new WorldMisuse(`no peer called ${spec.to} listens anywhere`);
  const parts: (readonly [string, string])[] = [
    ["nqn", spec.nqn ?? peer.nqn],
    ["transport", listener.transport],
    ["traddr", listener.traddr],
    ["trsvcid", hasService(listener.transport) ? listener.trsvcid : ""],
    ["host_traddr", spec.hostTraddr ?? ""],
    ["host_iface", spec.hostIface ?? ""],
    ["hostnqn", spec.hostNqn ?? host.nqn],
    ["hostid", spec.hostId ?? host.id],
    ["keep_alive_tmo", peer.role === "discovery" ? String(DISCOVERY_KATO) : ""],
  ];
  return parts
    .filter(([, value]) => value !== "")
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

function addConnected(parts: KernelParts, spec: Connected, host: HostIdentity): Controller {
  const parsed = parseConnectOptions(connectText(parts.fabric, spec, host), KERNEL_PROFILES["6.12"]);
  const peer = parts.fabric.peer(spec.to);
  const listener = peer?.listeners[0];
  if (!parsed.ok || peer === undefined || listener === undefined) {
    throw new WorldMisuse(`a controller to ${spec.to} cannot have been connected with these options`);
  }
  const role = peer.role;
  const controller = parts.registry.make({
    madeBy: spec.madeBy,
    role,
    options: parsed.options,
    peer,
    listener,
    state: spec.state,
  });
  parts.registry.join(controller, peer.nqn);
  if (peer.role === "io") parts.registry.attachNamespaces(controller, peer.spec.namespaces);
  if (spec.state === "live") settleLive(parts, controller);
  else {
    // It had a controller id while it was connected.
    parts.registry.takeCntlid(controller);
    parts.registry.releaseCntlid(controller);
    scheduleAttempt(parts, controller);
  }
  return controller;
}

/** Makes a controller live. If it cannot be reached now, it is live anyway: the kernel has yet to notice. */
function settleLive(parts: KernelParts, controller: Controller): void {
  const outcome = attempt(parts, controller.options);
  if (outcome.kind === "accepted") {
    becomeLive(parts, controller, outcome);
    return;
  }
  parts.registry.takeCntlid(controller);
  controller.keepAliveFrom = parts.clock.now();
}

function isTransport(text: string): text is Transport {
  return TRANSPORTS.some((transport) => transport === text);
}

const STATES: readonly ControllerState[] = [
  "new",
  "live",
  "resetting",
  "connecting",
  "deleting",
  "deleting (no IO)",
  "dead",
];

/** The connect options of a controller, as far as its attributes show them. */
function optionsFrom(spec: FromSysfs): ConnectOptions {
  const shown = parseControllerRecord({ name: spec.name, attributes: spec.attributes });
  const number = (attribute: string, fallback: number): number => {
    const text = spec.attributes[attribute]?.trim() ?? "";
    return text === "off" ? -1 : /^-?[0-9]{1,9}$/.test(text) ? Number(text) : fallback;
  };
  const discovery = shown.cntrltype === "discovery";
  return {
    transport: isTransport(shown.transport) ? shown.transport : "tcp",
    traddr: shown.traddr,
    trsvcid: shown.trsvcid,
    nqn: shown.subsysnqn,
    hostTraddr: shown.hostTraddr,
    hostIface: shown.hostIface,
    hostNqn: shown.hostNqn,
    hostId: spec.attributes["hostid"]?.trim() ?? "",
    queueSize: number("sqsize", 127) + 1,
    ioQueues: Math.max(0, number("queue_count", 1) - 1),
    reconnectDelaySeconds: Math.max(1, number("reconnect_delay", 10)),
    ctrlLossTmoSeconds: number("ctrl_loss_tmo", 600),
    katoSeconds: Math.max(0, number("kato", discovery ? 0 : 5)),
    fastIoFail: "off",
    kind: discovery ? "discovery" : "io",
    duplicates: discovery ? "accept" : "reject",
    tls: false,
    dhchapSecret: "",
    dhchapCtrlSecret: "",
  };
}

function addFromSysfs(parts: KernelParts, spec: FromSysfs): Controller {
  const options = optionsFrom(spec);
  const instance = /^nvme([0-9]{1,9})$/.exec(spec.name)?.[1];
  if (instance === undefined) throw new WorldMisuse(`${spec.name} is not a valid controller name`);
  const pcie = spec.attributes["transport"]?.trim() === "pcie";
  const peer: Peer | undefined = pcie
    ? undefined
    : parts.fabric.find(options.transport, options.traddr, options.trsvcid, options.nqn);
  const there = parts.network.listenersAt(options.transport, options.traddr, options.trsvcid);
  const shown = spec.attributes["state"]?.trim() ?? "live";
  const controller = parts.registry.make({
    madeBy: spec.madeBy,
    role: pcie ? "pcie" : (peer?.role ?? options.kind),
    options,
    peer,
    listener: there.find((listener) => listener.peer === peer?.id),
    state: STATES.find((state) => state === shown) ?? "live",
    instance: Number(instance),
    given: spec.attributes,
  });
  if (controller.name !== spec.name) throw new WorldMisuse(`two controllers are called ${spec.name}`);
  const cntlid = Number(spec.attributes["cntlid"]?.trim() ?? "");
  parts.registry.claimCntlid(controller, Number.isInteger(cntlid) ? cntlid : 0);
  controller.keepAliveFrom = parts.clock.now();
  parts.registry.join(controller, options.nqn);
  if (peer?.role === "io") parts.registry.attachNamespaces(controller, peer.spec.namespaces);
  if (controller.state === "connecting" && peer !== undefined) scheduleAttempt(parts, controller);
  return controller;
}

/** Adds a controller without a uevent. Throws WorldMisuse if the scenario makes no sense. */
export function addInitial(parts: KernelParts, spec: InitialControllerSpec, host: HostIdentity): Controller {
  const controller = spec.kind === "connected" ? addConnected(parts, spec, host) : addFromSysfs(parts, spec);
  controller.made = "done";
  controller.isFilled = true;
  forget(controller);
  parts.observe({ kind: "controller-added", by: spec.madeBy, controller: viewOf(controller) });
  return controller;
}

/** The only ways out of the core (`Ports`) and the only way in (`CoreEvent`). */
import type { BusCallEvent, BusPeerEvent, BusPort, BusReplyEvent, BusSignalEvent, BusStateEvent } from "./bus.js";
import type { ClockPort, TimerEvent } from "./clock.js";
import type { DnssdDaemonEvent, DnssdFoundEvent, DnssdLostEvent, DnssdPort } from "./dnssd.js";
import type { AdminReplyEvent, FabricsPort, FabricsReplyEvent } from "./fabrics.js";
import type { CoreLogPort } from "./log.js";
import type { MdnsDatagramEvent, MdnsPort } from "./mdns.js";
import type { NetworkChangedEvent, NetworkPort, ProbedEvent, ResolvedEvent } from "./network.js";
import type { RequestId } from "./request.js";
import type { StorePort, WrittenEvent } from "./store.js";
import type { DeletedEvent, SysfsPort } from "./sysfs.js";
import type { ControlEvent, SystemPort } from "./system.js";
import type { UeventEvent, UeventOverflowEvent } from "./udev.js";

export interface Ports {
  readonly clock: ClockPort;
  readonly sysfs: SysfsPort;
  readonly fabrics: FabricsPort;
  readonly network: NetworkPort;
  readonly store: StorePort;
  readonly bus: BusPort;
  readonly system: SystemPort;
  readonly log: CoreLogPort;
  readonly mdns: MdnsPort;
  readonly dnssd: DnssdPort;
}

/** Everything that can reach the core. */
export type CoreEvent =
  | UeventEvent
  | UeventOverflowEvent
  | FabricsReplyEvent
  | AdminReplyEvent
  | DeletedEvent
  | ProbedEvent
  | ResolvedEvent
  | WrittenEvent
  | BusReplyEvent
  | TimerEvent
  | NetworkChangedEvent
  | MdnsDatagramEvent
  | DnssdFoundEvent
  | DnssdLostEvent
  | DnssdDaemonEvent
  | BusCallEvent
  | BusSignalEvent
  | BusPeerEvent
  | BusStateEvent
  | ControlEvent;

/** The answer to a call that carried a request number. */
export type CompletionEvent = Extract<CoreEvent, { readonly request: RequestId }>;

export function isCompletion(event: CoreEvent): event is CompletionEvent {
  return "request" in event;
}

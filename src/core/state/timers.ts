/** Timers as values: what each is armed for. The clock port and the trace know a timer by its id. */
import type { Milliseconds } from "../domain/units.js";
import type { ServiceName } from "../ports/bus.js";
import type { ControllerId } from "./controller.js";

/** What a timer is armed for. Of each value, at most one is armed. */
export type Timer =
  /** A stop waits no longer for the kernel. */
  | { readonly kind: "stop" }
  /** A service writes its record again, which it could not write. */
  | { readonly kind: "save"; readonly service: ServiceName }
  /** A service reconciles. */
  | { readonly kind: "soak"; readonly service: ServiceName }
  /** The index is compared with the kernel. */
  | { readonly kind: "audit" }
  /** Controllers whose attributes were not filled in are read again. */
  | { readonly kind: "add" }
  /** stac asks staf again. */
  | { readonly kind: "ask-staf" }
  /** A last live path has stayed long enough. */
  | { readonly kind: "last-path" }
  /** Host names are resolved again. */
  | { readonly kind: "names" }
  /** A controller is tried again, or forgotten. */
  | { readonly kind: "retry"; readonly controller: ControllerId }
  /** A log page is read again. */
  | { readonly kind: "page"; readonly controller: ControllerId }
  /** The header of a log page is looked at. */
  | { readonly kind: "refresh"; readonly controller: ControllerId }
  /** A registration is sent again, or the log page no longer waits for it. */
  | { readonly kind: "register"; readonly controller: ControllerId }
  /** nvme-cli may be told about a device again. */
  | { readonly kind: "hand-on"; readonly device: string }
  /** The next probe of an announced address is due: one timer for all. */
  | { readonly kind: "mdns-reach" }
  /** A query or the end of a record is due, on any interface. */
  | { readonly kind: "mdns-cache" }
  /** An Avahi that is not there is looked for again. */
  | { readonly kind: "mdns-avahi" }
  /** A provider had its time to tell everything. */
  | { readonly kind: "mdns-soak" }
  /** Live controllers that are not announced are looked at. */
  | { readonly kind: "mdns-watch" }
  /** The next discovered controller is dropped: one timer for all. */
  | { readonly kind: "mdns-purge" };

/** A timer's name in the clock port and in the trace. No two timers share one. */
export type TimerId =
  | "stop limit"
  | `save ${ServiceName}`
  | `soak ${ServiceName}`
  | "audit"
  | "add soak"
  | "ask staf"
  | "last path"
  | "names"
  | `${"retry" | "page" | "refresh" | "register"} ${ControllerId}`
  | `hand on ${string}`
  | `mdns ${"reach" | "cache" | "avahi" | "soak" | "watch" | "purge"}`;

/** An armed timer. */
export interface Armed {
  readonly timer: Timer;
  /** The reading of the clock at which it fires. */
  readonly due: Milliseconds;
}

/** Every armed timer, by its id. */
export type Timers = Map<TimerId, Armed>;

export function timerId(timer: Timer): TimerId {
  switch (timer.kind) {
    case "stop":
      return "stop limit";
    case "save":
      return `save ${timer.service}`;
    case "soak":
      return `soak ${timer.service}`;
    case "audit":
      return "audit";
    case "add":
      return "add soak";
    case "ask-staf":
      return "ask staf";
    case "last-path":
      return "last path";
    case "names":
      return "names";
    case "retry":
      return `retry ${timer.controller}`;
    case "page":
      return `page ${timer.controller}`;
    case "refresh":
      return `refresh ${timer.controller}`;
    case "register":
      return `register ${timer.controller}`;
    case "hand-on":
      return `hand on ${timer.device}`;
    case "mdns-reach":
      return "mdns reach";
    case "mdns-cache":
      return "mdns cache";
    case "mdns-avahi":
      return "mdns avahi";
    case "mdns-soak":
      return "mdns soak";
    case "mdns-watch":
      return "mdns watch";
    case "mdns-purge":
      return "mdns purge";
  }
}

/** When a timer fires; `undefined` where it is not armed. */
export function dueOf({ timers }: { readonly timers: Timers }, timer: Timer): Milliseconds | undefined {
  return timers.get(timerId(timer))?.due;
}

export function isArmed({ timers }: { readonly timers: Timers }, timer: Timer): boolean {
  return timers.has(timerId(timer));
}

/** Takes a timer that fired out of the state; `undefined` where it was disarmed while its event waited. */
export function takeTimer({ timers }: { readonly timers: Timers }, id: string): Timer | undefined {
  const byName: ReadonlyMap<string, Armed> = timers;
  const armed = byName.get(id);
  if (armed !== undefined) timers.delete(timerId(armed.timer));
  return armed?.timer;
}

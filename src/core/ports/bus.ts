import type { RequestId } from "./request.js";

/** A value on the bus. */
export type BusValue = string | boolean | readonly BusValue[] | { readonly [key: string]: BusValue };

declare const callBrand: unique symbol;

/** Identifies a client's call until it is answered. */
export type BusCallId = number & { readonly [callBrand]: "call" };

/** The services that own a bus name. */
export type ServiceName = "staf" | "stac";

export type BusFailure = {
  readonly ok: false;
  /** D-Bus error name, such as `org.freedesktop.DBus.Error.ServiceUnknown`. */
  readonly error: string;
};

/** The outcome of a call. */
export type BusResult = { readonly ok: true; readonly values: readonly BusValue[] } | BusFailure;

export interface BusPort {
  /** Calls a method of another service. */
  call(request: RequestId, peer: ServiceName, method: string, args: readonly BusValue[]): void;
  /** Watches a peer: its signals, and whether it is on the bus. */
  subscribe(peer: ServiceName): void;
  reply(call: BusCallId, result: BusResult): void;
  emit(service: ServiceName, signal: string, args: readonly BusValue[]): void;
}

/** A client called one of our methods. */
export interface BusCallEvent {
  readonly kind: "bus-call";
  readonly call: BusCallId;
  readonly service: ServiceName;
  readonly method: string;
  readonly args: readonly BusValue[];
  /** Unique bus name of the caller, and its user id. */
  readonly sender: string;
  readonly uid: number;
}

/** One of our calls was answered, failed or timed out (`org.freedesktop.DBus.Error.NoReply`). */
export interface BusReplyEvent {
  readonly kind: "bus-reply";
  readonly request: RequestId;
  readonly result: BusResult;
}

export interface BusSignalEvent {
  readonly kind: "bus-signal";
  readonly peer: ServiceName;
  readonly signal: string;
  readonly args: readonly BusValue[];
}

/** A peer acquired or lost its bus name. */
export interface BusPeerEvent {
  readonly kind: "bus-peer";
  readonly peer: ServiceName;
  readonly up: boolean;
}

/** The bus itself went away or came back. */
export interface BusStateEvent {
  readonly kind: "bus-state";
  readonly up: boolean;
}

/** Decides what to do with a client's call: hand it to the core, or answer it here. Carries nothing out. */
import type { BusValue, ServiceName } from "../../../core/ports/bus.js";
import { DBUS_ERROR } from "./errors.js";
import { findMethod, signatureOf, type MethodSpec, type ServiceSpec } from "./idl.js";
import { describeBranch, describeObject, STANDARD, STANDARD_INTERFACES } from "./introspect.js";
import { readBody } from "./unmarshal.js";
import { WireError, type Message, type WireValue } from "./wire.js";

export type Route =
  | {
      readonly kind: "core";
      readonly service: ServiceName;
      readonly method: MethodSpec;
      readonly args: readonly BusValue[];
    }
  | { readonly kind: "answer"; readonly signature: string; readonly values: readonly WireValue[] }
  /** The answer is this host's machine id. */
  | { readonly kind: "machine-id" }
  | { readonly kind: "error"; readonly error: string; readonly text: string };

/** Routes a call to one of these objects. */
export function route(message: Message, objects: readonly ServiceSpec[]): Route {
  const { path = "", member = "", interface: interfaceName } = message;
  if (interfaceName === STANDARD.peer) return peer(message, member);
  const object = objects.find((one) => one.path === path);
  if (object === undefined) return branch(message, path, objects);
  const found = findMethod(object, member, interfaceName);
  if (found !== undefined) return toCore(message, object.service, found.method);
  const standard = STANDARD_INTERFACES.find(
    ({ name, methods }) => (interfaceName ?? name) === name && methods.some((method) => method.name === member),
  );
  switch (standard?.name) {
    case STANDARD.introspectable:
      return introspection(message, describeObject(object));
    case STANDARD.peer:
      return peer(message, member);
    case STANDARD.properties:
      return properties(message, member, object);
    default:
      return unknownMember(object, interfaceName);
  }
}

function toCore(message: Message, service: ServiceName, method: MethodSpec): Route {
  const takes = signatureOf(method.in);
  const values = tryBody(message, takes);
  const args = values?.filter(isBusValue);
  if (values === undefined || args?.length !== values.length) return wrongArgs(takes);
  return { kind: "core", service, method, args };
}

/** The core knows every value of the wire except numbers. */
export function isBusValue(value: WireValue): value is BusValue {
  if (typeof value === "number") return false;
  return typeof value !== "object" || Object.values(value).every(isBusValue);
}

function peer(message: Message, member: string): Route {
  if (message.signature !== "") return wrongArgs("");
  switch (member) {
    case "Ping":
      return { kind: "answer", signature: "", values: [] };
    case "GetMachineId":
      return { kind: "machine-id" };
    default:
      return { kind: "error", error: DBUS_ERROR.unknownMethod, text: "This interface has no such method." };
  }
}

/** A path above our objects answers only Introspect, with the nodes below it. */
function branch(message: Message, path: string, objects: readonly ServiceSpec[]): Route {
  const { member, interface: interfaceName = STANDARD.introspectable } = message;
  const xml = describeBranch(path, objects);
  if (xml === undefined || member !== "Introspect" || interfaceName !== STANDARD.introspectable)
    return { kind: "error", error: DBUS_ERROR.unknownObject, text: "There is no such object." };
  return introspection(message, xml);
}

function introspection(message: Message, xml: string): Route {
  return message.signature === "" ? { kind: "answer", signature: "s", values: [xml] } : wrongArgs("");
}

/** Our interfaces have no properties. */
function properties(message: Message, member: string, object: ServiceSpec): Route {
  if (member === "GetAll") {
    const name = tryBody(message, "s")?.[0];
    if (name === undefined) return wrongArgs("s");
    const known = [...object.interfaces, ...STANDARD_INTERFACES].some((one) => one.name === name);
    return known || name === "" ? { kind: "answer", signature: "a{sv}", values: [{}] } : unknownMember(object, "");
  }
  const takes = member === "Get" ? "ss" : "ssv";
  if (message.signature !== takes) return wrongArgs(takes);
  return { kind: "error", error: DBUS_ERROR.unknownProperty, text: "There is no such property." };
}

function unknownMember(object: ServiceSpec, interfaceName: string | undefined): Route {
  const known = [...object.interfaces, ...STANDARD_INTERFACES].some(({ name }) => name === interfaceName);
  return known || interfaceName === undefined
    ? { kind: "error", error: DBUS_ERROR.unknownMethod, text: "There is no such method." }
    : { kind: "error", error: DBUS_ERROR.unknownInterface, text: "This object has no such interface." };
}

function wrongArgs(takes: string): Route {
  const text =
    takes === "" ? "The method takes no arguments." : `The method takes arguments with the signature ${takes}.`;
  return { kind: "error", error: DBUS_ERROR.invalidArgs, text };
}

function tryBody(message: Message, signature: string): readonly WireValue[] | undefined {
  try {
    return readBody(message, signature);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return undefined;
  }
}

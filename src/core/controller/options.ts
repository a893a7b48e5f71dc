/** Compares the options that a connection has with those that are wanted. Pure. */
import type { HostIdentity } from "../config/types.js";
import { CONNECTION_KEYS, CONNECTION_OPTIONS, type ConnectionOptions } from "../domain/connection-options.js";
import type { Controller, ControllerId } from "../state/controller.js";

/** The configured options of an existing controller have changed. */
export interface SetOptions {
  readonly op: "set-options";
  readonly id: ControllerId;
  readonly options: ConnectionOptions;
  readonly why: string;
}

/** The names of the options that differ, as the configuration files spell them. */
export function differingOptions(one: ConnectionOptions, other: ConnectionOptions): readonly string[] {
  return CONNECTION_KEYS.filter((key) => one[key] !== other[key]).map((key) => CONNECTION_OPTIONS[key].file);
}

/** The operation that gives a controller the wanted options. None if it has them. */
export function planOptions(
  present: { readonly id: ControllerId; readonly options: ConnectionOptions },
  wish: { readonly options: ConnectionOptions },
): readonly SetOptions[] {
  const names = differingOptions(present.options, wish.options);
  if (names.length === 0) return [];
  return [{ op: "set-options", id: present.id, options: wish.options, why: `${names.join(", ")} changed` }];
}

/** The options to connect a controller with. A controller without a secret of its own gets the host's key. */
export function effectiveOptions({ options }: Controller, identity: HostIdentity | undefined): ConnectionOptions {
  return { ...options, dhchapSecret: options.dhchapSecret ?? identity?.hostKey };
}

/** The options of connections: which are wanted, and which a connection was made with. Pure. */
import type { HostIdentity } from "../config/types.js";
import { CONNECTION_KEYS, CONNECTION_OPTIONS, type ConnectionOptions } from "../domain/connection-options.js";
import type { Controller, ControllerId } from "../state/controller.js";

/** Other options are configured for a controller that is there already. */
export interface SetOptions {
  readonly op: "set-options";
  readonly id: ControllerId;
  readonly options: ConnectionOptions;
  readonly why: string;
}

/** The names, as files spell them, of the options that differ. */
export function differingOptions(one: ConnectionOptions, other: ConnectionOptions): readonly string[] {
  return CONNECTION_KEYS.filter((key) => one[key] !== other[key]).map((key) => CONNECTION_OPTIONS[key].file);
}

/** The operation that gives a controller the options that are wanted; none where it has them. */
export function planOptions(
  present: { readonly id: ControllerId; readonly options: ConnectionOptions },
  wish: { readonly options: ConnectionOptions },
): readonly SetOptions[] {
  const names = differingOptions(present.options, wish.options);
  if (names.length === 0) return [];
  return [{ op: "set-options", id: present.id, options: wish.options, why: `${names.join(", ")} changed` }];
}

/** The options that a controller is to be connected with: the host's key is its secret where it has none of its own. */
export function effectiveOptions({ options }: Controller, identity: HostIdentity | undefined): ConnectionOptions {
  return { ...options, dhchapSecret: options.dhchapSecret ?? identity?.hostKey };
}

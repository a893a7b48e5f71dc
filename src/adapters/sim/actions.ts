/** Every action on a simulated world, and the model that carries it out. */
import { AVAHI_ACTIONS, type AvahiAction } from "./avahi.js";
import { BUS_ACTIONS, type BusAction } from "./bus.js";
import { FABRIC_ACTIONS, type FabricAction } from "./fabric/actions.js";
import { KERNEL_ACTIONS, type KernelAction } from "./kernel/actions.js";
import { MDNS_ACTIONS, type MdnsAction } from "./mdns.js";
import { NETWORK_ACTIONS, type NetworkAction } from "./net/actions.js";
import { CLOCK_ACTIONS, type ClockAction, PROCESS_ACTIONS, type ProcessAction } from "./process.js";
import { NAME_ACTIONS, type NameAction } from "./resolver.js";
import { FILE_ACTIONS, type FileAction } from "./store.js";
import { UNIT_ACTIONS, type UnitAction } from "./system.js";
import { UEVENT_ACTIONS, type UeventAction } from "./uevent-socket.js";

/** The actions of each target. Each model defines its own. */
export interface Actions {
  readonly kernel: KernelAction;
  readonly uevents: UeventAction;
  readonly fabric: FabricAction;
  readonly network: NetworkAction;
  readonly names: NameAction;
  readonly mdns: MdnsAction;
  readonly avahi: AvahiAction;
  readonly files: FileAction;
  readonly processes: ProcessAction;
  readonly bus: BusAction;
  readonly units: UnitAction;
  readonly clock: ClockAction;
}

/** A part of the world that actions are for. */
export type Target = keyof Actions;

/** One action on the world. */
export type WorldAction = Actions[Target];

/** What tells actions apart. */
export type ActionKind = WorldAction["kind"];

/** The action of a kind. */
export type ActionOf<K extends ActionKind> = Extract<WorldAction, { readonly kind: K }>;

/** Which model carries out the actions of a kind. */
export const TARGETS = {
  ...KERNEL_ACTIONS,
  ...UEVENT_ACTIONS,
  ...FABRIC_ACTIONS,
  ...NETWORK_ACTIONS,
  ...NAME_ACTIONS,
  ...MDNS_ACTIONS,
  ...AVAHI_ACTIONS,
  ...FILE_ACTIONS,
  ...PROCESS_ACTIONS,
  ...BUS_ACTIONS,
  ...UNIT_ACTIONS,
  ...CLOCK_ACTIONS,
} as const satisfies Readonly<Record<ActionKind, Target>>;

/** A part of the world that carries out actions. */
export interface Model<Action> {
  /** Carries the action out. If its target does not exist, does nothing and returns the target's name. */
  apply(action: Action): string | undefined;
}

/** The model of each target. */
export type Models = { readonly [T in Target]: Model<Actions[T]> };

/** Hands an action to its model and returns what the model returns. The only place that picks a model. */
export function carryOut(models: Models, action: WorldAction): string | undefined {
  return handTo(models, TARGETS[action.kind], action);
}

function handTo<T extends Target>(models: Models, target: T, action: Actions[T]): string | undefined {
  return models[target].apply(action);
}

/** The simulated world as a library (`stas/sim`): a host, its kernel, its network and its storage. See docs/library.md. */
export { createWorld } from "./world.js";
export { Milliseconds } from "../../core/domain/units.js";
export type { HostFiles, SimulatedWorld, WorldHooks } from "./world-api.js";
export type { ActionKind, ActionOf, WorldAction } from "./actions.js";
export type { ConnectionView, ProcessName, WorldObservation } from "./observation.js";
export type * from "./spec.js";

/**
 * Generators of scenarios as a library (`stas/generators`): worlds that hold together (src/harness/worlds), and anything
 * that a file can hold, made from the words of the scenario language. They take
 * fast-check as a parameter, so the caller's copy makes and shrinks the values. See docs/library.md.
 */
export { arbitraryScenario, CAST, castFrom } from "./vocabulary/generate.js";
export { arbitraryWorld } from "./worlds/world.js";
export { arbitraryStep, arbitraryStepOf } from "./vocabulary/timeline.js";
export type { Cast, NameKind } from "./vocabulary/mentions.js";

/** The harness as a library (`stas/harness`): read, write, run and explain scenarios. See docs/library.md. */
export { formatProblem, loadScenarios } from "./load.js";
export { parseScenario } from "./scenario/parse.js";
export { formatScenario } from "./scenario/write.js";
export { runScenario, stopAt, type RunOptions, type StoppedRun } from "./run/run-scenario.js";
export { shrinkScenario, type Shrunk, type ShrinkOptions } from "./shrink/shrink.js";
export type { Failure, FailureKind, ScenarioResult, Verdict } from "./result.js";
export type { Expectation, ParsedScenario, Problem, Scenario, ScenarioBody, Step, Trigger } from "./scenario/types.js";
export { ORACLES } from "./oracles/index.js";
export type { Oracle } from "./oracles/oracle.js";
export { failed, MET, open, type Finding, type Hooks, type Observe, type Observer } from "./observers/observer.js";
export { isDaemon } from "./observers/connections.js";
export type { RunView } from "./observers/run-view.js";

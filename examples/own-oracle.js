/** An oracle of one's own, over the scenarios of the field bugs. Run it with `node examples/own-oracle.js`. */
import { failed, formatProblem, isDaemon, loadScenarios, runScenario } from "stas/harness";

/** A daemon that connects in a tight loop loads every array of the fabric. */
const CONNECTS_PER_SECOND_MAX = 100;

/** @type {import("stas/harness").Oracle} */
const noConnectStorm = {
  name: "no-connect-storm",
  observe: (_view, report) => {
    let second = -1;
    let connects = 0;
    return {
      observed: (seen, at) => {
        if (seen.kind !== "connect-begin" || !isDaemon(seen.by)) return;
        const now = Math.floor(at / 1000);
        connects = now === second ? connects + 1 : 1;
        second = now;
        if (connects === CONNECTS_PER_SECOND_MAX + 1)
          report(`at most ${String(CONNECTS_PER_SECOND_MAX)} connects a second`, failed("more"));
      },
    };
  },
};

const { scenarios, problems } = loadScenarios([new URL("../sim/scenarios/field", import.meta.url).pathname]);
for (const problem of problems) console.error(formatProblem(problem));
const storms = scenarios.filter((scenario) => {
  const { failures } = runScenario(scenario, { once: true, oracles: [noConnectStorm] });
  return failures.some(({ name }) => name === noConnectStorm.name);
});
for (const { file } of storms) console.log(`${file} has a connect storm`);
console.log(`${String(scenarios.length)} scenarios, ${String(storms.length)} with a connect storm`);
process.exitCode = problems.length === 0 && storms.length === 0 ? 0 : 1;

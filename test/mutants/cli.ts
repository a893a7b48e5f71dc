/** `npm run mutants [-- NN|NAME ...]`: tries the mutants of these bugs, or all, and prints what caught them. */
import { formatFailure, Trials } from "./trial.js";
import { pairMutants } from "./tree.js";

const root = process.cwd();
const asked = process.argv.slice(2);
const { mutants, problems } = pairMutants(root);
const chosen = mutants.filter(
  ({ number, name }) => asked.length === 0 || asked.includes(number) || asked.includes(name),
);

let allCaught = true;
const trials = new Trials(root);
try {
  const outcomes = chosen.map((mutant) => ({ mutant, outcome: trials.try(mutant) }));
  for (const { mutant, outcome } of outcomes) {
    const known = await outcome;
    console.log(`${known.kind.padEnd(6)} ${mutant.name}`);
    if (known.kind === "caught") console.log(known.failures.map(formatFailure).join("\n"));
    else {
      allCaught = false;
      console.log(`  ${known.problem}`);
    }
  }
} finally {
  await trials.close();
}
for (const one of asked) {
  if (mutants.some(({ number, name }) => number === one || name === one)) continue;
  allCaught = false;
  console.error(`no mutant ${one}: a patch test/mutants/NAME.patch and a scenario sim/scenarios/*/NAME.yaml`);
}
if (asked.length === 0) for (const problem of problems) console.error(problem);
process.exitCode = allCaught && (asked.length > 0 || problems.length === 0) ? 0 : 1;

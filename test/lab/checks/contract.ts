/** The contract suite on the real adapters. docs/fidelity.md compares the simulation with its observations. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Seconds } from "../../../src/core/domain/units.js";
import { type Behaviour, expectedOn, isSame, type Observation, PORTS, runsOn } from "../../contract/behaviour.js";
import { MEASURED_KERNELS, type MeasuredKernel } from "../../contract/host.js";
import { BEHAVIOURS } from "../../contract/suites.js";
import type { Check } from "../check.js";
import type { Lab } from "../guest/lab.js";
import { Service } from "../guest/service.js";
import { waitFor } from "../guest/wait.js";

const PROGRAM = "dist-tools/test/contract/real/main.js";

/** The suite takes 140 s, of which a delete behind a dead link takes 63 s. */
const LIMIT = Seconds(400);

/** Connects, deletes and commands that block in the kernel each hold a thread. */
const THREADS = "128";

/** How many lines of standard error explain a failure, and how many of the slowest behaviours to report. */
const TAIL_LINES = 20;
const SLOWEST = 5;

const ROW = z.object({ port: z.enum(PORTS), name: z.string(), observed: z.array(z.string()), took: z.number() });

type Row = z.infer<typeof ROW>;

export const contractChecks: readonly Check[] = [
  {
    name: "the real adapters behave as the contract suite expects",
    guest: "contract",
    limit: LIMIT,
    async run(lab) {
      const { expect, settings } = lab;
      const kernel = MEASURED_KERNELS.find((name) => name === settings["kernel"]);
      if (kernel === undefined) throw new Error(`the suite has no behaviour of kernel ${settings["kernel"] ?? "none"}`);
      // `--set contract=PATTERN` runs a part of the suite.
      const only = settings["contract"] ?? "";
      const { rows, trouble } = await runSuite(lab, kernel, only);
      const chosen = BEHAVIOURS.filter(
        (one) => runsOn(one, kernel) && new RegExp(only).test(`${one.port}: ${one.name}`),
      );
      report(lab, rows, chosen);
      const problems = trouble === undefined ? [] : [trouble];
      for (const behaviour of chosen) {
        const expected = expectedOn(behaviour.expected, kernel);
        const observed = rowOf(rows, behaviour)?.observed ?? ["(it did not run)"];
        try {
          expect.that(isSame(observed, expected), difference(behaviour, expected, observed));
        } catch (unmet) {
          problems.push(unmet instanceof Error ? unmet.message : "");
        }
      }
      expect.that(problems.length === 0, problems.join("\n"));
    },
  },
];

/** Runs the suite in a separate process. The suite reads the adapters' log back from a file. */
async function runSuite(
  lab: Lab,
  kernel: MeasuredKernel,
  only: string,
): Promise<{ readonly rows: readonly Row[]; readonly trouble: string | undefined }> {
  const log = join(lab.folder(), "stderr");
  const script = 'exec "$0" --enable-source-maps "$1" "$2" "$3" 2>"$4"';
  const args = ["-c", script, process.execPath, PROGRAM, kernel, only, log];
  const suite = new Service("the suite", "sh", args, { UV_THREADPOOL_SIZE: THREADS });
  lab.after(() => suite.kill());
  const { status } = await waitFor(
    "the suite to end",
    LIMIT,
    () => suite.ended,
    () => suite.lines.at(-1) ?? "nothing",
  );
  const rows = suite.lines.filter((line) => line.startsWith("{")).map((line) => ROW.parse(JSON.parse(line)));
  if (status === 0) return { rows, trouble: undefined };
  const said = existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n").slice(-TAIL_LINES) : [];
  return { rows, trouble: `the suite ended with status ${String(status)}: ${said.join("\n")}` };
}

/** Sends the observations in the order of the suite, and reports the slowest behaviours. */
function report(lab: Lab, rows: readonly Row[], chosen: readonly Behaviour[]): void {
  const seen = chosen.flatMap((behaviour) => rowOf(rows, behaviour) ?? []);
  lab.payload(
    "contract",
    seen.map(({ port, name, observed }) => ({ port, name, observed })),
  );
  const slowest = [...rows].sort((one, other) => other.took - one.took).slice(0, SLOWEST);
  const times = slowest.map(({ name, took }) => `${(took / 1_000).toFixed(1)} s ${name}`);
  lab.note(`${String(rows.length)} behaviours; the longest: ${times.join("; ")}`);
}

function rowOf(rows: readonly Row[], { port, name }: Behaviour): Row | undefined {
  return rows.find((row) => row.port === port && row.name === name);
}

function difference({ port, name }: Behaviour, expected: Observation, observed: Observation): string {
  const indented = (lines: Observation): string => lines.join("\n            ");
  return `${port}: ${name}\n  expected: ${indented(expected)}\n  observed: ${indented(observed)}`;
}

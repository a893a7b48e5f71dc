/** A campaign of `stas-sim fuzz`. Loaded only for that command, because it loads fast-check. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { type CampaignReport, type Finding, seekCanary, Tally } from "../fuzz/campaign.js";
import { type FuzzFlags, RUNS_USUAL, SEED_MAX } from "../fuzz/bounds.js";
import { runSeeds } from "../fuzz/runners.js";
import { worldOf } from "../fuzz/seed.js";
import { formatScenario } from "../scenario/write.js";
import { shrinkScenario, textOf } from "../shrink/shrink.js";
import { EXIT, type Terminal } from "./terminal.js";

/** Real time between two lines of progress. */
const PROGRESS_EVERY_MS = 10_000;

/** Findings that are shrunk and written. The others are listed with their seeds. */
const SHRUNK_MAX = 20;

/** Runs the seeds, shrinks what fails, and returns the exit status. */
export async function fuzz(flags: FuzzFlags, terminal: Terminal): Promise<number> {
  const canary = seekCanary(flags.seed);
  const report = await campaign(flags, canary, terminal);
  const wanted = flags.json === true && flags.out === undefined ? 0 : SHRUNK_MAX;
  const files = report.findings.slice(0, wanted).map((finding) => bringHome(finding, flags, terminal));
  if (flags.json === true) terminal.out(JSON.stringify(report, undefined, 2));
  else terminal.out(formatReport(report, files));
  if (canary === undefined) return EXIT.inconclusive;
  return report.findings.length === 0 ? EXIT.pass : EXIT.fail;
}

async function campaign(flags: FuzzFlags, canary: number | undefined, terminal: Terminal): Promise<CampaignReport> {
  const began = performance.now();
  const runs = flags.runs ?? (flags.time === undefined ? RUNS_USUAL : SEED_MAX + 1);
  const tally = new Tally(flags.seed);
  let told = began;
  await runSeeds({
    firstSeed: flags.seed,
    runs,
    jobs: flags.jobs,
    wantsMore: () => flags.time === undefined || performance.now() - began < flags.time,
    ran: (result) => {
      tally.add(result);
      const now = performance.now();
      if (flags.json === true || now - told < PROGRESS_EVERY_MS) return;
      told = now;
      terminal.err(progressLine(tally, (now - began) / 1000, flags, runs));
    },
  });
  return tally.report(canary);
}

function progressLine({ seeds, failing, kinds }: Tally, seconds: number, flags: FuzzFlags, runs: number): string {
  const rate = seeds / seconds;
  const left = flags.time === undefined ? (runs - seeds) / rate : flags.time / 1000 - seconds;
  const counts = `${String(seeds)} seeds, ${rate.toFixed(1)} a second, ${String(failing)} failed in ${String(kinds)} ways`;
  return `${counts}, ${String(Math.max(0, Math.round(left)))} s left`;
}

/** Shrinks the smallest seed of a finding, and writes it as a scenario. Returns its file, or its text. */
function bringHome({ seed, failure }: Finding, { out }: FuzzFlags, terminal: Terminal): string {
  const shrunk = shrinkScenario(worldOf(seed), { until: textOf(failure) });
  if (shrunk.kind === "does-not-fail") return `seed ${String(seed)} does not fail again: the run is not deterministic`;
  const title = `${failure.name}: ${failure.expected}`;
  const text = `# ${shrunk.failure.observed}\n${formatScenario({ ...shrunk.scenario, title, origin: `fuzz seed ${String(seed)}` })}`;
  if (out === undefined) return text;
  mkdirSync(out, { recursive: true });
  const file = join(out, `${failure.name}-${String(seed)}.yaml`);
  writeFileSync(file, text);
  terminal.err(`wrote ${file}`);
  return file;
}

function formatReport(report: CampaignReport, homes: readonly string[]): string {
  const { seeds, refused, failing, events, simulatedMs, canary, findings, more, firstSeed } = report;
  const lines = findings.flatMap((finding, index) => {
    const repeat = `stas-sim fuzz --seed ${String(finding.seed)} --runs 1`;
    const home = homes[index] ?? "";
    return [
      `FAIL ${textOf(finding.failure)}`,
      `  in ${String(finding.seeds)} seeds, first ${String(finding.seed)}. Repeat: ${repeat}`,
      ...home.split("\n").map((line) => `  ${line}`),
    ];
  });
  if (more > 0) lines.push(`and ${String(more)} more ways to fail`);
  lines.push(
    canary === undefined
      ? "INVALID: this campaign is blind: it did not find the core with a known fault"
      : `the core with a known fault was found after ${String(canary)} seeds`,
    `${String(seeds)} seeds from ${String(firstSeed)}, ${String(refused)} refused, ${String(failing)} failed in ` +
      `${String(findings.length + more)} ways; ${String(events)} events, ${(simulatedMs / 86_400_000).toFixed(1)} days simulated`,
  );
  return lines.join("\n");
}

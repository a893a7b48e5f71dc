/** The report for people: a table with one line per scenario, then what failed. */
import Table from "cli-table3";
import type { StoppedRun } from "../run/run-scenario.js";
import { explanation } from "./explanation.js";
import { type Failure, overallVerdict, type ScenarioResult, type Verdict } from "../result.js";

/** Colours a text. For a terminal without colours, each function returns the text as it is. */
export type Paint = Readonly<Record<"green" | "red" | "yellow" | "bold" | "dim", (text: string) => string>>;

function paintVerdict(verdict: Verdict, paint: Paint): string {
  switch (verdict) {
    case "pass":
      return paint.green("pass");
    case "fail":
      return paint.red("FAIL");
    case "inconclusive":
      return paint.yellow("inconclusive");
  }
}

/** How much faster than real time, such as `1,200,000x`. A run too short to measure counts as 0.1 ms. */
function speed({ simulated, realMs }: ScenarioResult): string {
  return `${grouped(Math.round(simulated / Math.max(realMs, 0.1)))}x`;
}

/** Groups digits by three, the same in every locale. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1d 2h`, `10m 5s`, `2.9s`: the two largest units. */
function formatSimulated(ms: number): string {
  const parts: string[] = [];
  let rest = ms;
  for (const [unit, size] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
  ] as const) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${String(count)}${unit}`);
    rest -= count * size;
  }
  if (rest > 0 || parts.length === 0) parts.push(`${String(rest / 1000)}s`);
  return parts.slice(0, 2).join(" ");
}

/** Characters of a title that the table shows. */
const TITLE_CHARS_MAX = 60;

function shortened(title: string): string {
  return title.length <= TITLE_CHARS_MAX ? title : `${title.slice(0, TITLE_CHARS_MAX - 1)}…`;
}

/** Folder and name. The failures below the table give the whole path. */
function shortFile(file: string): string {
  return file.split("/").slice(-2).join("/");
}

/** The verdicts, one per line, and a summary. */
export function formatTable(results: readonly ScenarioResult[], paint: Paint): string {
  const table = new Table({
    head: ["verdict", "scenario", "file", "simulated", "events", "speed"].map((each) => paint.bold(each)),
    colAligns: ["left", "left", "left", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const result of results) {
    table.push([
      paintVerdict(result.verdict, paint),
      shortened(result.title),
      paint.dim(shortFile(result.file)),
      formatSimulated(result.simulated),
      grouped(result.events),
      speed(result),
    ]);
  }
  return `${table.toString()}\n${formatSum(results, paint)}`;
}

function formatSum(results: readonly ScenarioResult[], paint: Paint): string {
  const count = (verdict: Verdict): number => results.filter((result) => result.verdict === verdict).length;
  const simulated = results.reduce((sum, result) => sum + result.simulated, 0);
  const realMs = results.reduce((sum, result) => sum + result.realMs, 0);
  const verdict = paintVerdict(overallVerdict(results.map((result) => result.verdict)), paint);
  const others = (["fail", "inconclusive"] as const)
    .filter((each) => count(each) > 0)
    .map((each) => `, ${String(count(each))} ${each}`)
    .join("");
  const fast = grouped(Math.round(simulated / Math.max(realMs, 0.1)));
  return `${verdict}: ${String(count("pass"))} of ${String(results.length)} pass${others}; ${formatSimulated(simulated)} simulated in ${(realMs / 1000).toFixed(2)} s of real time (${fast}x)`;
}

/** A failure with its place, what was expected and seen, and where to look. */
export function formatFailure(failure: Failure, paint: Paint): string {
  const place = failure.line === 0 ? failure.file : `${failure.file}:${String(failure.line)}`;
  const lines = [
    `${paint.bold(place)} ${failure.kind} ${failure.name}`,
    `  expected: ${failure.expected}`,
    `  observed: ${failure.observed}`,
    ...failure.hints.map((hint) => paint.dim(`  ${failure.kind === "determinism" ? "" : "hint: "}${hint}`)),
  ];
  return lines.join("\n");
}

/** What every controller was doing at a time and why, and what the kernel had. */
export function formatStopped(stopped: StoppedRun, paint: Paint): string {
  return [paint.bold(`at ${formatSimulated(stopped.at)}`), ...explanation(stopped, paint.bold)].join("\n");
}

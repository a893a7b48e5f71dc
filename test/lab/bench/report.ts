/** What `npm run lab -- --bench` ends with: figures for each way to run the daemon, and whether every budget is met. */
import { GROWTH, judgeGrowth, type Judged, LINES } from "./budgets.js";
import { type Figures, figuresSchema } from "./figures.js";

interface Report {
  readonly text: string;
  /** Whether every budget is met. */
  readonly met: boolean;
}

const TITLES: Readonly<Record<Figures["processes"], string>> = {
  1: "Both services in one process",
  2: "Two processes over a bus",
};

/** Reports the measurements' payloads, given by name. */
export function reportMeasurements(payloads: ReadonlyMap<string, unknown>): Report {
  const all = [...payloads.values()].map((value) => figuresSchema.parse(value));
  const reports = ([1, 2] as const).flatMap((processes) => {
    const measured = all
      .filter((figures) => figures.processes === processes)
      .sort((one, other) => one.volumes - other.volumes);
    return measured.length === 0 ? [] : [reportOne(TITLES[processes], measured)];
  });
  if (reports.length === 0) return { text: "Nothing was measured.", met: false };
  const missed = reports.reduce((sum, one) => sum + one.missed, 0);
  const verdict = missed === 0 ? "Every budget is met." : `Budgets MISSED: ${missed}.`;
  return { text: [...reports.map(({ text }) => text), verdict].join("\n\n"), met: missed === 0 };
}

interface Row {
  readonly what: string;
  readonly cells: readonly (Judged | undefined)[];
  readonly budget: string;
}

function reportOne(title: string, measured: readonly Figures[]): { readonly text: string; readonly missed: number } {
  const rows = [
    ...LINES.map(({ what, budget, judge }) => ({ what, budget, cells: measured.map(judge) })),
    ...growth(measured),
  ];
  return {
    text: laidOut(title, measured, rows),
    missed: rows.flatMap(({ cells }) => cells).filter((cell) => cell?.verdict === "missed").length,
  };
}

/** A row is two lines: what it is, and one figure for each number of controllers. So it fits a terminal. */
function laidOut(title: string, measured: readonly Figures[], rows: readonly Row[]): string {
  const heads = measured.map(({ volumes }) => `${volumes} I/O`);
  const figures = rows.map(({ cells }) => cells.map(shown));
  const widths = heads.map((head, column) =>
    Math.max(...[head, ...figures.map((row) => row[column] ?? "")].map(({ length }) => length)),
  );
  const line = (cells: readonly string[]): string =>
    `    ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("    ")}`.trimEnd();
  const body = rows.flatMap(({ what, budget }, index) => [
    budget === "" ? what : `${what} (budget: ${budget})`,
    line(figures[index] ?? []),
  ]);
  return [title, line(heads), "", ...body].join("\n");
}

function growth(measured: readonly Figures[]): readonly Row[] {
  const [few, some, many] = measured;
  if (few === undefined || some === undefined || many === undefined) return [];
  const what = "CPU per extra controller at the start";
  return [
    { what, budget: `at most ${GROWTH} x the first step`, cells: [undefined, undefined, judgeGrowth(few, some, many)] },
  ];
}

function shown(judged: Judged | undefined): string {
  if (judged === undefined) return "";
  return judged.verdict === "missed" ? `${judged.text} MISSED` : judged.text;
}

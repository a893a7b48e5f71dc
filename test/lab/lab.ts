/** `npm run lab`: runs the checks of test/lab/checks on a real kernel. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { Seconds } from "../../src/core/domain/units.js";
import { reportMeasurements } from "./bench/report.js";
import { CHECK_LIMIT, type Check, GUESTS, KERNELS, USUAL_KERNELS, type KernelName } from "./check.js";
import { type Listed, loadChecks } from "./checks/index.js";
import { LabFailure } from "./host/failure.js";
import { Fleet } from "./host/fleet.js";
import type { GuestPlan, GuestReport } from "./host/hearing.js";
import { type Clock, VIRTUAL_CPUS, runShell } from "./host/qemu.js";
import { summarize } from "./report.js";

/** Time for boot and clean-up in a guest's limit. */
const BOOT_LIMIT = Seconds(60);

const DEFAULT_KERNEL: KernelName = "6.12";

interface Options {
  readonly all?: true;
  readonly kernel: KernelName;
  readonly only?: RegExp;
  readonly list?: true;
  readonly bench?: true;
  readonly shell?: true;
  readonly payloads?: string;
  readonly set?: Readonly<Record<string, string>>;
  readonly guests?: number;
  readonly cpus?: number;
  readonly memory: number;
  readonly clock?: Clock;
  readonly keep?: true;
  readonly repeat: number;
}

const options = new Command("npm run lab --")
  .description("runs the lab's checks in guests with a real kernel")
  .option("--all", "run on every kernel")
  .option("--kernel <release>", `run on this kernel: ${KERNELS.join(" or ")}`, kernelName, DEFAULT_KERNEL)
  .option("--only <pattern>", "run only the checks whose `guest: name` matches this regular expression", pattern)
  .option("--list", "list the checks and run none")
  .option("--bench", "measure the daemon instead of checking it")
  .option("--shell", "open a shell in a guest, on this terminal")
  .option("--payloads <folder>", "write the checks' payloads as KERNEL.NAME.json")
  .option("--set <name=value>", "a setting for checks; may be repeated", setting)
  .option("--guests <number>", "guests that run at once (default: 2; with --bench 1)", atLeastOne)
  .option(
    "--cpus <number>",
    "processors of a guest on the host's clock (default: 2; always 1 with the virtual clock)",
    atLeastOne,
  )
  .option("--memory <mib>", "memory of a guest in MiB", atLeastOne, 1024)
  .option(
    "--clock <which>",
    "virtual (the default; waits cost nothing) or host (the default with --bench and --shell)",
    clockName,
  )
  .option("--repeat <times>", "run each check this many times in its guest, one after the other", atLeastOne, 1)
  .option("--keep", "keep the guests' consoles even if every check passes")
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 64))
  .parse()
  .opts<Options>();

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof LabFailure)) throw error;
  console.error(`The lab cannot run: ${error.message}`);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  const all = (await loadChecks()).filter(({ file }) => (file === "bench") === (options.bench === true));
  const chosen = all.filter(({ check }) => options.only?.test(`${check.guest}: ${check.name}`) ?? true);
  if (options.list === true) {
    for (const {
      check: { name, guest, kernels },
    } of chosen) {
      console.log(`${guest}: ${name}${kernels === undefined ? "" : ` (${kernels.join(", ")})`}`);
    }
    return 0;
  }
  const fleet = await Fleet.prepare(process.cwd());
  if (options.shell === true) {
    await runShell(fleet.userland, await fleet.machine(planOf(options.kernel, "shell", [])));
    return 0;
  }
  const kernels =
    options.all === true
      ? KERNELS.filter((kernel) => USUAL_KERNELS.includes(kernel) || chosen.some(({ check }) => runsOn(check, kernel)))
      : [options.kernel];
  const reports = await runAll(fleet, plansFor(kernels, chosen));
  const summary = summarize(kernels, reports);
  if (options.payloads !== undefined) writePayloads(options.payloads, reports);
  console.log(`\n${summary.text}`);
  if (summary.passed && options.keep !== true) fleet.forget();
  const within = options.bench === true ? withinBudgets(reports) : true;
  return summary.passed && within ? 0 : 1;
}

/** Prints the measurements. Returns false if a budget is missed. */
function withinBudgets(reports: readonly GuestReport[]): boolean {
  const { text, met } = reportMeasurements(
    new Map(reports.flatMap(({ payloads }) => payloads.map(({ name, value }) => [name, value]))),
  );
  console.log(`\n${text}`);
  return met;
}

/** One guest per name that has checks, on every kernel. Guests of the same name are next to each other. */
function plansFor(kernels: readonly KernelName[], checks: readonly Listed[]): readonly GuestPlan[] {
  return GUESTS.flatMap((guest) =>
    kernels.flatMap((kernel) => {
      const own = checks.filter(({ check }) => check.guest === guest && runsOn(check, kernel));
      return own.length === 0 ? [] : [planOf(kernel, guest, own)];
    }),
  );
}

function runsOn({ kernels = USUAL_KERNELS }: Check, kernel: KernelName): boolean {
  return kernels.includes(kernel);
}

function planOf(kernel: KernelName, name: string, listed: readonly Listed[]): GuestPlan {
  const rounds = Array.from({ length: options.repeat }, () => listed).flat();
  const limits = rounds.map(({ check }) => check.limit ?? CHECK_LIMIT);
  return {
    kernel,
    name,
    job: {
      checks: rounds.map(({ check }) => check.name),
      files: [...new Set(listed.map(({ file }) => file))],
      settings: { kernel, ...options.set },
    },
    memoryMib: options.memory,
    cpus: cpusOf(options),
    clock: clockOf(options),
    limit: Seconds(limits.reduce<number>((sum, limit) => sum + limit, BOOT_LIMIT)),
  };
}

/** Runs the plans in order, several at once. The reports are in the order of the plans. */
async function runAll(fleet: Fleet, plans: readonly GuestPlan[]): Promise<readonly GuestReport[]> {
  // Parallel measurements disturb each other.
  const atOnce = options.guests ?? (options.bench === true ? 1 : 2);
  console.log(
    `${plans.length} guests, ${atOnce} at once, ${cpusOf(options)} processors each, ${clockOf(options)} clock`,
  );
  const began = performance.now();
  const reports = new Map<GuestPlan, GuestReport>();
  const waiting = [...plans];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      reports.set(next, await fleet.run(next, say));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  console.log(`${((performance.now() - began) / 1000).toFixed(0)} s`);
  return plans.flatMap((plan) => reports.get(plan) ?? []);
}

function say({ kernel, name }: GuestPlan, text: string): void {
  console.log(`${kernel} ${name}: ${text}`);
}

function writePayloads(folder: string, reports: readonly GuestReport[]): void {
  mkdirSync(folder, { recursive: true });
  for (const { plan, payloads } of reports) {
    for (const { name, value } of payloads) {
      writeFileSync(join(folder, `${plan.kernel}.${name}.json`), `${JSON.stringify(value, null, 2)}\n`);
    }
  }
}

function clockOf({ clock, bench, shell }: Options): Clock {
  return clock ?? (bench === true || shell === true ? "host" : "virtual");
}

function cpusOf(asked: Options): number {
  return clockOf(asked) === "virtual" ? VIRTUAL_CPUS : (asked.cpus ?? 2);
}

function clockName(text: string): Clock {
  if (text === "virtual" || text === "host") return text;
  throw new InvalidArgumentError("It must be virtual or host.");
}

function kernelName(text: string): KernelName {
  const known = KERNELS.find((name) => name === text);
  if (known === undefined) throw new InvalidArgumentError(`It must be ${KERNELS.join(" or ")}.`);
  return known;
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new InvalidArgumentError("It must be a regular expression.");
  }
}

function setting(text: string, before: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must be NAME=VALUE.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function atLeastOne(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError("It must be a whole number above 0.");
  return number;
}

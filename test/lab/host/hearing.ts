/** Listens to one guest: shows its messages as they come, and collects them into a report. */
import { readFileSync } from "node:fs";
import type { Seconds } from "../../../src/core/domain/units.js";
import type { KernelName } from "../check.js";
import { type CheckResult, type Job, type Message, messageSchema } from "../protocol.js";
import type { Clock, GuestEnd } from "./qemu.js";

/** How many last lines of a failed guest's console to show. */
const CONSOLE_LINES = 30;

/** One guest of a run. */
export interface GuestPlan {
  readonly kernel: KernelName;
  /** Its name in the output and of its folder. */
  readonly name: string;
  readonly job: Job;
  readonly memoryMib: number;
  readonly cpus: number;
  readonly clock: Clock;
  /** The guest is killed if it runs longer. */
  readonly limit: Seconds;
  /** Options for the guest's node, such as `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
}

export interface GuestReport {
  readonly plan: GuestPlan;
  readonly release: string;
  readonly checks: readonly CheckResult[];
  readonly payloads: readonly { readonly name: string; readonly value: unknown }[];
  /** Why the guest as a whole failed; undefined if it ended properly. */
  readonly trouble?: string;
  readonly seconds: number;
}

/** Shows a text to a person as it happens. */
export type Say = (guest: GuestPlan, text: string) => void;

/** The start of every record. Any other line is for a person to read. */
const RECORD = '{"kind":';

/** The most characters to show of a line that is not a record. */
const MAX_SHOWN = 1000;

/** On the host's clock a guest's uptime is shorter than qemu's, because the firmware runs first. */
const FIRMWARE_SECONDS = 3;

export class Hearing {
  readonly #plan: GuestPlan;
  readonly #say: Say;
  readonly #checks: CheckResult[] = [];
  readonly #payloads: { readonly name: string; readonly value: unknown }[] = [];
  readonly #began = performance.now();
  #release = "";
  #whole = false;
  #damaged = 0;

  constructor(plan: GuestPlan, say: Say) {
    this.#plan = plan;
    this.#say = say;
  }

  /** Handles a line from the guest. Returns `stop` if the guest is unusable. */
  line(text: string): "go on" | "stop" {
    const message = parse(text);
    if (message?.kind === "up") return this.#up(message.release, message.seconds);
    if (message !== undefined) this.#hear(message);
    else if (text.startsWith(RECORD)) this.#damaged += 1;
    else this.#say(this.#plan, text.slice(0, MAX_SHOWN));
    return "go on";
  }

  report(end: GuestEnd, consoleFile: string, seconds: number): GuestReport {
    const ran = this.#checks.map(({ name }) => name);
    // A check that is repeated has several results.
    const missing = this.#plan.job.checks.filter((name) => {
      const at = ran.indexOf(name);
      if (at >= 0) ran.splice(at, 1);
      return at < 0;
    });
    const whole = end.kind === "powered-off" && this.#whole && missing.length === 0 && this.#damaged === 0;
    return {
      plan: this.#plan,
      release: this.#release,
      checks: this.#checks,
      payloads: this.#payloads,
      seconds,
      ...(whole ? {} : { trouble: troubleOf(end, missing, this.#damaged, consoleFile) }),
    };
  }

  #up(release: string, seconds: number): "go on" | "stop" {
    this.#release = release;
    this.#say(this.#plan, `Linux ${release} up after ${seconds.toFixed(1)} s`);
    const real = (performance.now() - this.#began) / 1000;
    if (this.#plan.clock === "virtual" || isPlausible(seconds, real)) return "go on";
    this.#say(this.#plan, `its clock is wrong: ${real.toFixed(1)} s have passed`);
    return "stop";
  }

  #hear(message: Exclude<Message, { kind: "up" }>): void {
    switch (message.kind) {
      case "note":
        return this.#say(this.#plan, message.text);
      case "waiting":
        return this.#say(this.#plan, `waiting: ${message.text}`);
      case "check":
        this.#checks.push(message);
        return this.#say(this.#plan, formatCheck(message));
      case "payload":
        this.#payloads.push({ name: message.name, value: message.value });
        return;
      case "end":
        this.#whole = true;
        return;
    }
  }
}

/** A busy host can spoil the kernel's clock calibration: in one observed case, 557 s passed in 40. */
function isPlausible(up: number, real: number): boolean {
  return up < real * 1.05 && up > real * 0.7 - FIRMWARE_SECONDS;
}

function troubleOf(end: GuestEnd, missing: readonly string[], damaged: number, consoleFile: string): string {
  const notRun = missing.length === 0 ? "" : `; not run: ${missing.join(", ")}`;
  const last = readFileSync(consoleFile, "utf8").trimEnd().split(/\r?\n/).slice(-CONSOLE_LINES);
  const lost = damaged === 0 ? "" : `; damaged records: ${damaged}`;
  return [`the guest failed: ${endOf(end)}${notRun}${lost}`, `its console (${consoleFile}) ends:`, ...last].join(
    "\n  ",
  );
}

function endOf(end: GuestEnd): string {
  switch (end.kind) {
    case "powered-off":
      return "it ended before its last record";
    case "stopped":
      return "its clock was wrong at every boot: this machine is too busy to measure";
    case "killed":
      return `it ran for more than ${end.after} s`;
    case "failed":
      return end.reason;
  }
}

function parse(text: string): ReturnType<typeof messageSchema.parse> | undefined {
  if (!text.startsWith(RECORD)) return undefined;
  try {
    const read = messageSchema.safeParse(JSON.parse(text));
    return read.success ? read.data : undefined;
  } catch {
    // Not a record: shown unchanged.
    return undefined;
  }
}

/** One line for the result, then the reason and evidence of a failure. */
function formatCheck(check: CheckResult): string {
  const line = `${check.passed ? "ok    " : "FAILED"} ${check.name} (${check.assertions} assertions, ${check.seconds} s)`;
  const more = [check.reason, ...(check.evidence ?? [])].filter((text) => text !== undefined);
  return [line, ...more.flatMap((text) => text.split("\n")).map((text) => `       ${text}`)].join("\n");
}

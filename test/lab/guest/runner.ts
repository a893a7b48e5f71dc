/** Runs checks in the guest, one after the other, each from a clean start. */
import { Seconds } from "../../../src/core/domain/units.js";
import { CHECK_LIMIT, type Check } from "../check.js";
import { send } from "./channel.js";
import { kernelLog } from "./dmesg.js";
import { Lab } from "./lab.js";
import { Unmet } from "./expect.js";
import { waitingFor } from "./wait.js";

/** Allows for several processes and controllers that the kernel holds for a minute each. */
const CLEAN_LIMIT = Seconds(300);

/** Lines of each service's output and of the kernel log to show for a failure. */
const EVIDENCE_LINES = 40;

/**
 * Runs one check and reports the result to the host. A check without an assertion fails.
 * @returns false if the guest cannot run another check
 */
export async function runCheck(check: Check, settings: Readonly<Record<string, string>>): Promise<boolean> {
  const began = performance.now();
  const bootedAt = bootMicroseconds();
  const lab = new Lab(settings);
  waitingFor(check.name);
  let reason = await failureOf(() => check.run(lab), check.limit ?? CHECK_LIMIT);
  if (reason === undefined && lab.expect.count === 0) reason = "it asserted nothing";
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  const evidence =
    reason === undefined ? [] : [...lab.evidence(EVIDENCE_LINES), ...kernelLog(bootedAt).slice(-EVIDENCE_LINES)];
  const unclean = await failureOf(() => lab.clean(), CLEAN_LIMIT);
  const whole =
    unclean === undefined ? reason : [reason, `cleaning up afterwards: ${unclean}`].filter(Boolean).join("; ");
  const passed = whole === undefined;
  send({
    kind: "check",
    name: check.name,
    passed,
    assertions: lab.expect.count,
    seconds,
    ...(passed
      ? {}
      : { reason: whole, evidence: evidence.length > 0 ? evidence : kernelLog(bootedAt).slice(-EVIDENCE_LINES) }),
  });
  return unclean === undefined;
}

/** Undefined if the work succeeded; otherwise the reason. */
export async function failureOf(work: () => Promise<void>, limit: Seconds): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`it did not end within ${limit} s`), limit * 1000);
  });
  const ended = work().then(() => undefined, describe);
  const outcome = await Promise.race([ended, late]);
  clearTimeout(timer);
  return outcome;
}

function describe(error: unknown): string {
  if (error instanceof Unmet) return `${error.message}${placeOf(error)}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The line of the check that made the assertion. */
function placeOf(error: Error): string {
  const line = error.stack?.split("\n").find((frame) => /\/checks\/|\/contract\//.test(frame));
  return line === undefined
    ? ""
    : ` (${line
        .trim()
        .replace(/^at .*\/dist-tools\//, "")
        .replace(/\)$/, "")})`;
}

function bootMicroseconds(): number {
  return Math.floor(Number(process.hrtime.bigint() / 1000n));
}

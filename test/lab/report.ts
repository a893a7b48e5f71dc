/** The summary of a lab run: one line per check, and the counts of each kernel. */
import type { KernelName } from "./check.js";
import type { GuestReport } from "./host/hearing.js";

interface Summary {
  readonly text: string;
  /** Whether every check ran and passed, and at least one ran on every kernel. */
  readonly passed: boolean;
}

export function summarize(kernels: readonly KernelName[], reports: readonly GuestReport[]): Summary {
  const parts = kernels.map((kernel) =>
    summarizeKernel(
      kernel,
      reports.filter(({ plan }) => plan.kernel === kernel),
    ),
  );
  return {
    text: parts.map(({ text }) => text).join("\n\n"),
    passed: parts.length > 0 && parts.every(({ passed }) => passed),
  };
}

function summarizeKernel(kernel: KernelName, reports: readonly GuestReport[]): Summary {
  const release = reports.map((report) => report.release).find((text) => text !== "") ?? "never up";
  const lines: string[] = [];
  let passed = 0;
  let failed = 0;
  let assertions = 0;
  for (const { plan, checks, trouble } of reports) {
    for (const check of checks) {
      const verdict = check.passed ? "ok    " : "FAILED";
      lines.push(`${verdict} ${plan.name}: ${check.name} (${check.assertions} assertions, ${check.seconds} s)`);
      if (check.reason !== undefined) lines.push(`         ${check.reason.split("\n")[0] ?? ""}`);
      passed += check.passed ? 1 : 0;
      failed += check.passed ? 0 : 1;
      assertions += check.assertions;
    }
    if (trouble !== undefined) {
      failed += 1;
      lines.push(`FAILED ${plan.name}: ${trouble}`);
    }
  }
  if (passed + failed === 0) {
    failed = 1;
    lines.push("FAILED no check ran");
  }
  lines.push(`${passed} passed, ${failed} failed, ${assertions} assertions`);
  return {
    text: [`Linux ${kernel} (${release})`, ...lines.map((line) => `  ${line}`)].join("\n"),
    passed: failed === 0,
  };
}

import type { WorldSpec } from "../../adapters/sim/spec.js";
import { isDaemon } from "../observers/connections.js";
import { failed } from "../observers/observer.js";
import type { Oracle } from "./oracle.js";

/** Shorter values are not secrets, and would match everywhere. */
const SECRET_CHARS_MIN = 8;

/** How many leaks are reported: one leak shows in many lines of the trace. */
const LEAKS_REPORTED_MAX = 3;

const SECRET_PATTERNS = [
  /dhchap-(?:ctrl-)?secret\s*=\s*([^;\s]+)/g,
  /(DHHC-1:[^;\s"]+)/g,
  /^\s*key\s*=\s*([^\s/]+)$/gm,
];

/** Every literal secret in the files of a host. */
export function secretsOf(files: WorldSpec["host"]["files"]): readonly string[] {
  const secrets = new Set<string>();
  for (const [path, text] of Object.entries(files)) {
    for (const pattern of SECRET_PATTERNS) {
      for (const match of text.matchAll(pattern)) secrets.add(match[1] ?? "");
    }
    if (path.endsWith("/hostkey")) secrets.add(text.trim().split(/\s+/)[0] ?? "");
  }
  return [...secrets].filter((secret) => secret.length >= SECRET_CHARS_MIN).sort();
}

/** No secret is in any record of the trace (events, calls, log, bus answers) or in any file that a daemon writes. */
export const noSecret: Oracle = {
  name: "no-secret-leaves",
  observe(view, report) {
    let leaks = 0;
    const leaked = (observed: string): void => {
      if (++leaks > LEAKS_REPORTED_MAX) return;
      report(
        "secrets stay in the files they came from",
        failed(
          observed,
          "the core sees only `secret:N`; the adapters put the secret back when they write to the kernel",
        ),
      );
    };
    return {
      leaked(line) {
        leaked(`a record of the trace holds a secret: ${line.slice(0, 200)}`);
      },
      observed(seen) {
        if (seen.kind !== "file-written" || !isDaemon(seen.by) || view.secrets.length === 0) return;
        const text = view.readFile(seen.path) ?? "";
        if (view.secrets.some((secret) => text.includes(secret))) leaked(`${seen.by} wrote a secret to ${seen.path}`);
      },
    };
  },
};

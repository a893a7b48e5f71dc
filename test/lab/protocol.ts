/** Messages from a guest to its host: one JSON record per line, over the second serial port. */
import { z } from "zod";
import type { CheckFile } from "./checks/index.js";

export const messageSchema = z.discriminatedUnion("kind", [
  /** Node has started in the guest. */
  z.object({ kind: z.literal("up"), release: z.string(), seconds: z.number() }),
  /** A line for a person to read. */
  z.object({ kind: z.literal("note"), text: z.string() }),
  /** A check waits for something. */
  z.object({ kind: z.literal("waiting"), check: z.string(), text: z.string() }),
  z.object({
    kind: z.literal("check"),
    name: z.string(),
    passed: z.boolean(),
    assertions: z.number(),
    seconds: z.number(),
    /** Why it failed, and log lines that may explain it. */
    reason: z.string().optional(),
    evidence: z.array(z.string()).optional(),
  }),
  /** What a check measured or observed, for `--payloads` on the host. */
  z.object({ kind: z.literal("payload"), name: z.string(), value: z.unknown() }),
  /** The job is finished: every requested check ran. */
  z.object({ kind: z.literal("end") }),
]);

export type Message = z.infer<typeof messageSchema>;
export type CheckResult = Extract<Message, { kind: "check" }>;

/** A guest's job: /job/job.json in its file system. */
export interface Job {
  /** Names of the checks to run, and the files that define them. */
  readonly checks: readonly string[];
  readonly files: readonly CheckFile[];
  /** Settings that a check or measurement interprets itself. */
  readonly settings: Readonly<Record<string, string>>;
}

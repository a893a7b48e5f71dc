/** What a guest tells its host: a JSON record a line, over its second serial port. */
import { z } from "zod";
import type { CheckFile } from "./checks/index.js";

export const messageSchema = z.discriminatedUnion("kind", [
  /** The guest's node runs. */
  z.object({ kind: z.literal("up"), release: z.string(), seconds: z.number() }),
  /** A line for a person. */
  z.object({ kind: z.literal("note"), text: z.string() }),
  /** A check waits for something. */
  z.object({ kind: z.literal("waiting"), check: z.string(), text: z.string() }),
  z.object({
    kind: z.literal("check"),
    name: z.string(),
    passed: z.boolean(),
    assertions: z.number(),
    seconds: z.number(),
    /** Why it failed, and what may explain it: logs, a line each. */
    reason: z.string().optional(),
    evidence: z.array(z.string()).optional(),
  }),
  /** What a check measured or observed, for whoever asked for it on the host. */
  z.object({ kind: z.literal("payload"), name: z.string(), value: z.unknown() }),
  /** Everything that was asked for was run. */
  z.object({ kind: z.literal("end") }),
]);

export type Message = z.infer<typeof messageSchema>;
export type CheckResult = Extract<Message, { kind: "check" }>;

/** What a guest is to do: /job/job.json in its file system. */
export interface Job {
  /** Names of checks, and the files that they are in. */
  readonly checks: readonly string[];
  readonly files: readonly CheckFile[];
  /** Settings of a check or a measurement, as its own code understands them. */
  readonly settings: Readonly<Record<string, string>>;
}

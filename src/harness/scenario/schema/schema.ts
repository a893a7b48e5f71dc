/** The one definition of scenario format 1. */
import { z } from "zod";
import * as defaults from "../defaults.js";
import { expectations } from "./expect.js";
import * as p from "./parts.js";
import { step } from "./timeline.js";
import { fabric, host, network } from "./world.js";

const EXPECTATION =
  "one of { at, connected }, { at, disconnected }, { throughout, connected }, { within, of, connected or disconnected }, " +
  "{ never }, { count }, { log }, { at, state }, { at, file }, { at, process }, { settled }";

export const expectation = p
  .oneOf(EXPECTATION, [
    expectations.connected,
    expectations.disconnected,
    expectations.throughout,
    expectations.within,
    expectations.never,
    expectations.count,
    expectations.log,
    expectations.state,
    expectations.file,
    expectations.process,
    expectations.settled,
  ])
  .meta({ id: "expectation", description: "What must be seen." });

export const scenarioSchema = p.record({
  format: z.literal(1, { error: "1, the only format there is" }).describe("Version of this format."),
  title: p.line("a title").describe("What happens, in one line."),
  origin: p
    .line("where this comes from")
    .optional()
    .describe("Where this comes from: a bug report, a seed, a recording."),
  seed: p.integer(0, 0xffff_ffff).default(defaults.DEFAULT_SEED).describe("Seed of every random stream."),
  host: host.prefault({}),
  network: network.prefault({}),
  fabric: fabric.prefault({}),
  timeline: p.list(step, "a list of steps").default([]),
  expect: p.list(expectation, "a list of expectations").default([]),
  until: p.duration.optional().describe("When the run ends; 60s after the last time mentioned where absent."),
});

/** A scenario as a file spells it, before defaults. */
export type ScenarioRecord = z.input<typeof scenarioSchema>;

/** A scenario as a file spells it, defaults filled in. */
export type FullRecord = z.output<typeof scenarioSchema>;

/** The published JSON Schema (draft 7, which editors know best), as the text of its file. */
export function jsonSchemaText(): string {
  const schema = z.toJSONSchema(scenarioSchema, { io: "input", target: "draft-7" });
  const titled = { ...schema, title: "stas scenario, format 1" };
  return `${JSON.stringify(titled, undefined, 2)}\n`;
}

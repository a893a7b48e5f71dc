/** Writes a scenario back as a file, so that a world that failed is always a scenario. */
import { Document, isMap, isScalar, isSeq, visit, type YAMLMap, type YAMLSeq } from "yaml";
import { spellDuration } from "./duration.js";
import { given } from "./resolve/scope.js";
import type { ScenarioRecord } from "./schema/schema.js";
import type { ScenarioBody } from "./types.js";
import { expectationRecord, stepRecord } from "./write/timeline.js";
import { fabricRecord, filled, hostRecord, networkRecord, some, unless } from "./write/world.js";
import { DEFAULT_SEED } from "./defaults.js";

/** Longest line that is folded; what is longer stands on one line, so that texts stay whole. */
const LINE_WIDTH = 0;

/**
 * The text of a file that `parseScenario` reads as this scenario again. What equals its default is
 * left out, but never `until`. The scenario must be one that the parser could have made.
 */
export function formatScenario(scenario: ScenarioBody): string {
  return formatRecord(scenarioRecord(scenario));
}

/** The scenario as the file spells it. */
export function scenarioRecord(scenario: ScenarioBody): ScenarioRecord {
  const { world, until } = scenario;
  return {
    format: 1,
    title: scenario.title,
    ...given({
      origin: scenario.origin,
      seed: unless(scenario.seed, DEFAULT_SEED),
      host: filled(hostRecord(world.host, scenario.autostart)),
      network: filled(networkRecord(world.network)),
      fabric: filled(fabricRecord(world.fabric)),
      timeline: some(scenario.timeline.map(stepRecord)),
      expect: some(scenario.expectations.map((expectation) => expectationRecord(expectation, until))),
    }),
    until: spellDuration(until),
  };
}

/** Records of a list stand on one line each where that is not too long, so that a change of one is a change of one line. */
export function formatRecord(record: ScenarioRecord): string {
  const document = new Document(record, { aliasDuplicateObjects: false });
  visit(document, {
    Seq: (_, seq) => {
      for (const item of seq.items) {
        if ((isMap(item) || isSeq(item)) && isShort(item)) item.flow = true;
      }
      seq.flow = seq.items.every((item) => isScalar(item));
    },
  });
  return document.toString({ lineWidth: LINE_WIDTH });
}

/** Characters, as JSON, that a record may have to stand on one line. */
const RECORD_WIDTH_MAX = 120;

function isShort(node: YAMLMap | YAMLSeq): boolean {
  const text = JSON.stringify(node);
  // A text of several lines is for a block.
  return text.length <= RECORD_WIDTH_MAX && !text.includes("\\n");
}

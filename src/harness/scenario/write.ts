/** Writes a scenario back as a file, so that a world that failed is always a scenario. */
import { Document, isMap, isScalar, isSeq, visit, type YAMLMap, type YAMLSeq } from "yaml";
import { z } from "zod";
import { openWindow } from "../vocabulary/expectations/window.js";
import { scenario as scenarioPart, type ScenarioDraft } from "../vocabulary/scenario.js";
import type { ScenarioBody } from "./types.js";

/** Longest line that is folded; what is longer stands on one line, so that texts stay whole. */
const LINE_WIDTH = 0;

/** Characters, as JSON, that a record may have to stand on one line. */
const RECORD_WIDTH_MAX = 120;

/**
 * The text of a file that `parseScenario` reads as this scenario again. What equals its default is
 * left out, but never `until`. The scenario must be one that the parser could have made.
 */
export function formatScenario(scenario: ScenarioBody): string {
  return formatRecord(z.encode(scenarioPart.codec, draftOf(scenario)));
}

function draftOf({ world, autostart, expectations, until, ...scenario }: ScenarioBody): ScenarioDraft {
  return {
    ...scenario,
    host: { ...world.host, autostart },
    network: world.network,
    fabric: world.fabric,
    expect: expectations.map((expectation) => openWindow(expectation, until)),
    until,
  };
}

/** Records of a list stand on one line each where that is not too long, so that a change of one is a change of one line. */
function formatRecord(record: unknown): string {
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

function isShort(node: YAMLMap | YAMLSeq): boolean {
  const text = JSON.stringify(node);
  // A text of several lines is for a block.
  return text.length <= RECORD_WIDTH_MAX && !text.includes("\\n");
}

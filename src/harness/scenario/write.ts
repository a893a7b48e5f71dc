/** Writes a scenario back to a file, so that every world that fails becomes a scenario. */
import { Document, isMap, isScalar, isSeq, visit, type YAMLMap, type YAMLSeq } from "yaml";
import { z } from "zod";
import { openWindow } from "../vocabulary/expectations/window.js";
import { scenario as scenarioPart, type ScenarioDraft } from "../vocabulary/scenario.js";
import type { ScenarioBody } from "./types.js";

/** 0: never folds a line, so that texts stay whole. */
const LINE_WIDTH = 0;

/** The longest record, in characters of JSON, that is written on one line. */
const RECORD_WIDTH_MAX = 120;

/**
 * Writes the text of a file that `parseScenario` reads back as this scenario. Leaves out what equals its default, but
 * never `until`. The scenario must be one that the parser could return.
 */
export function formatScenario(scenario: ScenarioBody): string {
  return formatRecord(recordOf(scenario));
}

/** The plain record that the file of a scenario holds. Values that are `undefined` are not in the file. */
export function recordOf(scenario: ScenarioBody): unknown {
  return z.encode(scenarioPart.codec, draftOf(scenario));
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

/** Writes each short record of a list on one line, so that a change of one record is a change of one line. */
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
  // A text of several lines becomes a block.
  return text.length <= RECORD_WIDTH_MAX && !text.includes("\\n");
}

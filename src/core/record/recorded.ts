/** The record of a service: which controllers are ours, and what staf last read from them. */
import { DecodeError } from "../codec/error.js";
import {
  readArray,
  readField,
  readInteger,
  readJson,
  readOneOf,
  readOptional,
  readString,
  type JsonCursor,
} from "../codec/json.js";
import type { Controller, DiscoveryControllerState, IoControllerState, Origin, Page } from "../state/controller.js";
import { Milliseconds } from "../domain/units.js";
import type { TransportId } from "../domain/transport-id.js";
import type { ServiceName } from "../ports/bus.js";
import { controllerFromBus, controllerToBus, entryFromBus, entryToBus } from "../codec/bus-format.js";
import type { CoreState } from "../state/state.js";

/** The version of the format. */
const FORMAT = 1;

const ORIGINS = ["configured", "nbft", "referral", "discovered"] as const satisfies readonly Origin[];

/** How a record spells a flag. */
const YES_OR_NO = ["yes", "no"] as const;

export interface RecordedDc {
  readonly tid: TransportId;
  readonly hostName: string;
  readonly origin: Origin;
  readonly page: Page;
  /** Since when it has been neither announced nor connected, by the wall clock. */
  readonly absentSince: Milliseconds | undefined;
}

export interface RecordedIo {
  readonly tid: TransportId;
  readonly hostName: string;
  readonly configured: boolean;
  readonly listedBy: readonly string[];
}

/** The text of a service's record: every controller it has, also those not connected yet. */
export function recordText(state: CoreState, service: ServiceName): string {
  const controllers: unknown[] = [];
  for (const controller of state.controllers.values()) {
    if (controller.service !== service) continue;
    controllers.push(controller.service === "staf" ? dcToJson(state, controller) : ioToJson(controller));
  }
  return `${JSON.stringify({ format: FORMAT, controllers })}\n`;
}

function idToJson({ tid, hostName }: Controller) {
  const { device: _, ...fields } = controllerToBus(tid, undefined);
  return hostName === "" ? fields : { ...fields, "host-name": hostName };
}

function readHostName(cursor: JsonCursor): string {
  const name = readOptional(cursor, "host-name");
  return name === undefined ? "" : readString(name);
}

function dcToJson({ mdns }: CoreState, controller: DiscoveryControllerState) {
  const { origin, page } = controller;
  const known = page.known === "yes" ? { genctr: page.genctr, entries: page.entries.map(entryToBus) } : undefined;
  const absentSince = mdns.absences.get(controller.id)?.since?.wall;
  return { ...idToJson(controller), origin, page: known, "absent-since": absentSince };
}

function ioToJson(controller: IoControllerState) {
  const configured = controller.configured ? "yes" : "no";
  return { ...idToJson(controller), configured, "listed-by": controller.listedBy };
}

/**
 * Reads a record. Throws DecodeError if it is damaged or from another version: then nothing is known, and nothing counts as
 * ours.
 */
function readControllers(text: string): readonly JsonCursor[] {
  const root = readJson(text);
  const format = readInteger(readField(root, "format"), 0);
  if (format !== FORMAT) throw new DecodeError("state file", `format ${String(format)} is not known`);
  return readArray(readField(root, "controllers"));
}

export function readRecordedDcs(text: string): readonly RecordedDc[] {
  return readControllers(text).map((cursor) => {
    const page = readOptional(cursor, "page");
    const absentSince = readOptional(cursor, "absent-since");
    return {
      tid: controllerFromBus(cursor),
      hostName: readHostName(cursor),
      origin: readOneOf(readField(cursor, "origin"), ORIGINS),
      absentSince: absentSince === undefined ? undefined : Milliseconds(readInteger(absentSince, 0)),
      page:
        page === undefined
          ? { known: "no" }
          : {
              known: "yes",
              genctr: readString(readField(page, "genctr")),
              entries: readArray(readField(page, "entries")).map(entryFromBus),
            },
    };
  });
}

export function readRecordedIos(text: string): readonly RecordedIo[] {
  return readControllers(text).map((cursor) => ({
    tid: controllerFromBus(cursor),
    hostName: readHostName(cursor),
    configured: readOneOf(readField(cursor, "configured"), YES_OR_NO) === "yes",
    listedBy: readArray(readField(cursor, "listed-by")).map(readString),
  }));
}

/** Sources that have not said everything yet, as staf tells them to stac: a key beside those of nvme-stas. */
import { controllerFromBus, controllerToBus } from "./bus-format.js";
import { readField, readInteger, readOneOf, readString, type JsonCursor } from "./json.js";
import type { OpenSource, Source } from "../domain/open-source.js";
import { between, Milliseconds } from "../domain/units.js";

const KINDS = [
  "page",
  "name",
  "service",
  "mdns",
  "boot-table",
  "config",
  "staf",
] as const satisfies readonly Source["kind"][];

/** An open source as a dictionary. Its clock is that of this process, so it tells how long it has been open. */
export function openToBus({ source, since }: OpenSource, now: Milliseconds): object {
  return { ...fieldsOf(source), "for-ms": between(since, now) };
}

function fieldsOf(source: Source): object {
  switch (source.kind) {
    case "page": {
      const { dc: _, ...fields } = source;
      return fields;
    }
    case "name":
      return { kind: source.kind, file: source.file };
    case "service":
      return { kind: source.kind };
    case "mdns":
    case "boot-table":
    case "config":
    case "staf":
      return source;
  }
}

/** The dictionary of a discovery controller for a source: what it may lead to, as far as that is known. */
export function sourceToBus(source: Source): object {
  switch (source.kind) {
    case "page":
    case "service":
      return controllerToBus(source.dc, undefined);
    case "name":
      return controllerToBus(source.stands, undefined);
    case "mdns":
    case "boot-table":
    case "config":
    case "staf":
      return NO_CONTROLLER;
  }
}

const NO_CONTROLLER = {
  transport: "",
  traddr: "",
  trsvcid: "",
  subsysnqn: "",
  "host-traddr": "",
  "host-iface": "",
  "host-nqn": "",
  device: "nvme?",
};

/** Decodes an open source. Throws DecodeError. */
export function openFromBus(open: JsonCursor, controller: JsonCursor, now: Milliseconds): OpenSource {
  const since = Milliseconds(now - readInteger(readField(open, "for-ms"), 0));
  return { source: sourceFromBus(open, controller), since };
}

function sourceFromBus(open: JsonCursor, controller: JsonCursor): Source {
  const kind = readOneOf(readField(open, "kind"), KINDS);
  const text = (key: string): string => readString(readField(open, key));
  switch (kind) {
    case "page": {
      const read = readOneOf(readField(open, "read"), ["never", "news"] as const);
      return { kind, dc: controllerFromBus(controller), read, because: text("because") };
    }
    case "name":
      return { kind, stands: controllerFromBus(controller), file: text("file") };
    case "service":
      return { kind, dc: controllerFromBus(controller) };
    case "mdns":
      return { kind, lacks: readOneOf(readField(open, "lacks"), ["time", "provider"] as const) };
    case "boot-table":
      return { kind, path: text("path") };
    case "config":
      return { kind, file: text("file") };
    case "staf":
      return { kind, because: text("because") };
  }
}

/** What stafd.conf and stacd.conf share. */
import type { ServiceName } from "../ports/bus.js";
import { parseControllerEntry, transportIdOf, type EntryUse } from "./controller-entry.js";
import { CONNECTION_DEFINITIONS, OPTIONS, SECTIONS } from "./definitions.js";
import { parseIni } from "./ini.js";
import { ConfigReader, didYouMean, quote } from "./reader.js";
import type { CommonConfig, ConfigNote, ControllerEntry, Parsed } from "./types.js";
import { CONNECTION_KEYS, NO_OPTIONS, type ConnectionOptions } from "../domain/connection-options.js";

type Draft = { -readonly [K in keyof ConnectionOptions]: ConnectionOptions[K] };

function readOption<K extends keyof Draft>(reader: ConfigReader, key: K, into: Pick<Draft, K>): void {
  into[key] = reader.scalar<Draft[K]>(CONNECTION_DEFINITIONS[key]);
}

function readConnection(reader: ConfigReader): ConnectionOptions {
  const options: Draft = { ...NO_OPTIONS };
  for (const key of CONNECTION_KEYS) readOption(reader, key, options);
  return options;
}

function readEntries(reader: ConfigReader, names: readonly string[], use: EntryUse): readonly ControllerEntry[] {
  const entries: ControllerEntry[] = [];
  for (const value of names.flatMap((name) => reader.values(SECTIONS.controllers, name))) {
    const { entry, notes } = parseControllerEntry(use, value.text, value.line);
    for (const note of notes) reader.note(note.level, value.line, note.text);
    if (entry !== undefined) entries.push(entry);
  }
  return entries.sort((a, b) => a.line - b.line);
}

/** Notes the entries that can connect to nothing or exclude nothing. */
function checkEntries(reader: ConfigReader, config: CommonConfig): void {
  const { ignoreIface } = config;
  for (const entry of config.controllers) {
    const id = transportIdOf(entry, { service: reader.service, ignoreIface });
    if ("missing" in id) reader.note("error", entry.line, `controller: ${id.missing} is missing; the line is ignored`);
  }
  for (const entry of config.excludes) {
    if (ignoreIface && entry.hostIface !== "")
      reader.note("warning", entry.line, "exclude: host-iface matches nothing while ignore-iface is true");
  }
}

function readCommon(reader: ConfigReader): CommonConfig {
  return {
    file: reader.file,
    tron: reader.scalar(OPTIONS.tron),
    connection: readConnection(reader),
    ignoreIface: reader.scalar(OPTIONS.ignoreIface),
    ipFamilies: reader.scalar(OPTIONS.ipFamilies),
    controllers: readEntries(reader, ["controller"], "controller"),
    excludes: readEntries(reader, ["exclude", "blacklist"], "exclude"),
  };
}

/** Notes the entries that bind to an interface which this host does not have now. */
export function missingInterfaces(config: CommonConfig, present: readonly string[]): readonly ConfigNote[] {
  if (config.ignoreIface) return [];
  return config.controllers.flatMap(({ hostIface, line }): readonly ConfigNote[] => {
    if (hostIface === "" || present.includes(hostIface)) return [];
    const near = didYouMean(hostIface, present);
    const text = `controller: host-iface ${quote(hostIface)} is not an interface of this host now${near}. Nothing connects over it before it appears, unless it is an alternative name (altname in ip link)`;
    return [{ level: "warning", file: config.file, line, text }];
  });
}

/** Parses a service's file. `specific` reads the options that only that service has. */
export function parseConfig<Config extends CommonConfig>(
  service: ServiceName,
  file: string,
  text: string,
  specific: (reader: ConfigReader, common: CommonConfig) => Config,
): Parsed<Config> {
  const ini = parseIni(text);
  if (!ini.ok) {
    const problem = `this line is not valid: ${ini.problem}; the whole file is ignored`;
    return { ok: false, notes: [{ level: "error", file, line: ini.line, text: problem }] };
  }
  const reader = new ConfigReader(service, file, ini.sections);
  reader.checkNames();
  const value = specific(reader, readCommon(reader));
  checkEntries(reader, value);
  return { ok: true, value, notes: reader.notes };
}

/** The configuration of an empty file. */
export function defaultConfig<Config extends CommonConfig>(
  service: ServiceName,
  file: string,
  specific: (reader: ConfigReader, common: CommonConfig) => Config,
): Config {
  const reader = new ConfigReader(service, file, new Map());
  return specific(reader, readCommon(reader));
}

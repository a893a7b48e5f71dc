/** `/etc/stas/stafd.conf`. */
import { defaultConfig, parseConfig } from "./common.js";
import { LEGACY_PERSISTENT, OPTIONS } from "./definitions.js";
import type { ConfigReader } from "./reader.js";
import type { CommonConfig, Parsed, StafConfig } from "./types.js";

/** True if neither section gives the option, or if one of them says true. */
function readPersistent(reader: ConfigReader): boolean {
  const current = reader.scalar(OPTIONS.persistent);
  const legacy = reader.scalar(LEGACY_PERSISTENT);
  if (current === undefined && legacy === undefined) return true;
  return current === true || legacy === true;
}

function complete(reader: ConfigReader, common: CommonConfig): StafConfig {
  const persistence = reader.scalar(OPTIONS.zeroconfPersistence);
  const refresh = reader.scalar(OPTIONS.logPageRefresh);
  return {
    ...common,
    pleo: reader.scalar(OPTIONS.pleo),
    zeroconf: reader.scalar(OPTIONS.zeroconf),
    persistentConnections: readPersistent(reader),
    zeroconfPersistence: persistence === "forever" ? undefined : persistence,
    logPageRefresh: refresh === "never" ? undefined : refresh,
    mdnsProvider: reader.scalar(OPTIONS.mdnsProvider),
    zeroconfGoodbye: reader.scalar(OPTIONS.zeroconfGoodbye),
  };
}

/** Parses stafd.conf. It fails only on a line that invalidates the whole file; every other problem is a note. */
export function parseStafConfig(file: string, text: string): Parsed<StafConfig> {
  return parseConfig("staf", file, text, complete);
}

/** The configuration without a file. */
export function defaultStafConfig(file: string): StafConfig {
  return defaultConfig("staf", file, complete);
}

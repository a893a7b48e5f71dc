/** `/etc/stas/stacd.conf`. */
import { defaultConfig, parseConfig } from "./common.js";
import { OPTIONS } from "./definitions.js";
import type { ConfigReader } from "./reader.js";
import type { CommonConfig, Parsed, StacConfig } from "./types.js";

function complete(reader: ConfigReader, common: CommonConfig): StacConfig {
  return {
    ...common,
    disconnectScope: reader.scalar(OPTIONS.disconnectScope),
    disconnectTrtypes: reader.scalar(OPTIONS.disconnectTrtypes),
    connectAttemptsOnNcc: reader.scalar(OPTIONS.connectAttemptsOnNcc),
  };
}

/** Parses stacd.conf. It fails only on a line that invalidates the whole file; every other problem is a note. */
export function parseStacConfig(file: string, text: string): Parsed<StacConfig> {
  return parseConfig("stac", file, text, complete);
}

/** The configuration without a file. */
export function defaultStacConfig(file: string): StacConfig {
  return defaultConfig("stac", file, complete);
}

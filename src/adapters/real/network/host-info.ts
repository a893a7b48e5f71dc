/** The host's name and its operating system's, for registration. */
import { hostname, release, type } from "node:os";
import type { HostInfo } from "../../../core/ports/network.js";
import { readWhole } from "../files.js";

/** os-release(5): the first that is there counts alone. */
export const OS_RELEASE: readonly string[] = ["/etc/os-release", "/usr/lib/os-release"];

/** What os-release(5) prescribes where nothing is said. */
const UNNAMED = "Linux";

const FILE_CHARS_MAX = 65_536;

/** Longer than any real name, and short enough for a log line. */
const VALUE_CHARS_MAX = 256;

/** Reads what is asked for once, when it is asked for. A file that cannot be read counts as empty. */
export function readHostInfo(osRelease: readonly string[]): HostInfo {
  const fields = parseOsRelease(firstText(osRelease));
  const field = (key: string): string => fields.get(key) ?? "";
  return {
    hostName: clean(hostname()),
    kernel: clean(`${type()} ${release()}`),
    osName: field("NAME") || field("PRETTY_NAME") || UNNAMED,
    osVersion: field("VERSION_ID"),
  };
}

function firstText(paths: readonly string[]): string {
  for (const path of paths) {
    const read = readWhole(path);
    if (read.ok) return read.value.toString("utf8");
  }
  return "";
}

/**
 * The assignments of an os-release file: `KEY=value`, quoted as a shell quotes. The last of a key counts; a line that is no
 * assignment is passed over. Values hold no control characters and at most 256 characters.
 */
function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.slice(0, FILE_CHARS_MAX).split("\n")) {
    const match = /^\s*([A-Z][A-Z0-9_]*)=(.*)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) fields.set(match[1], clean(unquote(match[2].trim())));
  }
  return fields;
}

/** Single quotes keep all; double quotes and bare text take a backslash before a character for the character. */
function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value);
  if (quoted?.[1] === "'") return quoted[2] ?? "";
  return (quoted?.[2] ?? value).replace(/\\(.)/g, "$1");
}

function clean(value: string): string {
  return value.replace(/[\x00-\x1f\x7f-\x9f]/g, "").slice(0, VALUE_CHARS_MAX);
}

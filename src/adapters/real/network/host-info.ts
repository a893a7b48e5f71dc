/** The names of the host and of its operating system, for registration. */
import { hostname, release, type } from "node:os";
import type { HostInfo } from "../../../core/ports/network.js";
import { readWhole } from "../files.js";

/** os-release(5): only the first file that exists counts. */
export const OS_RELEASE: readonly string[] = ["/etc/os-release", "/usr/lib/os-release"];

/** The default NAME of os-release(5). */
const UNNAMED = "Linux";

const FILE_CHARS_MAX = 65_536;

/** Longer than any real name, and short enough for a log line. */
const VALUE_CHARS_MAX = 256;

/** Reads the host's data now. A file that cannot be read counts as empty. */
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
 * Parses the assignments of an os-release file: `KEY=value`, quoted as in a shell. The last assignment of a key counts; other
 * lines are skipped. Values contain no control characters and at most 256 characters.
 */
function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.slice(0, FILE_CHARS_MAX).split("\n")) {
    const match = /^\s*([A-Z][A-Z0-9_]*)=(.*)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) fields.set(match[1], clean(unquote(match[2].trim())));
  }
  return fields;
}

/** Single quotes keep everything; in double quotes and bare text, a backslash escapes the next character. */
function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value);
  if (quoted?.[1] === "'") return quoted[2] ?? "";
  return (quoted?.[2] ?? value).replace(/\\(.)/g, "$1");
}

function clean(value: string): string {
  return value.replace(/[\x00-\x1f\x7f-\x9f]/g, "").slice(0, VALUE_CHARS_MAX);
}

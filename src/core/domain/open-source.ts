/**
 * Sources of what is wanted that have not said everything yet. While one is open, anything may still be wanted: nothing is
 * disconnected for being unlisted.
 */
import { formatTransportId, transportIdKey, type TransportId } from "./transport-id.js";
import { between, formatDuration, type Milliseconds } from "./units.js";

export type Source =
  /** The log page of a discovery controller. `news`: it was read, and may list something else by now. */
  | { readonly kind: "page"; readonly dc: TransportId; readonly read: "never" | "news"; readonly because: string }
  /** A host name without an answer. `stands`: the transport id that it stands in, in place of the address. */
  | { readonly kind: "name"; readonly stands: TransportId; readonly file: string }
  /** A service announced over mDNS that has not accepted a connection. */
  | { readonly kind: "service"; readonly dc: TransportId }
  /** mDNS discovery as a whole: its first window is not over, or nothing provides it. */
  | { readonly kind: "mdns"; readonly lacks: "time" | "provider" }
  /** A table of the boot firmware that cannot be read. */
  | { readonly kind: "boot-table"; readonly path: string }
  /** A configuration file that was never read whole. */
  | { readonly kind: "config"; readonly file: string }
  /** staf as a whole. */
  | { readonly kind: "staf"; readonly because: string };

export interface OpenSource {
  readonly source: Source;
  /** By the clock of this process. */
  readonly since: Milliseconds;
}

/** Equal for two values exactly if they mean the same source. */
export function sourceKey(source: Source): string {
  switch (source.kind) {
    case "page":
    case "service":
      return pageKey(source.dc);
    case "name":
      return `name ${transportIdKey(source.stands)}`;
    case "boot-table":
      return `boot-table ${source.path}`;
    case "config":
      return `config ${source.file}`;
    case "mdns":
    case "staf":
      return source.kind;
  }
}

/** The key of a discovery controller's page as a source. */
export function pageKey(dc: TransportId): string {
  return `dc ${transportIdKey(dc)}`;
}

/** What has to happen for a source to have spoken, and for how long it has not: the end of a sentence with "until". */
export function untilSpoken({ source, since }: OpenSource, now: Milliseconds): string {
  const time = formatDuration(between(since, now));
  const [event, because] = spoken(source);
  return `${event}: not yet in ${time}${because === "" ? "" : ` (${because})`}`;
}

function spoken(source: Source): readonly [event: string, because: string] {
  switch (source.kind) {
    case "page": {
      const again = source.read === "never" ? "" : " again";
      return [`the log page of ${formatTransportId(source.dc)} is read${again}`, source.because];
    }
    case "name":
      return [`the host name ${source.stands.traddr} has an address`, ""];
    case "service":
      return [`the announced ${formatTransportId(source.dc)} accepts connections and is read`, ""];
    case "mdns":
      return source.lacks === "time"
        ? ["mDNS discovery has had time to tell all services", ""]
        : ["mDNS discovery has a provider", "there is no Avahi"];
    case "boot-table":
      return [`the boot firmware table ${source.path} can be read`, ""];
    case "config":
      return [`${source.file} can be read`, ""];
    case "staf":
      return ["staf says what is discovered", source.because];
  }
}

/** What an administrator can do about it: a sentence. */
export function adviceOn(source: Source): string {
  switch (source.kind) {
    case "page":
      return source.read === "never"
        ? "If this discovery controller is gone for good, remove what leads to it, or exclude it in stafd.conf."
        : "The log says why its page cannot be read, if that lasts.";
    case "name":
      return `Check the name server, or write an address into ${source.file}.`;
    case "service":
      return "Check that it listens and can be reached, or exclude it in stafd.conf.";
    case "mdns":
      return source.lacks === "time"
        ? "This takes some seconds."
        : "Start Avahi, or set mdns-provider=builtin or zeroconf=disabled in stafd.conf.";
    case "boot-table":
      return "The log says why it cannot be read.";
    case "config":
      return "Mend the file and reload.";
    case "staf":
      return "Check that staf runs and that the bus lets stac ask it.";
  }
}

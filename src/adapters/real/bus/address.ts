/** Bus addresses (D-Bus Specification, "Server Addresses"). Only sockets of this host. */

export interface BusAddress {
  /** As given, for the log. */
  readonly text: string;
  /** As `net.connect` expects it: an abstract name starts with a zero byte. */
  readonly path: string;
}

type BusAddresses =
  | { readonly ok: true; readonly addresses: readonly BusAddress[] }
  /** `problem` is a sentence, followed by what to use instead. */
  | { readonly ok: false; readonly problem: string };

/** The default addresses of the system bus. On current hosts both are the same socket. */
const SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket;unix:path=/var/run/dbus/system_bus_socket";
/** Size of `sun_path` in struct sockaddr_un, with the zero byte. */
const PATH_BYTES_MAX = 108;
const ADDRESSES_MAX = 8;

const ADVICE = "Use unix:path=/run/dbus/system_bus_socket or unix:abstract=NAME.";

/** The addresses to try, in order: those given (`--bus`), else $DBUS_SYSTEM_BUS_ADDRESS, else the system bus. */
export function resolveBusAddresses(
  given: string | undefined,
  environment: { readonly DBUS_SYSTEM_BUS_ADDRESS?: string | undefined },
): BusAddresses {
  if (given !== undefined) return parseBusAddresses(given);
  const { DBUS_SYSTEM_BUS_ADDRESS: fromEnvironment } = environment;
  return parseBusAddresses(fromEnvironment === undefined || fromEnvironment === "" ? SYSTEM_BUS : fromEnvironment);
}

/** Parses addresses separated by `;`. */
export function parseBusAddresses(text: string): BusAddresses {
  const parts = text.split(";").filter((part) => part !== "");
  if (parts.length === 0) return { ok: false, problem: `The bus address is empty. ${ADVICE}` };
  if (parts.length > ADDRESSES_MAX)
    return { ok: false, problem: `There are more than ${String(ADDRESSES_MAX)} bus addresses. ${ADVICE}` };
  const addresses: BusAddress[] = [];
  for (const part of parts) {
    const path = parseOne(part);
    if (path === undefined) return { ok: false, problem: `The bus address "${part}" is not valid. ${ADVICE}` };
    addresses.push({ text: part, path });
  }
  return { ok: true, addresses };
}

/** The path of one address; `undefined` unless it names a socket of this host. */
function parseOne(address: string): string | undefined {
  const match = /^unix:(.*)$/.exec(address);
  if (match === null) return undefined;
  const pairs = new Map<string, string>();
  for (const pair of (match[1] ?? "").split(",")) {
    const at = pair.indexOf("=");
    const value = at > 0 ? unescape(pair.slice(at + 1)) : undefined;
    if (value === undefined) return undefined;
    pairs.set(pair.slice(0, at), value);
  }
  const path = pairs.get("path");
  const abstract = pairs.get("abstract");
  if (abstract !== undefined) return path === undefined ? fitting(`\0${abstract}`) : undefined;
  return path?.startsWith("/") === true ? fitting(path) : undefined;
}

function fitting(path: string): string | undefined {
  const bytes = Buffer.byteLength(path, "utf8");
  return bytes > 1 && bytes < PATH_BYTES_MAX ? path : undefined;
}

/** Decodes `%XX`. Rejects control characters, which no real path contains. */
function unescape(value: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(value);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return undefined;
  }
  return /[\x00-\x1f\x7f]/.test(decoded) ? undefined : decoded;
}

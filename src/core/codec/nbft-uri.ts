/** NVMe-oF URIs: `nvme+tcp://192.168.1.20:8009/`, `nvme+tcp://[fe80::1]/` (Boot Specification, 1.5.7; RFC 3986). */
import { canonicalAddress, parseIp } from "../domain/ip-address.js";
import type { NvmeUri } from "../domain/nbft.js";
import { DecodeError } from "./error.js";

/** The longest URI accepted, in bytes. A host name, a port, an NQN and a namespace easily fit. */
export const NVME_URI_BYTES_MAX = 1024;

/** The longest host name (RFC 1035). */
const HOST_NAME_MAX = 253;

const PORT_MAX = 65_535;

const URI = /^nvme\+([a-z][a-z0-9.-]{0,15}):\/\/([^/?#]*)(?:[/?#]|$)/i;

/** An address in brackets, or a name or IPv4 address; then the port, which may be empty even after its colon. */
const AUTHORITY = /^(?:\[([^\]]*)\]|([^:]*))(?::([0-9]*))?$/;

const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?$/;

function fail(problem: string): never {
  throw new DecodeError("NVMe URI", problem);
}

/**
 * Parses a URI. Path, query and fragment are ignored. Throws DecodeError if the text is not an NVMe URI, and for user
 * information, so that no password becomes part of a value.
 */
export function parseNvmeUri(text: string): NvmeUri {
  if (text.length > NVME_URI_BYTES_MAX) fail(`it is longer than ${String(NVME_URI_BYTES_MAX)} bytes`);
  const [, transport = "", authority = ""] = URI.exec(text) ?? fail("it is not nvme+TRANSPORT://HOST");
  if (authority.includes("@")) fail("it holds user information");
  const [, bracketed, plain = "", port = ""] =
    AUTHORITY.exec(authority) ?? fail("its authority is neither HOST nor HOST:PORT");
  return {
    transport: transport.toLowerCase(),
    host: bracketed === undefined ? parseHost(plain) : parseIpv6(bracketed),
    port: parsePort(port),
  };
}

function parseHost(text: string): string {
  const host = text.toLowerCase();
  if (host.length > HOST_NAME_MAX || !HOST_NAME.test(host)) fail("its host is neither an address nor a name");
  // Digits and dots that are not an address are a typing error, not a name to resolve (RFC 3696, 2).
  if (/^[0-9.]+$/.test(host) && parseIp(host) === undefined) fail("its host is not an IPv4 address");
  return host;
}

/** `%25` encodes the `%` before an interface (RFC 6874). */
function parseIpv6(text: string): string {
  if (!text.includes(":") || parseIp(text.replace("%25", "%")) === undefined)
    fail("its brackets do not hold an IPv6 address");
  return canonicalAddress("tcp", text.replace("%25", "%"));
}

function parsePort(text: string): number | undefined {
  if (text === "") return undefined;
  const port = text.length > 5 ? Number.NaN : Number(text);
  if (!(port >= 1 && port <= PORT_MAX)) fail("its port is not between 1 and 65535");
  return port;
}

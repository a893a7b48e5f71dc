/** `controller =` and `exclude =` lines: parsing, the connections they ask for, the connections they exclude. */
import { fitsOption } from "../codec/fabrics-options.js";
import { isHostName } from "../domain/host-name.js";
import { asAccepted } from "../domain/host-way.js";
import { canonicalAddress, parseIp } from "../domain/ip-address.js";
import { fitsNqn, NQN_BYTES_MAX } from "../domain/nqn.js";
import {
  DEFAULT_TRSVCID,
  parseTransport,
  TRANSPORTS,
  type Transport,
  type TransportId,
  WELL_KNOWN_DISCOVERY_NQN,
} from "../domain/transport-id.js";
import type { ServiceName } from "../ports/bus.js";
import { CONNECTION_DEFINITIONS } from "./definitions.js";
import { COMMENT_ADVICE, didYouMean, quote, showName } from "./reader.js";
import type { ConfigNote, ControllerEntry, IpFamily } from "./types.js";
import {
  CONNECTION_KEYS,
  CONNECTION_OPTIONS,
  isAccepted,
  isSet,
  type ConnectionOptions,
} from "../domain/connection-options.js";

/** Keys that identify a connection. */
const IDENTITY_KEYS = ["transport", "traddr", "trsvcid", "nqn", "host-traddr", "host-iface", "host-nqn"] as const;

type IdentityKey = (typeof IDENTITY_KEYS)[number];

export type EntryUse = "controller" | "exclude";

export type EntryNote = Pick<ConfigNote, "level" | "text">;

export interface ParsedEntry {
  /** `undefined`: the line has no effect, and a note says why. */
  readonly entry: ControllerEntry | undefined;
  readonly notes: readonly EntryNote[];
}

type Draft = { -readonly [K in keyof ConnectionOptions]?: ConnectionOptions[K] };

function isIdentityKey(key: string): key is IdentityKey {
  return IDENTITY_KEYS.some((one) => one === key);
}

/** The name in code of a connection option, by its name in files. */
const CONNECTION_KEY_OF: ReadonlyMap<string, keyof ConnectionOptions> = new Map(
  CONNECTION_KEYS.map((key) => [CONNECTION_OPTIONS[key].file, key]),
);

const KEYS: readonly string[] = [...IDENTITY_KEYS, ...CONNECTION_KEY_OF.keys()];

/** A port as the kernel prints it, or `undefined`. */
function parsePort(text: string): string | undefined {
  if (!/^\d{1,9}$/.test(text)) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 65535 ? String(port) : undefined;
}

/** Parses one line. It is a class because the entry and its notes grow together. */
class EntryReader {
  readonly notes: EntryNote[] = [];
  readonly #use: EntryUse;
  readonly #identity = new Map<IdentityKey, string>();
  readonly #options: Draft = {};
  #isUsable = true;

  constructor(use: EntryUse) {
    this.#use = use;
  }

  #warn(text: string): void {
    this.notes.push({ level: "warning", text: `${this.#use}: ${text}` });
  }

  #refuse(text: string): void {
    this.#isUsable = false;
    this.notes.push({ level: "error", text: `${this.#use}: ${text}; the line is ignored` });
  }

  /** An unknown part invalidates a whole exclusion: without that part, it would exclude more than intended. */
  #skip(text: string): void {
    if (this.#use === "exclude") this.#refuse(text);
    else this.#warn(`${text} and is ignored`);
  }

  /** No value has a number sign after white space. The nvme-stas manual shows such comments after `exclude` values. */
  withoutComment(text: string): string {
    const start = text.search(/(?:^|\s)#/);
    if (start < 0) return text;
    this.#warn(`the text after # is treated as a comment; ${COMMENT_ADVICE}`);
    return text.slice(0, start);
  }

  token(token: string): void {
    const equals = token.indexOf("=");
    if (equals < 0) {
      // A lone word could be a secret, so the note does not repeat it.
      if (/\s/.test(token)) this.#warn(`a part without = is treated as a comment; ${COMMENT_ADVICE}`);
      else this.#skip("a part has no =");
      return;
    }
    const key = token.slice(0, equals).trim().toLowerCase();
    const value = token.slice(equals + 1).trim();
    const optionKey = CONNECTION_KEY_OF.get(key);
    if (isIdentityKey(key)) this.#identify(key, value);
    else if (optionKey !== undefined) this.#option(optionKey, CONNECTION_DEFINITIONS[optionKey], value);
    else this.#skip(`the key (${showName(key)}) is unknown${didYouMean(key, KEYS)}`);
  }

  #identify(key: IdentityKey, value: string): void {
    if (value === "") {
      if (this.#use === "exclude") this.#refuse(`${key} has no value`);
      else this.#identity.delete(key);
    } else if (/\s/.test(value) || !fitsOption(value)) {
      this.#refuse(`${key} contains a comma or white space${fcSpelling(value)}`);
    } else if ((key === "nqn" || key === "host-nqn") && !fitsNqn(value)) {
      this.#refuse(`${key} is longer than ${String(NQN_BYTES_MAX)} bytes`);
    } else if (this.#use === "exclude" && key === "host-traddr") {
      this.#warn("host-traddr does not apply to exclusions and is ignored");
    } else {
      this.#identity.set(key, value);
    }
  }

  #option<K extends keyof ConnectionOptions>(
    key: K,
    definition: (typeof CONNECTION_DEFINITIONS)[K],
    text: string,
  ): void {
    const { name, expected } = definition;
    if (this.#use === "exclude") {
      this.#warn(`${name} does not apply to exclusions and is ignored`);
      return;
    }
    const value = definition.read(text);
    const secret = key === "dhchapSecret" || key === "dhchapCtrlSecret";
    if (value === undefined || !fitsOption(text)) {
      const problem = secret || text === "" ? "" : `${quote(text)} is not valid; `;
      this.#warn(`${name}: ${problem}the value from [Global] applies; expected ${expected}`);
    } else {
      this.#options[key] = value;
    }
  }

  #transport(): Transport | "" {
    const text = this.#identity.get("transport") ?? "";
    const transport = parseTransport(text);
    if (text !== "" && transport === undefined)
      this.#refuse(`transport ${quote(text)} is not one of ${TRANSPORTS.join(", ")}`);
    return transport ?? "";
  }

  /** Remarks a text that cannot be an address of the transport. It stays in force: it may be a host name. */
  #address(key: "traddr" | "host-traddr", transport: Transport | ""): string {
    const text = this.#identity.get(key) ?? "";
    const address = canonicalAddress(transport, text);
    const problem = text === "" ? undefined : addressProblem(key, transport, address);
    if (problem !== undefined) this.#warn(`${key} ${quote(text)} ${problem}`);
    return address;
  }

  #port(transport: Transport | ""): string {
    const text = this.#identity.get("trsvcid") ?? "";
    if (text === "" || transport === "fc" || transport === "loop") return "";
    const port = parsePort(text);
    if (port === undefined) this.#refuse(`trsvcid ${quote(text)} is not a port number`);
    return port ?? "";
  }

  /** Says what has no effect because the transport does not accept it. What protects has one: nothing connects without it. */
  #warnOfIgnored(transport: Transport, entry: ControllerEntry): void {
    const ignored: string[] = [];
    for (const key of CONNECTION_KEYS) {
      const { file, protects } = CONNECTION_OPTIONS[key];
      if (!protects && !isAccepted(transport, key) && isSet(this.#options, key)) ignored.push(file);
    }
    const accepted = asAccepted({ ...entry, transport, subsysnqn: entry.nqn }, false);
    if (accepted.hostTraddr !== entry.hostTraddr) ignored.push("host-traddr");
    const isUsed = accepted.hostIface === entry.hostIface || accepted.traddr !== entry.traddr;
    if (!isUsed) ignored.push("host-iface");
    for (const name of ignored) this.#warn(`${name} does not apply to connections over ${transport} and is ignored`);
  }

  finish(line: number): ControllerEntry | undefined {
    const transport = this.#transport();
    const entry: ControllerEntry = {
      transport,
      traddr: this.#address("traddr", transport),
      trsvcid: this.#port(transport),
      nqn: this.#identity.get("nqn") ?? "",
      hostTraddr: this.#address("host-traddr", transport),
      hostIface: this.#identity.get("host-iface") ?? "",
      hostNqn: this.#identity.get("host-nqn") ?? "",
      options: this.#options,
      line,
    };
    if (!this.#isUsable) return undefined;
    if (this.#use === "controller" && transport !== "") this.#warnOfIgnored(transport, entry);
    if (this.#use === "exclude" && isEmpty(entry)) {
      this.#warn("it names nothing and so excludes nothing");
      return undefined;
    }
    return entry;
  }
}

const FC_ADDRESS = /^nn-0x[0-9a-f]{16}:pn-0x[0-9a-f]{16}$/;
const FC_SPELLING = "nn-0x and 16 hexadecimal digits, a colon, pn-0x and 16 hexadecimal digits";

/** How a Fibre Channel address with a comma is written; empty for anything else. */
function fcSpelling(value: string): string {
  const address = canonicalAddress("fc", value.replace(/\s*,\s*/, ":"));
  return FC_ADDRESS.test(address) ? `: write ${address}` : "";
}

/** What is wrong with a text in place of an address; `undefined` if nothing is. `address`: in canonical spelling. */
function addressProblem(key: "traddr" | "host-traddr", transport: Transport | "", address: string): string | undefined {
  if (transport === "fc")
    return FC_ADDRESS.test(address) ? undefined : `is not a Fibre Channel address: write ${FC_SPELLING}`;
  if (transport === "loop" || parseIp(address) !== undefined) return undefined;
  const [, bracketed, bare, port] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address) ?? [];
  const before = bracketed ?? bare;
  if (before !== undefined && (parseIp(before) !== undefined || isHostName(before)))
    return `holds a port: write ${key}=${before}${key === "traddr" ? `;trsvcid=${port ?? ""}` : ""}`;
  if (/^[\d.]+$/.test(address)) return "is not an IPv4 address, and is taken for a host name: correct it";
  if (key === "host-traddr") return "is not an address: write an address of this host";
  return isHostName(address) ? undefined : "is neither an IP address nor a host name: correct it";
}

/** Whether an exclusion names nothing. */
function isEmpty(entry: ControllerEntry): boolean {
  const { transport, traddr, trsvcid, nqn, hostIface, hostNqn } = entry;
  return [transport, traddr, trsvcid, nqn, hostIface, hostNqn].every((text) => text === "");
}

/**
 * Parses the value of one `controller` or `exclude` option: `key=value;key=value`. A value may contain `=`. Notes never
 * repeat a secret.
 *
 * @param line the line in the file, for reasons
 */
export function parseControllerEntry(use: EntryUse, text: string, line: number): ParsedEntry {
  const reader = new EntryReader(use);
  for (const part of reader.withoutComment(text).split(";")) {
    const token = part.trim();
    if (token !== "") reader.token(token);
  }
  const entry = reader.finish(line);
  return { entry, notes: reader.notes };
}

export interface EntryContext {
  readonly service: ServiceName;
  readonly ignoreIface: boolean;
}

/**
 * The connection that an entry asks for, or the key that it lacks. An entry needs a transport, a traddr unless the
 * transport is loop, and an NQN for stac; staf uses the well-known NQN by default. The port has a default.
 */
export function transportIdOf(
  entry: ControllerEntry,
  context: EntryContext,
): TransportId | { readonly missing: string } {
  if (entry.transport === "") return { missing: "transport" };
  // A loop target has no address unless one was configured.
  if (entry.traddr === "" && entry.transport !== "loop") return { missing: "traddr" };
  if (entry.nqn === "" && context.service === "stac") return { missing: "nqn" };
  // The kernel requires it: a Fibre Channel connection leads from one port to one port.
  if (entry.hostTraddr === "" && entry.transport === "fc") return { missing: "host-traddr" };
  const tid: TransportId = {
    transport: entry.transport,
    traddr: canonicalAddress(entry.transport, entry.traddr),
    trsvcid: entry.trsvcid === "" ? DEFAULT_TRSVCID[entry.transport] : entry.trsvcid,
    subsysnqn: entry.nqn === "" ? WELL_KNOWN_DISCOVERY_NQN : entry.nqn,
    hostTraddr: canonicalAddress(entry.transport, entry.hostTraddr),
    hostIface: entry.hostIface,
    hostNqn: entry.hostNqn,
  };
  return asAccepted(tid, context.ignoreIface);
}

interface ScopedAddress {
  /** Lower case, without scope. */
  readonly text: string;
  readonly scope: string;
}

function scopedAddress(traddr: string): ScopedAddress {
  const address = parseIp(traddr);
  return address ?? { text: traddr.toLowerCase(), scope: "" };
}

/** An exclusion without a scope covers the address on every link; one with a scope covers that interface only. */
function excludesAddress(excluded: ScopedAddress, candidate: ScopedAddress, hostIface: string): boolean {
  if (excluded.text !== candidate.text) return false;
  return excluded.scope === "" || excluded.scope === (candidate.scope === "" ? hostIface : candidate.scope);
}

/**
 * The first exclusion that covers a connection. All its keys must match, except host-traddr, which is ignored. Addresses
 * match in any spelling. An exclusion without keys covers nothing (field bug 14).
 */
export function isExcluded(id: TransportId, excludes: readonly ControllerEntry[]): ControllerEntry | undefined {
  if (excludes.length === 0) return undefined;
  const candidate = scopedAddress(id.traddr);
  const iface = id.hostIface === "" ? candidate.scope : id.hostIface;
  return excludes.find(
    (entry) =>
      !isEmpty(entry) &&
      (entry.transport === "" || entry.transport === id.transport) &&
      (entry.traddr === "" || excludesAddress(scopedAddress(entry.traddr), candidate, id.hostIface)) &&
      (entry.trsvcid === "" || entry.trsvcid === id.trsvcid) &&
      (entry.nqn === "" || entry.nqn === id.subsysnqn) &&
      (entry.hostIface === "" || entry.hostIface === iface) &&
      (entry.hostNqn === "" || entry.hostNqn === id.hostNqn),
  );
}

/** Whether ip-family admits the address. It applies neither to host names nor to transports other than tcp and rdma. */
export function allowedFamily(id: TransportId, ipFamilies: readonly IpFamily[]): boolean {
  if (id.transport !== "tcp" && id.transport !== "rdma") return true;
  const address = parseIp(id.traddr);
  return address === undefined || ipFamilies.includes(address.family);
}

/** Every option of stafd.conf and stacd.conf: its section, its values, its default. */
import type { Transport } from "../domain/transport-id.js";
import { PAGE_REFRESH_MIN } from "../domain/limits.js";
import { parseTimeSpan } from "../domain/time-span.js";
import { formatDuration, type Milliseconds, Milliseconds as ms, Seconds } from "../domain/units.js";
import type { ServiceName } from "../ports/bus.js";
import type { DisconnectScope, IpFamily, MdnsProvider } from "./types.js";
import { CONNECTION_OPTIONS, type ConnectionOptions } from "../domain/connection-options.js";

export const SECTIONS = {
  global: "Global",
  serviceDiscovery: "Service Discovery",
  discovery: "Discovery controller connection management",
  io: "I/O controller connection management",
  controllers: "Controllers",
} as const;

/** The values that an option accepts, and how to parse them. */
export interface ValueKind<T> {
  /** Completes "expected ...". */
  readonly expected: string;
  /** `undefined` if the text is not one of these values. */
  readonly read: (text: string) => T | undefined;
  /** What a person should know about an accepted value. */
  readonly remark?: (text: string) => string | undefined;
}

export interface OptionDefinition<T> extends ValueKind<T> {
  readonly section: string;
  readonly name: string;
  readonly services: readonly ServiceName[];
  readonly fallback: Readonly<Record<ServiceName, T>>;
}

/** The kernel stores these numbers in an int. */
const INT_MAX = 2 ** 31 - 1;

const FLAG = words({ true: true, false: false });

const ENABLED = words({ enabled: true, disabled: false });

function words<T>(meanings: Readonly<Record<string, T>>): ValueKind<T> {
  const byWord = new Map(Object.entries(meanings));
  return { expected: [...byWord.keys()].join(" or "), read: (text) => byWord.get(text.toLowerCase()) };
}

function integer(least: number, most: number): ValueKind<number> {
  const range = most === INT_MAX ? `of at least ${String(least)}` : `from ${String(least)} to ${String(most)}`;
  return {
    expected: `a whole number ${range}`,
    read: (text) => {
      if (!/^[+-]?\d{1,12}$/.test(text)) return undefined;
      const value = Number(text);
      return value >= least && value <= most ? value : undefined;
    },
  };
}

function seconds(least: number): ValueKind<Seconds> {
  const whole = integer(least, INT_MAX);
  return {
    expected: `${whole.expected}, in seconds`,
    read: (text) => {
      const value = whole.read(text);
      return value === undefined ? undefined : Seconds(value);
    },
  };
}

const SECRET: ValueKind<string> = { expected: "a secret", read: (text) => (text === "" ? undefined : text) };

/** Serial number of a key or a keyring (keyctl(1)): positive, as in the kernel, decimal or hexadecimal. */
const SERIAL: ValueKind<number> = {
  expected: "the serial number of a key, such as 0x1a2b3c4d",
  read: (text) => {
    if (!/^(?:0x[0-9a-f]{1,8}|[0-9]{1,10})$/i.test(text)) return undefined;
    const serial = Number(text);
    return serial > 0 && serial <= INT_MAX ? serial : undefined;
  },
};

const BOTH: readonly ServiceName[] = ["staf", "stac"];
const STAF: readonly ServiceName[] = ["staf"];
const STAC: readonly ServiceName[] = ["stac"];

function option<T>(
  services: readonly ServiceName[],
  section: string,
  name: string,
  kind: ValueKind<T>,
  fallback: T,
): OptionDefinition<T> {
  return { ...kind, services, section, name, fallback: { staf: fallback, stac: fallback } };
}

/** A connection option: in [Global] for all connections, or on one `controller` line. */
function connection<K extends keyof ConnectionOptions>(
  services: readonly ServiceName[],
  key: K,
  kind: ValueKind<ConnectionOptions[K]>,
  fallback: ConnectionOptions[K],
): OptionDefinition<ConnectionOptions[K]> {
  return option<ConnectionOptions[K]>(services, SECTIONS.global, CONNECTION_OPTIONS[key].file, kind, fallback);
}

/** The options of one connection: their values and defaults. */
export const CONNECTION_DEFINITIONS: {
  readonly [K in keyof ConnectionOptions]: OptionDefinition<ConnectionOptions[K]>;
} = {
  hdrDigest: connection(BOTH, "hdrDigest", FLAG, false),
  dataDigest: connection(BOTH, "dataDigest", FLAG, false),
  kato: { ...connection(BOTH, "kato", seconds(0), undefined), fallback: { staf: Seconds(30), stac: undefined } },
  nrIoQueues: connection(STAC, "nrIoQueues", integer(1, INT_MAX), undefined),
  nrWriteQueues: connection(STAC, "nrWriteQueues", integer(1, INT_MAX), undefined),
  nrPollQueues: connection(STAC, "nrPollQueues", integer(1, INT_MAX), undefined),
  queueSize: connection(BOTH, "queueSize", integer(16, 1024), undefined),
  reconnectDelay: connection(BOTH, "reconnectDelay", seconds(1), undefined),
  ctrlLossTmo: connection(BOTH, "ctrlLossTmo", seconds(-1), undefined),
  disableSqflow: connection(BOTH, "disableSqflow", FLAG, false),
  dhchapSecret: connection(BOTH, "dhchapSecret", SECRET, undefined),
  dhchapCtrlSecret: connection(BOTH, "dhchapCtrlSecret", SECRET, undefined),
  tls: connection(BOTH, "tls", FLAG, false),
  keyring: connection(BOTH, "keyring", SERIAL, undefined),
  tlsKey: connection(BOTH, "tlsKey", SERIAL, undefined),
};

const IP_FAMILIES: ValueKind<readonly IpFamily[]> = words({
  ipv4: ["ipv4"],
  ipv6: ["ipv6"],
  "ipv4+ipv6": ["ipv4", "ipv6"],
  "ipv6+ipv4": ["ipv6", "ipv4"],
});

const TIME_SPAN: ValueKind<Milliseconds | "forever"> = {
  expected: "a time span such as 72hours, 3 days 5 hours, 0, or -1 (forever)",
  read: parseTimeSpan,
};

/** An extension: nvme-stas reads a page again on an AEN only. */
const PAGE_REFRESH: ValueKind<Milliseconds | "never"> = {
  expected: "a time span such as 5 minutes, or 0 (never)",
  read: (text) => {
    const span = parseTimeSpan(text);
    if (span === "forever" || span === undefined) return undefined;
    return span === 0 ? "never" : ms(Math.max(span, PAGE_REFRESH_MIN));
  },
  remark: (text) => {
    const span = parseTimeSpan(text);
    if (span === "forever" || span === undefined || span === 0) return undefined;
    return span < PAGE_REFRESH_MIN ? `raised to ${formatDuration(PAGE_REFRESH_MIN)}, the minimum` : undefined;
  },
};

const SCOPES: ValueKind<DisconnectScope> = words({
  "only-stas-connections": "only-stas-connections",
  "all-connections-matching-disconnect-trtypes": "all-connections-matching-disconnect-trtypes",
  "no-disconnect": "no-disconnect",
});

const DISCONNECTABLE: readonly Transport[] = ["tcp", "rdma", "fc"];

const TRANSPORT_LIST: ValueKind<readonly Transport[]> = {
  expected: "tcp, rdma and fc, joined by +",
  read: (text) => {
    const items = text.toLowerCase().split("+");
    const known = DISCONNECTABLE.filter((transport) => items.some((item) => item.trim() === transport));
    return known.length === 0 ? undefined : known;
  },
  remark: (text) => {
    const ignored = text.split("+").filter((item) => !DISCONNECTABLE.some((one) => one === item.trim().toLowerCase()));
    return ignored.length === 0 ? undefined : "transports other than tcp, rdma and fc are ignored";
  },
};

const ATTEMPTS = integer(0, INT_MAX);

/** With one attempt, stac would give up before it could see the flag clear. */
const NCC_ATTEMPTS: ValueKind<number> = {
  expected: ATTEMPTS.expected,
  read: (text) => {
    const value = ATTEMPTS.read(text);
    return value === 1 ? 2 : value;
  },
  remark: (text) => (ATTEMPTS.read(text) === 1 ? "1 is raised to 2, the minimum" : undefined),
};

/** An extension: nvme-stas supports Avahi only. */
const PROVIDERS: ValueKind<MdnsProvider> = words({ auto: "auto", avahi: "avahi", builtin: "builtin" });

/** An extension: `purge` is what nvme-stas did before it had zeroconf-connections-persistence. */
const GOODBYES: ValueKind<"keep" | "purge"> = words({ keep: "keep", purge: "purge" });

export const OPTIONS = {
  tron: option(BOTH, SECTIONS.global, "tron", FLAG, false),
  ...CONNECTION_DEFINITIONS,
  ignoreIface: option(BOTH, SECTIONS.global, "ignore-iface", FLAG, false),
  ipFamilies: option(BOTH, SECTIONS.global, "ip-family", IP_FAMILIES, ["ipv4", "ipv6"]),
  pleo: option(STAF, SECTIONS.global, "pleo", ENABLED, true),
  zeroconf: option(STAF, SECTIONS.serviceDiscovery, "zeroconf", ENABLED, true),
  /** `undefined`: not given. The deprecated option counts as well. */
  persistent: option<boolean | undefined>(STAF, SECTIONS.discovery, "persistent-connections", FLAG, undefined),
  zeroconfPersistence: option(
    STAF,
    SECTIONS.discovery,
    "zeroconf-connections-persistence",
    TIME_SPAN,
    ms(72 * 60 * 60 * 1000),
  ),
  logPageRefresh: option<Milliseconds | "never">(
    STAF,
    SECTIONS.discovery,
    "log-page-refresh",
    PAGE_REFRESH,
    ms(5 * 60 * 1000),
  ),
  disconnectScope: option<DisconnectScope>(STAC, SECTIONS.io, "disconnect-scope", SCOPES, "only-stas-connections"),
  disconnectTrtypes: option<readonly Transport[]>(STAC, SECTIONS.io, "disconnect-trtypes", TRANSPORT_LIST, ["tcp"]),
  connectAttemptsOnNcc: option(STAC, SECTIONS.io, "connect-attempts-on-ncc", NCC_ATTEMPTS, 0),
  mdnsProvider: option<MdnsProvider>(STAF, SECTIONS.serviceDiscovery, "mdns-provider", PROVIDERS, "auto"),
  zeroconfGoodbye: option<"keep" | "purge">(STAF, SECTIONS.serviceDiscovery, "zeroconf-goodbye", GOODBYES, "keep"),
} as const;

/** Options that may repeat, one entry per value. */
export const ENTRY_OPTIONS = [
  { services: BOTH, section: SECTIONS.controllers, name: "controller" },
  { services: BOTH, section: SECTIONS.controllers, name: "exclude" },
] as const;

export interface DeprecatedOption {
  readonly services: readonly ServiceName[];
  readonly section: string;
  readonly name: string;
  /** What the user should do. */
  readonly advice: string;
}

const NO_EFFECT = "it has no effect here; remove the line";

/** Options that are still read under another name, or that were once documented and have no effect. */
export const DEPRECATED_OPTIONS: readonly DeprecatedOption[] = [
  { services: BOTH, section: SECTIONS.controllers, name: "blacklist", advice: "use exclude instead" },
  {
    services: STAF,
    section: SECTIONS.global,
    name: "persistent-connections",
    advice: `move it to section [${SECTIONS.discovery}]`,
  },
  { services: BOTH, section: SECTIONS.global, name: "udev-rule", advice: NO_EFFECT },
  { services: BOTH, section: SECTIONS.global, name: "duplicate-connect", advice: NO_EFFECT },
  {
    services: STAC,
    section: SECTIONS.io,
    name: "sticky-connections",
    advice: `${NO_EFFECT} and use disconnect-scope instead`,
  },
  {
    services: STAC,
    section: SECTIONS.global,
    name: "sticky-connections",
    advice: `${NO_EFFECT} and use disconnect-scope in section [${SECTIONS.io}] instead`,
  },
];

/** The deprecated place of `persistent-connections`. */
export const LEGACY_PERSISTENT: OptionDefinition<boolean | undefined> = {
  ...OPTIONS.persistent,
  section: SECTIONS.global,
};

/** Parses a connect string as the kernel does: typed options, or the errno that it returns at once. */
import { CONNECT_STRING_BYTES_MAX, decodeOptionString } from "../../../core/codec/fabrics-options.js";
import { DecodeError } from "../../../core/codec/error.js";
import { utf8Length } from "../../../core/domain/utf8.js";
import { ERRNO } from "../../../core/domain/errno.js";
import { fitsNqn } from "../../../core/domain/nqn.js";
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../core/domain/transport-id.js";
import type { Transport } from "../../../core/domain/transport-id.js";
import { parseNetAddress } from "../net/address.js";
import type { KernelProfile } from "./profiles.js";

/** The options of a connection, with defaults filled in. */
export interface ConnectOptions {
  readonly transport: Transport;
  readonly traddr: string;
  readonly trsvcid: string;
  readonly nqn: string;
  /** Empty: not given. */
  readonly hostTraddr: string;
  readonly hostIface: string;
  readonly hostNqn: string;
  readonly hostId: string;
  readonly queueSize: number;
  /** 0 for a discovery controller. */
  readonly ioQueues: number;
  readonly reconnectDelaySeconds: number;
  /** -1: forever. */
  readonly ctrlLossTmoSeconds: number;
  readonly katoSeconds: number;
  /** As sysfs shows it: a number, or `off`. */
  readonly fastIoFail: string;
  /** The NQN is the well-known one, or the `discovery` flag was given. */
  readonly kind: "discovery" | "io";
  /** A second controller with the same options is accepted. */
  readonly duplicates: "accept" | "reject";
  readonly tls: boolean;
  /** DH-HMAC-CHAP keys of the host and of the target. Empty: not given. */
  readonly dhchapSecret: string;
  readonly dhchapCtrlSecret: string;
}

type ParsedOptions =
  { readonly ok: true; readonly options: ConnectOptions } | { readonly ok: false; readonly errno: number };

/** Defaults of the kernel (6.12-cloud.s1.log, 6.12-cloud.s3.log). */
const DEFAULT = {
  trsvcid: "8009",
  queueSize: 128,
  /** One per processor: the lab had two. */
  ioQueues: 2,
  ctrlLossTmo: 600,
  katoIo: 5,
} as const;

/** In seconds (6.12-cloud.s1.log; loop and fc: test/lab/checks/transports.ts). */
const DEFAULT_RECONNECT_DELAY: Readonly<Record<Transport, number>> = { tcp: 10, rdma: 10, loop: 10, fc: 2 };

const QUEUE_SIZE = { min: 16, max: 1024 } as const;
const PORT_MAX = 65_535;
const UUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;
const FLAGS: ReadonlySet<string> = new Set([
  "duplicate_connect",
  "disable_sqflow",
  "hdr_digest",
  "data_digest",
  "discovery",
  "tls",
]);
const SECRETS = ["dhchap_secret", "dhchap_ctrl_secret"] as const;

/** An option is not valid. Internal: becomes EINVAL. */
class Refused extends Error {
  override readonly name = "Refused";
}

class Reader {
  readonly #given: ReadonlyMap<string, string | true>;

  constructor(given: ReadonlyMap<string, string | true>) {
    this.#given = given;
  }

  has(key: string): boolean {
    return this.#given.has(key);
  }

  text(key: string): string {
    const value = this.#given.get(key);
    return value === undefined || value === true ? "" : value;
  }

  /** A whole number within bounds, or `fallback` if the option is missing. Throws Refused. */
  number(key: string, fallback: number, bounds: { readonly min: number; readonly max: number }): number {
    if (!this.#given.has(key)) return fallback;
    const text = this.text(key);
    const value = Number(text);
    if (!/^-?[0-9]{1,10}$/.test(text) || value < bounds.min || value > bounds.max) throw new Refused(key);
    return value;
  }
}

const INT_MAX = 2 ** 31 - 1;
const POSITIVE = { min: 1, max: INT_MAX } as const;
const ANY = { min: -INT_MAX, max: INT_MAX } as const;

/** What every transport accepts (NVMF_REQUIRED_OPTS and NVMF_ALLOWED_OPTS in the kernel's drivers/nvme/host/fabrics.c). */
const COMMON_OPTIONS = [
  ...["transport", "nqn", "queue_size", "nr_io_queues", "keep_alive_tmo", "hostnqn", "hostid", "duplicate_connect"],
  ...["disable_sqflow", "discovery", "fast_io_fail_tmo", "dhchap_secret", "dhchap_ctrl_secret"],
];
const RECONNECT_OPTIONS = ["reconnect_delay", "ctrl_loss_tmo"];
const RDMA_OPTIONS = [
  ...["traddr", "trsvcid", "host_traddr", "nr_write_queues", "nr_poll_queues", "tos"],
  ...RECONNECT_OPTIONS,
];
const TCP_OPTIONS = [...RDMA_OPTIONS, "host_iface", "hdr_digest", "data_digest", "tls", "keyring", "tls_key"];

/**
 * What a transport accepts, as far as the kernel knows the option: `allowed_opts` in drivers/nvme/host/{tcp,rdma,fc}.c and
 * drivers/nvme/target/loop.c, the same from 5.14 to 6.12 (test/lab/checks/transports.ts for loop and fc).
 */
const ACCEPTED_OPTIONS: Readonly<Record<Transport, ReadonlySet<string>>> = {
  tcp: new Set([...COMMON_OPTIONS, ...TCP_OPTIONS]),
  rdma: new Set([...COMMON_OPTIONS, ...RDMA_OPTIONS]),
  fc: new Set([...COMMON_OPTIONS, ...RECONNECT_OPTIONS, "traddr", "host_traddr"]),
  loop: new Set([...COMMON_OPTIONS, "traddr"]),
};

function checkShape(given: ReadonlyMap<string, string | true>, transport: Transport, profile: KernelProfile): void {
  for (const [key, value] of given) {
    if (!profile.options.has(key) || !ACCEPTED_OPTIONS[transport].has(key)) throw new Refused(key);
    if ((value === true) !== FLAGS.has(key)) throw new Refused(key);
  }
}

function transportOf(text: string): Transport {
  if (text === "tcp" || text === "rdma" || text === "fc" || text === "loop") return text;
  throw new Refused("transport");
}

/** A Fibre Channel address as the kernel requires it: all sixteen digits (test/lab/checks/transports.ts). */
const FC_ADDRESS = /^nn-(0x)?[0-9a-f]{16}:pn-(0x)?[0-9a-f]{16}$/iu;

/** fc requires traddr and host_traddr (test/lab/checks/transports.ts, on 6.12). */
function checkAddress(reader: Reader, transport: Transport): void {
  const traddr = reader.text("traddr");
  if (transport === "loop") return;
  if (traddr === "") throw new Refused("traddr");
  if (transport === "fc") {
    for (const key of ["traddr", "host_traddr"]) if (!FC_ADDRESS.test(reader.text(key))) throw new Refused(key);
    return;
  }
  if (parseNetAddress(traddr) === undefined) throw new Refused("traddr");
  if (reader.has("trsvcid")) reader.number("trsvcid", 0, { min: 0, max: PORT_MAX });
  if (reader.has("host_traddr") && parseNetAddress(reader.text("host_traddr")) === undefined) {
    throw new Refused("host_traddr");
  }
}

function checkSecrets(reader: Reader): void {
  for (const key of SECRETS) {
    if (reader.has(key) && !reader.text(key).startsWith("DHHC-1:")) throw new Refused(key);
  }
}

function typed(reader: Reader, transport: Transport, profile: KernelProfile): ConnectOptions {
  const nqn = reader.text("nqn");
  if (nqn === "" || !fitsNqn(nqn)) throw new Refused("nqn");
  if (!fitsNqn(reader.text("hostnqn"))) throw new Refused("hostnqn");
  checkAddress(reader, transport);
  if (reader.has("hostid") && !UUID.test(reader.text("hostid"))) throw new Refused("hostid");
  checkSecrets(reader);
  const wellKnown = nqn === WELL_KNOWN_DISCOVERY_NQN;
  const discovery = wellKnown || reader.has("discovery");
  const ioQueues = reader.number("nr_io_queues", DEFAULT.ioQueues, POSITIVE);
  const kato = reader.number("keep_alive_tmo", 0, { min: 0, max: INT_MAX });
  const fastIoFail = reader.number("fast_io_fail_tmo", -1, { min: -1, max: INT_MAX });
  reader.number("nr_write_queues", 1, POSITIVE);
  reader.number("nr_poll_queues", 1, POSITIVE);
  reader.number("tos", 0, { min: 0, max: 255 });
  return {
    transport,
    traddr: reader.text("traddr"),
    trsvcid:
      transport === "fc" || transport === "loop"
        ? ""
        : reader.has("trsvcid")
          ? reader.text("trsvcid")
          : DEFAULT.trsvcid,
    nqn,
    hostTraddr: reader.text("host_traddr"),
    hostIface: reader.text("host_iface"),
    hostNqn: reader.has("hostnqn") ? reader.text("hostnqn") : profile.defaultHostNqn,
    hostId: reader.has("hostid") ? reader.text("hostid").toLowerCase() : profile.defaultHostId,
    queueSize: reader.number("queue_size", DEFAULT.queueSize, QUEUE_SIZE),
    ioQueues: discovery ? 0 : ioQueues,
    reconnectDelaySeconds: reader.number("reconnect_delay", DEFAULT_RECONNECT_DELAY[transport], POSITIVE),
    ctrlLossTmoSeconds: Math.max(-1, reader.number("ctrl_loss_tmo", DEFAULT.ctrlLossTmo, ANY)),
    katoSeconds: !discovery && kato === 0 ? DEFAULT.katoIo : kato,
    fastIoFail: fastIoFail === -1 ? "off" : String(fastIoFail),
    kind: discovery ? "discovery" : "io",
    // Over loop the kernel does not look for duplicates (test/lab/checks/transports.ts).
    duplicates: reader.has("duplicate_connect") || discovery || transport === "loop" ? "accept" : "reject",
    tls: reader.has("tls"),
    dhchapSecret: reader.text("dhchap_secret"),
    dhchapCtrlSecret: reader.text("dhchap_ctrl_secret"),
  };
}

/**
 * Parses a connect string. EINVAL if the kernel rejects the text alone, ENOMEM if it is longer than a page (6.12.s3.log,
 * 6.1.s3.log). Duplicates with the `discovery` flag are accepted because the kernel's history says so.
 */
export function parseConnectOptions(text: string, profile: KernelProfile): ParsedOptions {
  if (utf8Length(text) > CONNECT_STRING_BYTES_MAX) return { ok: false, errno: ERRNO.ENOMEM };
  try {
    const given = decodeOptionString(text);
    const reader = new Reader(given);
    const transport = transportOf(reader.text("transport"));
    checkShape(given, transport, profile);
    return { ok: true, options: typed(reader, transport, profile) };
  } catch (error) {
    if (error instanceof Refused || error instanceof DecodeError) return { ok: false, errno: ERRNO.EINVAL };
    throw error;
  }
}

/** What a string asks for, even if the kernel rejects it. `undefined` if that cannot be told. */
export function connectTarget(
  text: string,
): Pick<ConnectOptions, "transport" | "traddr" | "trsvcid" | "nqn"> | undefined {
  try {
    const reader = new Reader(decodeOptionString(text));
    const transport = transportOf(reader.text("transport"));
    return { transport, traddr: reader.text("traddr"), trsvcid: reader.text("trsvcid"), nqn: reader.text("nqn") };
  } catch (error) {
    if (error instanceof Refused || error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** How many reconnect attempts fit in ctrl_loss_tmo. `undefined`: no limit (6.12-cloud.s4.log). */
export function reconnectAttempts(options: ConnectOptions): number | undefined {
  if (options.ctrlLossTmoSeconds === -1) return undefined;
  return Math.ceil(options.ctrlLossTmoSeconds / options.reconnectDelaySeconds);
}

/** `ctrl_loss_tmo` as sysfs shows it, in seconds, rounded up to whole attempts. `off`: forever. */
export function shownCtrlLossTmo(options: ConnectOptions): string {
  const attempts = reconnectAttempts(options);
  return attempts === undefined ? "off" : String(attempts * options.reconnectDelaySeconds);
}

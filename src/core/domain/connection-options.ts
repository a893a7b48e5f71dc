/** The options of one connection, and their names in configuration files and in the kernel. */
import { TRANSPORTS, type Transport } from "./transport-id.js";
import type { Seconds } from "./units.js";

/** Options of one connection. `undefined`: not given, so the kernel's default applies. */
export interface ConnectionOptions {
  readonly nrIoQueues: number | undefined;
  readonly nrWriteQueues: number | undefined;
  readonly nrPollQueues: number | undefined;
  readonly queueSize: number | undefined;
  /** -1: forever. */
  readonly ctrlLossTmo: Seconds | undefined;
  readonly reconnectDelay: Seconds | undefined;
  readonly kato: Seconds | undefined;
  readonly hdrDigest: boolean;
  readonly dataDigest: boolean;
  readonly disableSqflow: boolean;
  /** A handle `secret:N`, never the secret itself. */
  readonly dhchapSecret: string | undefined;
  readonly dhchapCtrlSecret: string | undefined;
  /** Serial numbers of a keyring and of a key in it; `undefined`: the kernel chooses. */
  readonly keyring: number | undefined;
  readonly tlsKey: number | undefined;
  readonly tls: boolean;
}

/** No option given. */
export const NO_OPTIONS: ConnectionOptions = {
  nrIoQueues: undefined,
  nrWriteQueues: undefined,
  nrPollQueues: undefined,
  queueSize: undefined,
  ctrlLossTmo: undefined,
  reconnectDelay: undefined,
  kato: undefined,
  hdrDigest: false,
  dataDigest: false,
  disableSqflow: false,
  dhchapSecret: undefined,
  dhchapCtrlSecret: undefined,
  keyring: undefined,
  tlsKey: undefined,
  tls: false,
};

export interface ConnectionOptionTraits {
  /** In stafd.conf and stacd.conf. */
  readonly file: string;
  /** In a connect string. */
  readonly kernel: string;
  /** The kernel refuses a connect over any other transport (EINVAL). */
  readonly transports: readonly Transport[];
  /** Whether the option protects the connection. If the kernel lacks such an option, the connection is not made. */
  readonly protects: boolean;
}

function option(file: string, kernel: string, transports: readonly Transport[] = TRANSPORTS): ConnectionOptionTraits {
  return { file, kernel, transports, protects: false };
}

function protecting(
  file: string,
  kernel: string,
  transports: readonly Transport[] = TRANSPORTS,
): ConnectionOptionTraits {
  return { file, kernel, transports, protects: true };
}

/** loop has neither link nor host port. */
const WITH_LINK: readonly Transport[] = ["tcp", "rdma", "fc"];

/**
 * Every connection option, in the order of a connect string (6.12-cloud.s1.log). Transports: NVMF_ALLOWED_OPTS and
 * `allowed_opts` in the kernel's drivers/nvme/host/{fabrics,tcp,rdma,fc}.c and drivers/nvme/target/loop.c, 5.14 to 6.12.
 */
export const CONNECTION_OPTIONS: Readonly<Record<keyof ConnectionOptions, ConnectionOptionTraits>> = {
  nrIoQueues: option("nr-io-queues", "nr_io_queues"),
  nrWriteQueues: option("nr-write-queues", "nr_write_queues", ["tcp", "rdma"]),
  nrPollQueues: option("nr-poll-queues", "nr_poll_queues", ["tcp", "rdma"]),
  queueSize: option("queue-size", "queue_size"),
  ctrlLossTmo: option("ctrl-loss-tmo", "ctrl_loss_tmo", WITH_LINK),
  reconnectDelay: option("reconnect-delay", "reconnect_delay", WITH_LINK),
  kato: option("kato", "keep_alive_tmo"),
  hdrDigest: option("hdr-digest", "hdr_digest", ["tcp"]),
  dataDigest: option("data-digest", "data_digest", ["tcp"]),
  disableSqflow: option("disable-sqflow", "disable_sqflow"),
  dhchapSecret: protecting("dhchap-secret", "dhchap_secret"),
  dhchapCtrlSecret: protecting("dhchap-ctrl-secret", "dhchap_ctrl_secret"),
  keyring: protecting("keyring", "keyring", ["tcp"]),
  tlsKey: protecting("tls_key", "tls_key", ["tcp"]),
  tls: protecting("tls", "tls", ["tcp"]),
};

/** The transports that accept the host's address, and those that accept the host's interface, of the same sources. */
export const HOST_OPTIONS: Readonly<Record<"hostTraddr" | "hostIface", readonly Transport[]>> = {
  hostTraddr: WITH_LINK,
  hostIface: ["tcp"],
};

/** The options by their names in code, in the same order. */
export const CONNECTION_KEYS = Object.keys(CONNECTION_OPTIONS).filter((key): key is keyof ConnectionOptions =>
  Object.hasOwn(CONNECTION_OPTIONS, key),
);

/** Whether an option is set. A flag that is off is not set. */
export function isSet(options: Partial<ConnectionOptions>, key: keyof ConnectionOptions): boolean {
  const value = options[key];
  return value !== undefined && value !== false;
}

/** Whether the kernel accepts an option over a transport. */
export function isAccepted(transport: Transport, key: keyof ConnectionOptions): boolean {
  return CONNECTION_OPTIONS[key].transports.includes(transport);
}

/**
 * The options of a connection: its own, and the defaults that its transport accepts. An own option that the transport does not
 * accept stays only if it protects: nothing connects without that.
 */
export function optionsOver(
  transport: Transport,
  defaults: ConnectionOptions,
  own: Partial<ConnectionOptions> = {},
): ConnectionOptions {
  let options = { ...defaults, ...own };
  for (const key of CONNECTION_KEYS) {
    const stays = isAccepted(transport, key) || (CONNECTION_OPTIONS[key].protects && isSet(own, key));
    if (!stays) options = { ...options, [key]: NO_OPTIONS[key] };
  }
  return options;
}

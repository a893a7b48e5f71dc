/** The options of one connection, and their names in configuration files and in the kernel. */
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

export interface ConnectionOptionNames {
  /** In stafd.conf and stacd.conf. */
  readonly file: string;
  /** In a connect string. */
  readonly kernel: string;
  /** Whether the option protects the connection. If the kernel lacks such an option, the connection is not made. */
  readonly protects: boolean;
}

function named(file: string, kernel: string): ConnectionOptionNames {
  return { file, kernel, protects: false };
}

function protecting(file: string, kernel: string): ConnectionOptionNames {
  return { file, kernel, protects: true };
}

/** Every connection option, in the order of a connect string (6.12-cloud.s1.log). */
export const CONNECTION_OPTIONS: Readonly<Record<keyof ConnectionOptions, ConnectionOptionNames>> = {
  nrIoQueues: named("nr-io-queues", "nr_io_queues"),
  nrWriteQueues: named("nr-write-queues", "nr_write_queues"),
  nrPollQueues: named("nr-poll-queues", "nr_poll_queues"),
  queueSize: named("queue-size", "queue_size"),
  ctrlLossTmo: named("ctrl-loss-tmo", "ctrl_loss_tmo"),
  reconnectDelay: named("reconnect-delay", "reconnect_delay"),
  kato: named("kato", "keep_alive_tmo"),
  hdrDigest: named("hdr-digest", "hdr_digest"),
  dataDigest: named("data-digest", "data_digest"),
  disableSqflow: named("disable-sqflow", "disable_sqflow"),
  dhchapSecret: protecting("dhchap-secret", "dhchap_secret"),
  dhchapCtrlSecret: protecting("dhchap-ctrl-secret", "dhchap_ctrl_secret"),
  keyring: protecting("keyring", "keyring"),
  tlsKey: protecting("tls_key", "tls_key"),
  tls: protecting("tls", "tls"),
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

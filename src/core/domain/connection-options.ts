/** How one connection is made, apart from whom it goes to. */
import type { Seconds } from "./units.js";

/** Options of one connection. `undefined`: not given, the kernel's default holds. */
export interface ConnectionOptions {
  readonly hdrDigest: boolean;
  readonly dataDigest: boolean;
  readonly kato: Seconds | undefined;
  readonly nrIoQueues: number | undefined;
  readonly nrWriteQueues: number | undefined;
  readonly nrPollQueues: number | undefined;
  readonly queueSize: number | undefined;
  readonly reconnectDelay: Seconds | undefined;
  /** -1: for ever. */
  readonly ctrlLossTmo: Seconds | undefined;
  readonly disableSqflow: boolean;
  /** A handle `secret:N`, never the secret. */
  readonly dhchapSecret: string | undefined;
  readonly dhchapCtrlSecret: string | undefined;
  readonly tls: boolean;
  /** Serial numbers of a keyring and of a key in it; `undefined`: the kernel's own choice. */
  readonly keyring: number | undefined;
  readonly tlsKey: number | undefined;
}

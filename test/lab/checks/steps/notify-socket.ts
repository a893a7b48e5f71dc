/** A service manager's notification socket (sd_notify(3)): a Unix datagram socket, which Node lacks. */
import { join } from "node:path";
import { loadLibc, type Libc } from "../../../../src/adapters/real/libc.js";
import { notifyAddress } from "../../../../src/adapters/real/sd-notify.js";
import type { Lab } from "../../guest/lab.js";

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC_NONBLOCK = 2 | 0o2004000;
const MESSAGE_BYTES_MAX = 4_096;

export class NotifySocket {
  readonly path: string;
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #messages: string[] = [];

  constructor(lab: Lab) {
    const loaded = loadLibc();
    if (!loaded.ok) throw new Error(loaded.because);
    const { libc } = loaded;
    this.path = join(lab.folder(), "notify");
    const made = libc.socket(AF_UNIX, SOCK_DGRAM_CLOEXEC_NONBLOCK, 0);
    const address = notifyAddress(this.path);
    if (!made.ok || address === undefined || !libc.bind(made.value, address).ok) throw new Error("no notify socket");
    this.#libc = libc;
    this.#fd = made.value;
    lab.after(() => void libc.close(made.value));
  }

  /** The messages so far, one per datagram, oldest first. */
  get messages(): readonly string[] {
    const into = Buffer.alloc(MESSAGE_BYTES_MAX);
    for (;;) {
      const got = this.#libc.recv(this.#fd, into, 0);
      if (!got.ok) return this.#messages;
      this.#messages.push(into.toString("utf8", 0, got.value));
    }
  }
}

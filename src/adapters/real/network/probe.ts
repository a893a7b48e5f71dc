/** Probes an NVMe/TCP address from user space, with a socket bound as the kernel's connect would bind it. */
import { ERRNO } from "../../../core/domain/errno.js";
import type { ProbedEvent, ProbeTarget } from "../../../core/ports/network.js";
import type { CallResult, Libc } from "../libc.js";
import { POLLIN, POLLOUT, type FdWatcher } from "../watcher.js";
import { encodeIcReq, IC_PDU_BYTES, judgeIcResp } from "./icreq.js";
import { encodeSockaddr, familyOf, parseTarget, scopeId, type IndexOf, type ProbePlace } from "./target.js";

export type ProbeResult = ProbedEvent["result"];

/** Called once, possibly before `probe` returns. */
export type ProbeDone = (result: ProbeResult) => void;

export interface Prober {
  /**
   * Probes an address. The errno comes from the kernel (ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, ENODEV ...), or is
   * ETIMEDOUT if the target's time is over, ECONNRESET if the peer ends the connection before it answers, EBADMSG if its answer is
   * not an ICResp.
   */
  probe(target: ProbeTarget, done: ProbeDone): void;
  /** Ends everything in progress, without an answer. */
  close(): void;
}

const SOCK_STREAM_CLOEXEC_NONBLOCK = 0o2004001;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const SO_BINDTODEVICE = 25;
const MSG_NOSIGNAL = 0x4000;
const ANY_PORT = 0;

/** The tools of a probe. */
interface Means {
  readonly libc: Libc;
  readonly watcher: FdWatcher;
  readonly indexOf: IndexOf;
}

/** Probes over its own sockets, because Node cannot bind one to an interface. The caller limits how many run at once. */
export class SocketProber implements Prober {
  readonly #means: Means;
  readonly #attempts = new Set<Attempt>();

  constructor(means: Means) {
    this.#means = means;
  }

  probe(target: ProbeTarget, done: ProbeDone): void {
    const parsed = parseTarget(target);
    if (!parsed.ok) {
      done(parsed);
      return;
    }
    const attempt = new Attempt(this.#means, target, (result) => {
      this.#attempts.delete(attempt);
      done(result);
    });
    this.#attempts.add(attempt);
    attempt.start(parsed.place);
  }

  close(): void {
    for (const attempt of this.#attempts) attempt.release();
    this.#attempts.clear();
  }
}

/** What the probe waits for. */
type Phase =
  | { readonly at: "connecting" }
  | { readonly at: "sending"; readonly rest: Uint8Array }
  | { readonly at: "receiving"; readonly received: Uint8Array };

/** One probe. Its descriptor lives from `start` until `#finish` or `release`. */
class Attempt {
  readonly #means: Means;
  readonly #depth: ProbeTarget["depth"];
  readonly #done: ProbeDone;
  readonly #timer: NodeJS.Timeout;
  #phase: Phase = { at: "connecting" };
  #fd: number | undefined;
  #unwatch: (() => void) | undefined;

  constructor(means: Means, target: ProbeTarget, done: ProbeDone) {
    this.#means = means;
    this.#depth = target.depth;
    this.#done = done;
    this.#timer = setTimeout(() => {
      this.#finish({ ok: false, errno: ERRNO.ETIMEDOUT });
    }, target.timeout);
  }

  /** Binds in the kernel's order, address before interface, so that a link-local source without scope fails here too. */
  start({ peer, port, source, device }: ProbePlace): void {
    const { libc, indexOf } = this.#means;
    const peerScope = scopeId(peer, indexOf);
    const sourceScope = source === undefined ? 0 : scopeId(source, indexOf);
    if (peerScope === undefined || sourceScope === undefined) {
      this.#finish({ ok: false, errno: ERRNO.ENODEV });
      return;
    }
    const made = libc.socket(familyOf(peer), SOCK_STREAM_CLOEXEC_NONBLOCK, 0);
    if (!made.ok) {
      this.#finish(made);
      return;
    }
    const fd = made.value;
    this.#fd = fd;
    const bound = source === undefined ? made : libc.bind(fd, encodeSockaddr(source, ANY_PORT, sourceScope));
    const tied = device === "" ? made : libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(device));
    // The kernel looks up the interface before it makes a socket, so a missing interface is reported first.
    const refused = [tied, bound].find(({ ok }) => !ok);
    if (refused?.ok === false) {
      this.#finish(refused);
      return;
    }
    this.#connectBegan(fd, libc.connect(fd, encodeSockaddr(peer, port, peerScope)));
  }

  /** Frees the timer, the watch and the socket. */
  release(): void {
    clearTimeout(this.#timer);
    this.#unwatch?.();
    this.#unwatch = undefined;
    if (this.#fd !== undefined) this.#means.libc.close(this.#fd);
    this.#fd = undefined;
  }

  #finish(result: ProbeResult): void {
    this.release();
    this.#done(result);
  }

  #fail({ errno }: Extract<CallResult, { ok: false }>): void {
    // After the peer's FIN the kernel reports a reset as EPIPE. Either way the peer ended the connection.
    this.#finish({ ok: false, errno: errno === ERRNO.EPIPE ? ERRNO.ECONNRESET : errno });
  }

  #connectBegan(fd: number, began: CallResult): void {
    if (began.ok) this.#connected(fd);
    else if (began.errno === ERRNO.EINPROGRESS) this.#waitFor(fd, POLLOUT);
    else this.#fail(began);
  }

  #waitFor(fd: number, events: number): void {
    this.#unwatch?.();
    this.#unwatch = this.#means.watcher.watch(fd, events, () => {
      this.#ready(fd);
    });
  }

  #ready(fd: number): void {
    switch (this.#phase.at) {
      case "connecting":
        this.#connectEnded(fd);
        return;
      case "sending":
        this.#send(fd, this.#phase.rest);
        return;
      case "receiving":
        this.#receive(fd, this.#phase.received);
        return;
    }
  }

  #connectEnded(fd: number): void {
    const status = Buffer.alloc(4);
    const asked = this.#means.libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, status);
    const errno = status.readInt32LE(0);
    if (!asked.ok) this.#fail(asked);
    else if (errno !== 0) this.#fail({ ok: false, errno });
    else this.#connected(fd);
  }

  #connected(fd: number): void {
    if (this.#depth === "tcp") this.#finish({ ok: true });
    else this.#send(fd, encodeIcReq());
  }

  #send(fd: number, bytes: Uint8Array): void {
    const sent = this.#means.libc.send(fd, bytes, MSG_NOSIGNAL);
    if (!sent.ok && sent.errno !== ERRNO.EAGAIN) {
      this.#fail(sent);
      return;
    }
    const rest = bytes.subarray(sent.ok ? sent.value : 0);
    this.#phase = rest.length > 0 ? { at: "sending", rest } : { at: "receiving", received: new Uint8Array(0) };
    this.#waitFor(fd, rest.length > 0 ? POLLOUT : POLLIN);
  }

  /** Reads at most one ICResp, so a peer that sends byte by byte wakes the probe at most 128 times. */
  #receive(fd: number, before: Uint8Array): void {
    const buffer = Buffer.alloc(IC_PDU_BYTES - before.length);
    const got = this.#means.libc.recv(fd, buffer, 0);
    if (!got.ok) {
      if (got.errno !== ERRNO.EAGAIN) this.#fail(got);
      return;
    }
    if (got.value === 0) {
      this.#finish({ ok: false, errno: ERRNO.ECONNRESET });
      return;
    }
    const received = Buffer.concat([before, buffer.subarray(0, got.value)]);
    switch (judgeIcResp(received)) {
      case "incomplete":
        this.#phase = { at: "receiving", received };
        return;
      case "valid":
        this.#finish({ ok: true });
        return;
      case "invalid":
        this.#finish({ ok: false, errno: ERRNO.EBADMSG });
        return;
    }
  }
}

/** A kernel that answers rtnetlink dumps and sends notifications as the test says, behind the calls of the C library. */
import type { CallResult, Libc } from "../../../../src/adapters/real/libc.js";
import { POLLIN } from "../../../../src/adapters/real/watcher.js";
import { ERRNO } from "../../../../src/core/domain/errno.js";

const GETLINK = 18;
const POLL_RECORD = 8;

function pad(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function attribute(type: number, value: Uint8Array): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt16LE(4 + value.length, 0);
  header.writeUInt16LE(type, 2);
  return pad(Buffer.concat([header, value]));
}

export function message(type: number, body: Uint8Array, flags = 2): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags, 6);
  return pad(Buffer.concat([header, body]));
}

interface FakeLink {
  readonly index: number;
  readonly name: string;
  /** Hexadecimal. */
  readonly mac?: string;
  readonly loopback?: boolean;
  /** Whether it has a carrier; usual: true. */
  readonly running?: boolean;
}

export function linkMessage({ index, name, mac, loopback = false, running = true }: FakeLink): Buffer {
  const body = Buffer.alloc(16);
  body.writeInt32LE(index, 4);
  body.writeUInt32LE(loopback ? 0x49 : running ? 0x1043 : 0x1003, 8);
  // IFLA_TXQLEN, IFLA_IFNAME, IFLA_ADDRESS.
  const attributes = [attribute(13, Buffer.alloc(4)), attribute(3, Buffer.from(`${name}\0`))];
  if (mac !== undefined) attributes.push(attribute(1, Buffer.from(mac, "hex")));
  return message(16, Buffer.concat([body, ...attributes]));
}

interface FakeAddress {
  readonly index: number;
  readonly bytes: readonly number[];
  readonly flags?: number;
  /** The address of the other end of a point-to-point link. */
  readonly peer?: readonly number[];
}

export function addressMessage({ index, bytes, flags = 0, peer }: FakeAddress): Buffer {
  const body = Buffer.alloc(8);
  body[0] = bytes.length === 4 ? 2 : 10;
  body[2] = flags;
  body.writeUInt32LE(index, 4);
  const own = peer === undefined && bytes.length === 16 ? [] : [attribute(2, Buffer.from(bytes))];
  return message(20, Buffer.concat([body, attribute(1, Buffer.from(peer ?? bytes)), ...own]));
}

export const DONE = message(3, Buffer.alloc(4));

/** A dump as the kernel sends it: the records, then the end in its own datagram. */
export function dumpOf(records: readonly Buffer[]): readonly Buffer[] {
  return records.length === 0 ? [DONE] : [Buffer.concat(records), DONE];
}

/** A datagram, or the errno of the next read. */
type Waiting = Uint8Array | { readonly errno: number };

interface FakeSocket {
  waiting: Waiting[];
  groups: number;
}

const failed = (errno: number): CallResult => ({ ok: false, errno });
const done = (value = 0): CallResult => ({ ok: true, value });

interface Poll {
  readonly fds: readonly number[];
  readonly records: Buffer;
  readonly answer: (result: CallResult) => void;
}

/** For one process with one poll at a time. Throws on a call on a closed descriptor. */
export class FakeRtnetlink {
  /** The datagrams of a dump. */
  links: () => readonly Waiting[] = () => [DONE];
  addresses: () => readonly Waiting[] = () => [DONE];
  /** The errno that these calls fail with; 0: they succeed. */
  socketErrno = 0;
  bindErrno = 0;
  /** The number of link dumps so far. */
  dumps = 0;
  readonly libc: Libc;
  readonly #sockets = new Map<number, FakeSocket>();
  readonly #wakeFd = 99;
  #nextFd = 100;
  #woken = false;
  #poll: Poll | undefined;

  /** Calls that do not concern rtnetlink go to `others`. */
  constructor(others: Libc) {
    this.libc = {
      ...others,
      eventfd: () => done(this.#wakeFd),
      wake: () => {
        this.#woken = true;
        this.#answerPoll();
      },
      unwake: () => (this.#woken = false),
      poll: (records, length) => this.#startPoll(Buffer.from(records.buffer, records.byteOffset), length),
      socket: () => this.#makeSocket(),
      bind: (fd, address) => {
        if (this.bindErrno !== 0) return failed(this.bindErrno);
        this.#socket(fd).groups = Buffer.from(address).readUInt32LE(8);
        return done();
      },
      connect: (fd) => done(Number(this.#socket(fd).groups)),
      send: (fd, bytes) => this.#ask(this.#socket(fd), Buffer.from(bytes)),
      recv: (fd, into) => this.#receive(this.#socket(fd), into),
      close: (fd) => {
        this.#socket(fd);
        this.#sockets.delete(fd);
        return done();
      },
    };
  }

  show(links: readonly FakeLink[], addresses: readonly FakeAddress[] = []): void {
    this.links = () => dumpOf(links.map(linkMessage));
    this.addresses = () => dumpOf(addresses.map(addressMessage));
  }

  /** Sends to every socket that listens to notifications. */
  notify(...what: readonly Waiting[]): void {
    for (const socket of this.#sockets.values()) if (socket.groups !== 0) socket.waiting.push(...what);
    this.#answerPoll();
  }

  /** The groups of each open socket. */
  get open(): readonly number[] {
    return [...this.#sockets.values()].map(({ groups }) => groups);
  }

  #makeSocket(): CallResult {
    if (this.socketErrno !== 0) return failed(this.socketErrno);
    this.#sockets.set(++this.#nextFd, { waiting: [], groups: 0 });
    return done(this.#nextFd);
  }

  #socket(fd: number): FakeSocket {
    const socket = this.#sockets.get(fd);
    if (socket === undefined) throw new Error(`${String(fd)} is not open`);
    return socket;
  }

  #ask(socket: FakeSocket, request: Buffer): CallResult {
    const ofLinks = request.readUInt16LE(4) === GETLINK;
    if (ofLinks) this.dumps += 1;
    socket.waiting = [...(ofLinks ? this.links() : this.addresses())];
    return done(request.length);
  }

  #receive(socket: FakeSocket, into: Uint8Array): CallResult {
    const next = socket.waiting.shift();
    if (next === undefined) return failed(ERRNO.EAGAIN);
    if ("errno" in next) return failed(next.errno);
    const taken = next.subarray(0, into.length);
    into.set(taken);
    return done(taken.length);
  }

  #startPoll(records: Buffer, length: number): Promise<CallResult> {
    const fds = Array.from({ length }, (_, index) => records.readInt32LE(index * POLL_RECORD));
    return new Promise((answer) => {
      this.#poll = { fds, records, answer };
      this.#answerPoll();
    });
  }

  #answerPoll(): void {
    const { fds, records, answer } = this.#poll ?? { fds: [] };
    let ready = 0;
    for (const [index, fd] of fds.entries()) {
      const isReady = fd === this.#wakeFd ? this.#woken : (this.#sockets.get(fd)?.waiting.length ?? 0) > 0;
      records?.writeInt16LE(isReady ? POLLIN : 0, index * POLL_RECORD + 6);
      if (isReady) ready += 1;
    }
    if (ready === 0) return;
    this.#poll = undefined;
    answer?.(done(ready));
  }
}

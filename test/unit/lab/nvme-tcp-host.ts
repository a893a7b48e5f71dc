/**
 * A small NVMe/TCP host for tests. It writes and reads PDUs byte by byte, and shares no code with the code under
 * test.
 */
import { once } from "node:events";
import { type Socket, connect } from "node:net";

export const HOST = "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555";
const DISCOVERY = "nqn.2014-08.org.nvmexpress.discovery";

interface Reply {
  readonly status: number;
  readonly result: bigint;
  readonly data: Buffer;
}

/** A command: the dwords by number, and either the data to send or the length to expect. */
interface Submission {
  readonly opcode: number;
  /** Byte 4: the fabrics command type, or the lowest byte of NSID. */
  readonly byte4?: number;
  readonly dwords?: Readonly<Record<number, number>>;
  readonly send?: Buffer;
  /** Default: `capsule`. */
  readonly how?: "capsule" | "on-request";
  readonly expect?: number;
  readonly cid?: number;
}

interface Open {
  readonly submission: Submission;
  readonly pieces: Buffer[];
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

export class TestHost {
  readonly socket: Socket;
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>;
  /** Whole PDUs that are not part of a command, such as an ICResp. */
  readonly others: Buffer[] = [];
  /** All bytes received. */
  received = Buffer.alloc(0);
  #held = Buffer.alloc(0);
  #nextCid = 1;
  readonly #open = new Map<number, Open>();
  #arrived: (() => void)[] = [];

  static async dial(port: number, address = "127.0.0.1"): Promise<TestHost> {
    const socket = connect({ port, host: address });
    await once(socket, "connect");
    return new TestHost(socket);
  }

  /** A host with ICReq, Connect and CC.EN done. */
  static async live(
    port: number,
    options: { hostnqn?: string; subnqn?: string; kato?: number } = {},
  ): Promise<TestHost> {
    const host = await TestHost.dial(port);
    await host.hello();
    const { status } = await host.connect(options);
    if (status !== 0) throw new Error(`the Connect ended with status 0x${status.toString(16)}`);
    await host.setProperty(0x14, 0x460001);
    return host;
  }

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => socket.on("close", () => resolve()));
    socket.on("close", () => {
      for (const { reject } of this.#open.values()) reject(new Error("the connection is gone"));
      this.#open.clear();
      this.#wake();
    });
    socket.on("data", (bytes) => this.#take(bytes));
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  end(): void {
    this.socket.destroy();
  }

  /** Sends an ICReq and returns the next PDU. */
  async hello(change: (request: Buffer) => void = () => undefined): Promise<Buffer> {
    const request = Buffer.alloc(128);
    request.set([0, 0, 128, 0, 128]);
    change(request);
    this.write(request);
    return this.other();
  }

  /** The next PDU that belongs to no command. Rejects if the connection ends first. */
  async other(): Promise<Buffer> {
    for (;;) {
      const found = this.others.shift();
      if (found !== undefined) return found;
      if (this.socket.destroyed) throw new Error("the connection is gone");
      await new Promise<void>((resolve) => this.#arrived.push(resolve));
    }
  }

  connect(
    options: {
      hostnqn?: string;
      subnqn?: string;
      kato?: number;
      queue?: number;
      cntlid?: number;
    } = {},
  ): Promise<Reply> {
    const data = Buffer.alloc(1024);
    data.fill(0x11, 0, 16);
    data.writeUInt16LE(options.cntlid ?? 0xffff, 16);
    data.write(options.subnqn ?? DISCOVERY, 256);
    data.write(options.hostnqn ?? HOST, 512);
    return this.submit({
      opcode: 0x7f,
      byte4: 1,
      dwords: { 10: (options.queue ?? 0) << 16, 11: 31, 12: options.kato ?? 0 },
      send: data,
    });
  }

  setProperty(offset: number, value: number): Promise<Reply> {
    return this.submit({ opcode: 0x7f, byte4: 0, dwords: { 11: offset, 12: value } });
  }

  getProperty(offset: number, wide = 0): Promise<Reply> {
    return this.submit({ opcode: 0x7f, byte4: 4, dwords: { 10: wide, 11: offset } });
  }

  identify(cns = 1): Promise<Reply> {
    return this.submit({ opcode: 0x06, dwords: { 10: cns }, expect: 4096 });
  }

  logPage(lid: number, length: number, more: { lsp?: number; rae?: 0 | 1; offset?: number } = {}): Promise<Reply> {
    const dwords = length / 4 - 1;
    const cdw10 = ((dwords & 0xffff) << 16) | ((more.rae ?? 0) << 15) | ((more.lsp ?? 0) << 8) | lid;
    return this.submit({
      opcode: 0x02,
      dwords: { 10: cdw10 >>> 0, 11: dwords >>> 16, 12: more.offset ?? 0 },
      expect: length,
    });
  }

  /** Enables discovery log page change events. */
  enableEvents(): Promise<Reply> {
    return this.submit({ opcode: 0x09, dwords: { 10: 0x0b, 11: 0x80000000 } });
  }

  /** The reply comes with the event. */
  requestEvent(): Promise<Reply> {
    return this.submit({ opcode: 0x0c });
  }

  keepAlive(): Promise<Reply> {
    return this.submit({ opcode: 0x18 });
  }

  submit(submission: Submission): Promise<Reply> {
    const cid = submission.cid ?? this.#nextCid++;
    this.write(capsule(cid, submission));
    const reply = new Promise<Reply>((resolve, reject) => {
      this.#open.set(cid, { submission, pieces: [], resolve, reject });
    });
    // Many tests end while a command waits.
    reply.catch(() => undefined);
    return reply;
  }

  #take(bytes: Buffer): void {
    this.received = Buffer.concat([this.received, bytes]);
    this.#held = Buffer.concat([this.#held, bytes]);
    while (this.#held.length >= 8) {
      const length = this.#held.readUInt32LE(4);
      if (length < 8 || this.#held.length < length) return;
      const pdu = this.#held.subarray(0, length);
      this.#held = this.#held.subarray(length);
      this.#takePdu(pdu);
    }
  }

  #takePdu(pdu: Buffer): void {
    const type = pdu.readUInt8(0);
    if (type === 0x07) {
      const open = this.#open.get(pdu.readUInt16LE(8));
      if (pdu.readUInt32LE(12) !== length(open?.pieces ?? [])) throw new Error("data out of order");
      open?.pieces.push(pdu.subarray(pdu.readUInt8(3)));
    } else if (type === 0x05) {
      this.#completed(pdu);
    } else if (type === 0x09) {
      this.#transfer(pdu);
    } else {
      this.others.push(pdu);
      this.#wake();
    }
  }

  #completed(pdu: Buffer): void {
    const cid = pdu.readUInt16LE(20);
    const open = this.#open.get(cid);
    this.#open.delete(cid);
    open?.resolve({
      status: pdu.readUInt16LE(22) >> 1,
      result: pdu.readBigUInt64LE(8),
      data: Buffer.concat(open.pieces),
    });
  }

  /** Sends the requested data, in two pieces if it can be split. */
  #transfer(pdu: Buffer): void {
    const cid = pdu.readUInt16LE(8);
    const data = this.#open.get(cid)?.submission.send ?? Buffer.alloc(0);
    const half = Math.floor(pdu.readUInt32LE(16) / 2);
    const parts = [data.subarray(0, half), data.subarray(half)].filter((part) => part.length > 0);
    parts.forEach((part, index) => {
      const header = Buffer.alloc(24);
      header.set([0x06, index === parts.length - 1 ? 4 : 0, 24, 24]);
      header.writeUInt32LE(24 + part.length, 4);
      header.writeUInt16LE(cid, 8);
      header.writeUInt16LE(pdu.readUInt16LE(10), 10);
      header.writeUInt32LE(index === 0 ? 0 : half, 12);
      header.writeUInt32LE(part.length, 16);
      this.write(Buffer.concat([header, part]));
    });
  }

  #wake(): void {
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const wake of arrived) wake();
  }
}

function length(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

/** A CapsuleCmd. */
export function capsule(cid: number, { opcode, byte4, dwords, send, how, expect }: Submission): Buffer {
  const inside = send !== undefined && how !== "on-request" ? send : Buffer.alloc(0);
  const pdu = Buffer.alloc(72 + inside.length);
  pdu.set([0x04, 0, 72, inside.length === 0 ? 0 : 72]);
  pdu.writeUInt32LE(pdu.length, 4);
  const entry = pdu.subarray(8, 72);
  entry.set([opcode, 0x40]);
  entry.writeUInt16LE(cid, 2);
  entry.writeUInt8(byte4 ?? 0, 4);
  entry.writeUInt32LE(send?.length ?? expect ?? 0, 32);
  entry.writeUInt8(inside.length > 0 ? 0x01 : 0x5a, 39);
  for (const [number, value] of Object.entries(dwords ?? {})) entry.writeUInt32LE(value >>> 0, Number(number) * 4);
  pdu.set(inside, 72);
  return pdu;
}

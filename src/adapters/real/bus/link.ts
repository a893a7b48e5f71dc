/** One connection to the bus: from opening the socket until either side closes it. */
import { connect, type Socket } from "node:net";
import { errnoOf } from "../../shared/os-error.js";
import type { BusAddress } from "./address.js";
import { DBUS_ERROR, isErrorName } from "./errors.js";
import { Framer, type Frame } from "./framer.js";
import { AUTH_LINE_BYTES_MAX, OWN_CALLS_MAX, SEND_QUEUE_BYTES_MAX, type BusTiming } from "./limits.js";
import { marshal } from "./marshal.js";
import { readBody } from "./unmarshal.js";
import { FLAG, MESSAGE_TYPE, WireError, type Header, type Message, type WireValue } from "./wire.js";

/** Why a connection ended or could not be made. */
export type LinkLoss =
  | { readonly kind: "errno"; readonly errno: number }
  | { readonly kind: "closed" | "refused" | "silent" | "garbled" | "congested" };

export interface LinkHandlers {
  /** The bus answered Hello: calls are possible. */
  up(link: Link): void;
  /** Called once, after every open call is settled. Not called after `close`. */
  down(loss: LinkLoss): void;
  call(link: Link, message: Message): void;
  /** A call arrived whose body is too large. */
  tooLarge(link: Link, header: Header): void;
  signal(message: Message): void;
  /** A message was dropped because its header cannot be parsed. */
  unreadable(): void;
}

/** One of our own calls. */
export interface LinkCall {
  /** A unique name, or the name of the bus itself. Only its owner may answer. */
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature: string;
  readonly args: readonly WireValue[];
  /** The signature of the answer. */
  readonly returns: string;
}

export type LinkResult =
  { readonly ok: true; readonly values: readonly WireValue[] } | { readonly ok: false; readonly error: string };

type Settle = (result: LinkResult) => void;

interface OpenCall {
  readonly call: LinkCall;
  readonly settle: Settle;
  readonly timeout: NodeJS.Timeout;
}

/** One buffer for all reads: otherwise a flood of large messages would leave as many bytes of garbage. */
const READ_BYTES = 64 * 1024;

/** The bus itself, as a destination and a sender. */
export const BUS_NAME = "org.freedesktop.DBus";
const BUS_PATH = "/org/freedesktop/DBus";
const SERIAL_MAX = 0xffff_ffff;

/** A call to the bus itself. */
export function busCall(member: string, signature: string, args: readonly WireValue[], returns: string): LinkCall {
  return { destination: BUS_NAME, path: BUS_PATH, interface: BUS_NAME, member, signature, args, returns };
}

export class Link {
  readonly #socket: Socket;
  readonly #handlers: LinkHandlers;
  readonly #timing: BusTiming;
  readonly #framer = new Framer();
  readonly #open = new Map<number, OpenCall>();
  readonly #helloTimeout: NodeJS.Timeout;
  /** The part of the authentication answer received so far; `undefined` once authentication is done. */
  #authLine: Buffer | undefined = Buffer.alloc(0);
  #state: "starting" | "up" | "ended" = "starting";
  #serial = 0;
  #uniqueName = "";

  constructor(address: BusAddress, handlers: LinkHandlers, timing: BusTiming) {
    this.#handlers = handlers;
    this.#timing = timing;
    this.#helloTimeout = setTimeout(() => {
      this.#end({ kind: "silent" });
    }, timing.connect);
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const callback = (bytes: number): boolean => {
      this.#onData(buffer.subarray(0, bytes));
      return true;
    };
    const socket = connect({ path: address.path, onread: { buffer, callback } });
    this.#socket = socket;
    socket.on("error", (error) => {
      this.#end({ kind: "errno", errno: errnoOf(error) });
    });
    socket.on("close", () => {
      this.#end({ kind: "closed" });
    });
    socket.on("drain", () => {
      socket.resume();
    });
    socket.on("connect", () => {
      // EXTERNAL: the bus compares the user id with the credentials of the socket.
      const uid = String(process.geteuid?.() ?? 0);
      socket.write(`\0AUTH EXTERNAL ${Buffer.from(uid, "latin1").toString("hex")}\r\n`);
    });
  }

  /** Our unique name on this bus. Empty until `up`. */
  get uniqueName(): string {
    return this.#uniqueName;
  }

  /** True while too many sent bytes wait for the bus to read them. Send nothing that can be left out. */
  get congested(): boolean {
    return this.#socket.writableLength > SEND_QUEUE_BYTES_MAX;
  }

  /**
   * Makes a call. Settles once, always after this function returns. Throws WireError if the arguments do not fit the signature.
   */
  call(call: LinkCall, settle: Settle): void {
    const serial = this.#newSerial();
    const { destination, path, member, signature, args } = call;
    const header = { type: MESSAGE_TYPE.call, flags: FLAG.noAutoStart, serial, destination, path, member, signature };
    const bytes = marshal({ ...header, interface: call.interface }, args);
    if (this.#state === "ended" || this.#open.size >= OWN_CALLS_MAX) {
      const error = this.#state === "ended" ? DBUS_ERROR.disconnected : DBUS_ERROR.limitsExceeded;
      setImmediate(() => {
        settle({ ok: false, error });
      });
      return;
    }
    const timeout = setTimeout(() => {
      this.#settle(serial, { ok: false, error: DBUS_ERROR.noReply });
    }, this.#timing.call);
    this.#open.set(serial, { call, settle, timeout });
    this.#write(bytes);
  }

  /** Sends a reply, an error or a signal. Throws WireError if the values do not fit the signature. */
  send(header: Omit<Header, "serial" | "flags">, values: readonly WireValue[]): void {
    const bytes = marshal({ ...header, flags: FLAG.noReplyExpected, serial: this.#newSerial() }, values);
    this.#write(bytes);
  }

  /** Gives the connection up as lost, because the bus does not read what is sent. */
  abandon(): void {
    this.#end({ kind: "congested" });
  }

  /** Ends the connection after sending what is queued. Forgets open calls and reports nothing more. */
  close(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    clearTimeout(this.#helloTimeout);
    for (const { timeout } of this.#open.values()) clearTimeout(timeout);
    this.#open.clear();
    if (this.#socket.connecting) this.#socket.destroy();
    else this.#socket.end();
    this.#socket.unref();
  }

  #newSerial(): number {
    do this.#serial = (this.#serial % SERIAL_MAX) + 1;
    while (this.#open.has(this.#serial));
    return this.#serial;
  }

  /** Stops reading while the bus does not read, so that clients that send without reading have to wait. */
  #write(bytes: Buffer): void {
    if (this.#state !== "ended" && !this.#socket.write(bytes)) this.#socket.pause();
  }

  #onData(chunk: Buffer): void {
    if (!this.#isAlive()) return;
    if (this.#authLine !== undefined) {
      this.#onAuth(Buffer.concat([this.#authLine, chunk]));
      return;
    }
    this.#framer.push(chunk);
    while (this.#isAlive()) {
      const frame = this.#framer.next();
      if (frame === undefined) break;
      this.#onFrame(frame);
    }
    this.#framer.keep();
  }

  #onAuth(line: Buffer): void {
    const end = line.indexOf("\r\n");
    if (end < 0 && line.length <= AUTH_LINE_BYTES_MAX) {
      this.#authLine = line;
      return;
    }
    if (end < 0 || !line.toString("latin1").startsWith("OK ")) {
      this.#end({ kind: "refused" });
      return;
    }
    this.#authLine = undefined;
    this.#socket.write("BEGIN\r\n");
    this.call(busCall("Hello", "", [], "s"), (result) => {
      this.#onHello(result);
    });
    if (line.length > end + 2) this.#onData(line.subarray(end + 2));
  }

  #onHello(result: LinkResult): void {
    if (this.#state !== "starting") return;
    const name = result.ok ? result.values[0] : undefined;
    if (typeof name !== "string") {
      this.#end({ kind: "refused" });
      return;
    }
    clearTimeout(this.#helloTimeout);
    this.#uniqueName = name;
    this.#state = "up";
    this.#handlers.up(this);
  }

  #onFrame(frame: Frame): void {
    switch (frame.kind) {
      case "message":
        this.#onMessage(frame.message);
        return;
      case "too-large":
        if (frame.header.type === MESSAGE_TYPE.call) this.#handlers.tooLarge(this, frame.header);
        else this.#onAnswer(frame.header, () => ({ ok: false, error: DBUS_ERROR.limitsExceeded }));
        return;
      case "unreadable":
        this.#handlers.unreadable();
        return;
      case "broken":
        this.#end({ kind: "garbled" });
        return;
    }
  }

  #onMessage(message: Message): void {
    switch (message.type) {
      case MESSAGE_TYPE.call:
        if (this.#state === "up") this.#handlers.call(this, message);
        return;
      case MESSAGE_TYPE.signal:
        if (this.#state === "up") this.#handlers.signal(message);
        return;
      case MESSAGE_TYPE.error: {
        const { errorName: error = "" } = message;
        this.#onAnswer(message, () => ({ ok: false, error: isErrorName(error) ? error : DBUS_ERROR.failed }));
        return;
      }
      case MESSAGE_TYPE.reply:
        this.#onAnswer(message, ({ returns }) => readAnswer(message, returns));
        return;
    }
  }

  /** Accepts an answer from the called peer, or an error of the bus that says there will be none. */
  #onAnswer(header: Header, read: (call: LinkCall) => LinkResult): void {
    const serial = header.replySerial ?? 0;
    const open = this.#open.get(serial);
    if (open === undefined) return;
    const { sender } = header;
    const isBus = sender === BUS_NAME && header.type === MESSAGE_TYPE.error;
    if (sender === open.call.destination || isBus) this.#settle(serial, read(open.call));
  }

  #settle(serial: number, result: LinkResult): void {
    const open = this.#open.get(serial);
    if (open === undefined) return;
    clearTimeout(open.timeout);
    this.#open.delete(serial);
    open.settle(result);
  }

  #isAlive(): boolean {
    return this.#state !== "ended";
  }

  #end(loss: LinkLoss): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    clearTimeout(this.#helloTimeout);
    this.#socket.destroy();
    for (const serial of [...this.#open.keys()]) this.#settle(serial, { ok: false, error: DBUS_ERROR.disconnected });
    this.#handlers.down(loss);
  }
}

function readAnswer(message: Message, returns: string): LinkResult {
  try {
    return { ok: true, values: readBody(message, returns) };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return { ok: false, error: DBUS_ERROR.invalidSignature };
  }
}

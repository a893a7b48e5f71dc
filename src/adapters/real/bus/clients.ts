/** Calls of clients, from arrival to answer. */
import type { BusCallId, BusResult, ServiceName } from "../../../core/ports/bus.js";
import type { LogPort } from "../../../core/ports/log.js";
import type { Deliver } from "../deliver.js";
import { Callers } from "./callers.js";
import { route, type Route } from "./dispatch.js";
import { DBUS_ERROR, errorText, isErrorName } from "./errors.js";
import { signatureOf, type MethodSpec, type ServiceSpec } from "./idl.js";
import type { Link } from "./link.js";
import { OPEN_CALLS_MAX } from "./limits.js";
import { FLAG, MESSAGE_TYPE, WireError, type Header, type Message, type WireValue } from "./wire.js";

/** The destination of an answer. */
interface Caller {
  readonly link: Link;
  readonly sender: string;
  readonly serial: number;
  readonly wantsReply: boolean;
}

interface OpenCall {
  readonly caller: Caller;
  readonly service: ServiceName;
  readonly method: MethodSpec;
}

interface ClientsOptions {
  readonly objects: readonly ServiceSpec[];
  readonly deliver: Deliver;
  readonly log: LogPort;
  /** 32 hexadecimal digits; `undefined` if this host has no machine id. */
  readonly machineId: () => string | undefined;
}

export class Clients {
  readonly #options: ClientsOptions;
  readonly #open = new Map<BusCallId, OpenCall>();
  #callers: Callers | undefined;
  #nextCall = 1;

  constructor(options: ClientsOptions) {
    this.#options = options;
  }

  up(link: Link): void {
    this.#callers = new Callers(link);
  }

  /** Forgets open calls: the callers lost the bus too. */
  down(): void {
    this.#callers = undefined;
    this.#open.clear();
  }

  onCall(link: Link, message: Message): void {
    const caller = callerOf(link, message);
    if (caller === undefined) return;
    const to = route(message, this.#options.objects);
    switch (to.kind) {
      case "core":
        this.#toCore(caller, to);
        return;
      case "answer":
        this.#answer(caller, to.signature, to.values);
        return;
      case "machine-id": {
        const id = this.#options.machineId();
        if (id === undefined) refuse(caller, DBUS_ERROR.fileNotFound, "This host has no machine id.");
        else this.#answer(caller, "s", [id]);
        return;
      }
      case "error":
        refuse(caller, to.error, to.text);
        return;
    }
  }

  onTooLarge(link: Link, header: Header): void {
    const caller = callerOf(link, header);
    if (caller !== undefined) refuse(caller, DBUS_ERROR.limitsExceeded, "The arguments are too large.");
  }

  /** Sends an answer of the core. Drops it if the caller lost the bus in the meantime. */
  reply(id: BusCallId, result: BusResult): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#open.delete(id);
    const { caller, service, method } = open;
    if (!result.ok) {
      const error = isErrorName(result.error) ? result.error : DBUS_ERROR.failed;
      refuse(caller, error, errorText(error));
      return;
    }
    try {
      this.#answer(caller, signatureOf(method.out), result.values);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#options.log.write({
        level: "error",
        text: `a bug of stas: the answer to ${method.name} of ${service} does not fit its signature (${error.message}); please report it`,
      });
      refuse(caller, DBUS_ERROR.failed, "The answer could not be sent. The log of this service says why.");
    }
  }

  #toCore(caller: Caller, to: Extract<Route, { readonly kind: "core" }>): void {
    const { service, method, args } = to;
    if (this.#open.size >= OPEN_CALLS_MAX) {
      refuse(caller, DBUS_ERROR.limitsExceeded, "Too many calls are waiting for an answer. Try again later.");
      return;
    }
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- here the brand is made
    const call = this.#nextCall++ as BusCallId;
    this.#open.set(call, { caller, service, method });
    const { sender } = caller;
    this.#callers?.uidOf(sender, (uid) => {
      if (!this.#open.has(call)) return;
      if (uid !== undefined) {
        this.#options.deliver({ kind: "bus-call", call, service, method: method.name, args, sender, uid });
        return;
      }
      this.#open.delete(call);
      refuse(caller, DBUS_ERROR.accessDenied, "The bus does not say which user you are.");
    });
  }

  #answer(caller: Caller, signature: string, values: readonly WireValue[]): void {
    if (!caller.wantsReply) return;
    if (caller.link.congested) {
      refuse(caller, DBUS_ERROR.limitsExceeded, "Too many answers wait to be read. Read them, then try again.");
      return;
    }
    const { link, sender: destination, serial: replySerial } = caller;
    link.send({ type: MESSAGE_TYPE.reply, destination, replySerial, signature }, values);
  }
}

/** `undefined` for a call without sender or serial, which no bus passes on. */
function callerOf(link: Link, { sender, serial, flags }: Header): Caller | undefined {
  if (sender === undefined || serial === 0) return undefined;
  return { link, sender, serial, wantsReply: (flags & FLAG.noReplyExpected) === 0 };
}

function refuse({ link, sender, serial, wantsReply }: Caller, errorName: string, text: string): void {
  if (!wantsReply) return;
  const header = { type: MESSAGE_TYPE.error, destination: sender, replySerial: serial, errorName, signature: "s" };
  link.send(header, [text]);
}

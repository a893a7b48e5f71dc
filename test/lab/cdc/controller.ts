/** A discovery controller, from its Connect to the end of its connection: properties, features, events, keep alive. */
import { IDENTIFY_BYTES, LID } from "../../../src/core/codec/admin.js";
import { DISCOVERY_RECORD_BYTES } from "../../../src/core/domain/discovery-log.js";
import { toHex } from "../../../src/core/codec/text.js";
import { type Command, FCTYPE, FEATURE, OPCODE, STATUS, logReadOf } from "./command.js";
import { DimError, decodeRegistration } from "./dim.js";
import type { Model } from "./model.js";
import {
  DISCOVERY_CHANGE_BIT,
  EVENT_REQUESTS_MAX,
  VERSION,
  discoveryLogPage,
  identifyPage,
  readLogPage,
} from "./pages.js";

/** The host that connected, and the NQN it asked for. */
export interface Host {
  readonly hostnqn: string;
  /** In hex. */
  readonly hostid: string;
  readonly subsysnqn: string;
}

/** The answer to a command. `data` is cut or padded to the requested length. */
export interface Answer {
  readonly status: number;
  readonly result?: bigint;
  readonly data?: Uint8Array;
}

interface ControllerParts {
  readonly model: Model;
  readonly association: number;
  readonly portid: number;
  readonly host: Host;
  readonly cntlid: number;
  /** In milliseconds; 0 is off. */
  readonly kato: number;
  /** Answers an Asynchronous Event Request. */
  readonly complete: (cid: number, answer: Answer) => void;
  /** Drops one that will get no answer. */
  readonly abandon: (cid: number) => void;
  /** Ends the connection when the keep alive timer expires. */
  readonly expire: () => void;
}

/** Property offsets (NVMe Base 2.0, 3.1.3). */
const PROPERTY = { cap: 0x00, vs: 0x08, cc: 0x14, csts: 0x1c } as const;
/** CAP: 128 entries per queue, contiguous queues, ready within 7.5 s, NVM command set. */
const CAPABILITIES = 127n | (1n << 16n) | (15n << 24n) | (1n << 37n);
const CC = { enable: 1, shutdown: 3 << 14 } as const;
const CSTS = { ready: 1, shutdownComplete: 2 << 2 } as const;

/** The CNS of Identify Controller. */
const CNS_CONTROLLER = 0x01;
/** The most events that may wait for a request. */
const EVENTS_MAX = 16;
/** The most bytes in one answer. */
const ANSWER_BYTES_MAX = 1 << 20;
/** The longest keep alive timer that Node can arm. */
const TIMER_MAX_MS = 0x7fff_ffff;

const OK: Answer = { status: STATUS.success };
const INVALID_FIELD: Answer = { status: STATUS.invalidField };

export class DiscoveryController {
  readonly #parts: ControllerParts;
  #configuration = 0;
  #status = 0;
  #eventConfiguration = 0;
  #eventMasked = false;
  #eventRequests: number[] = [];
  #events: number[] = [];
  #kato: number;
  #keepAlives = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.#kato = parts.kato;
    this.#armKeepAlive();
  }

  get host(): Host {
    return this.#parts.host;
  }

  get cntlid(): number {
    return this.#parts.cntlid;
  }

  get view(): {
    readonly kato: number;
    readonly state: "disabled" | "ready" | "shut-down";
    readonly keepAlives: number;
    readonly eventRequests: number;
    readonly eventMasked: boolean;
  } {
    const shutDown = (this.#status & CSTS.shutdownComplete) !== 0;
    return {
      kato: this.#kato,
      state: shutDown ? "shut-down" : this.#ready ? "ready" : "disabled",
      keepAlives: this.#keepAlives,
      eventRequests: this.#eventRequests.length,
      eventMasked: this.#eventMasked,
    };
  }

  /** Executes a command. Returns undefined if the answer comes later. */
  execute(command: Command, data: Uint8Array): Answer | undefined {
    if (command.fctype !== undefined) return this.#fabrics(command, command.fctype);
    if (!this.#ready) return { status: STATUS.commandSequence };
    switch (command.opcode) {
      case OPCODE.identify:
        return this.#identify(command);
      case OPCODE.getLogPage:
        return this.#getLogPage(command);
      case OPCODE.setFeatures:
        return this.#setFeatures(command);
      case OPCODE.getFeatures:
        return this.#getFeatures(command);
      case OPCODE.asyncEventRequest:
        return this.#requestEvent(command);
      case OPCODE.keepAlive:
        this.#keepAlives += 1;
        this.#armKeepAlive();
        return OK;
      case OPCODE.abort:
        // Bit 0: the command was not aborted.
        return { status: STATUS.success, result: 1n };
      case OPCODE.discoveryInformationManagement:
        return this.#register(command, data);
      default:
        return { status: STATUS.invalidOpcode };
    }
  }

  /** The entries as this host reads them, to detect whether they changed for this host. */
  visible(): Uint8Array {
    const { model, portid, host } = this.#parts;
    return discoveryLogPage(model, 0, { portid, hostnqn: host.hostnqn }).subarray(DISCOVERY_RECORD_BYTES);
  }

  /** Sends an event, now or with the next request. Drops an event that the host did not enable or that is masked. */
  raise(event: number, mask: "kept" | "forced"): void {
    if ((this.#eventConfiguration & DISCOVERY_CHANGE_BIT) === 0) return;
    if (this.#eventMasked && mask === "kept") return;
    this.#eventMasked = true;
    if (this.#events.length < EVENTS_MAX) this.#events.push(event);
    this.#deliver();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  get #ready(): boolean {
    return (this.#status & CSTS.ready) !== 0;
  }

  #fabrics(command: Command, fctype: number): Answer {
    const offset = command.entry.getUint32(44, true);
    const wide = (command.cdw10 & 7) === 1;
    switch (fctype) {
      case FCTYPE.propertyGet:
        return this.#getProperty(offset, wide ? 8 : 4);
      case FCTYPE.propertySet:
        if (offset !== PROPERTY.cc || wide) return INVALID_FIELD;
        this.#configure(command.entry.getUint32(48, true));
        return OK;
      // A second Connect on the same queue.
      case FCTYPE.connect:
        return { status: STATUS.commandSequence };
      // Disconnect is for I/O queues.
      default:
        return { status: STATUS.invalidOpcode };
    }
  }

  #getProperty(offset: number, bytes: 4 | 8): Answer {
    const success = (result: bigint): Answer => ({ status: STATUS.success, result });
    if (bytes === 8) return offset === PROPERTY.cap ? success(CAPABILITIES) : INVALID_FIELD;
    switch (offset) {
      case PROPERTY.vs:
        return success(BigInt(VERSION));
      case PROPERTY.cc:
        return success(BigInt(this.#configuration));
      case PROPERTY.csts:
        return success(BigInt(this.#status));
      default:
        return INVALID_FIELD;
    }
  }

  #configure(value: number): void {
    const was = this.#configuration;
    this.#configuration = value;
    if ((value & CC.enable) !== 0 && (was & CC.enable) === 0) this.#status = CSTS.ready;
    if ((value & CC.enable) === 0 && (was & CC.enable) !== 0) this.#reset();
    if ((value & CC.shutdown) !== 0) this.#status |= CSTS.shutdownComplete;
  }

  /** A controller reset: event requests end without an answer. */
  #reset(): void {
    this.#status = 0;
    this.#eventConfiguration = 0;
    this.#eventMasked = false;
    for (const cid of this.#eventRequests) this.#parts.abandon(cid);
    this.#eventRequests = [];
    this.#events = [];
  }

  #identify({ cdw10, sgl }: Command): Answer {
    if ((cdw10 & 0xff) !== CNS_CONTROLLER) return INVALID_FIELD;
    if (sgl.length !== IDENTIFY_BYTES) return { status: STATUS.sglLength };
    return { status: STATUS.success, data: identifyPage(this.#parts.model, this.#parts.cntlid) };
  }

  #getLogPage(command: Command): Answer {
    const { model, portid, host } = this.#parts;
    const read = logReadOf(command);
    if (read.length !== command.sgl.length) return { status: STATUS.sglLength };
    if (read.length > ANSWER_BYTES_MAX || read.offset % 4n !== 0n) return INVALID_FIELD;
    const data = readLogPage(model, read, { portid, hostnqn: host.hostnqn });
    if (data === undefined) return { status: STATUS.invalidLogPage };
    if (read.lid === LID.discovery && !read.rae) this.#eventMasked = false;
    return { status: STATUS.success, data };
  }

  #setFeatures({ cdw10, cdw11 }: Command): Answer {
    switch (cdw10 & 0xff) {
      case FEATURE.asyncEvents:
        // Unsupported events cannot be enabled.
        if ((cdw11 & ~DISCOVERY_CHANGE_BIT) !== 0) return INVALID_FIELD;
        this.#eventConfiguration = cdw11;
        return { status: STATUS.success, result: BigInt(cdw11) };
      case FEATURE.keepAliveTimer:
        this.#kato = cdw11;
        this.#armKeepAlive();
        return OK;
      default:
        return INVALID_FIELD;
    }
  }

  #getFeatures({ cdw10 }: Command): Answer {
    switch (cdw10 & 0xff) {
      case FEATURE.asyncEvents:
        return { status: STATUS.success, result: BigInt(this.#eventConfiguration) };
      case FEATURE.keepAliveTimer:
        return { status: STATUS.success, result: BigInt(this.#kato) };
      default:
        return INVALID_FIELD;
    }
  }

  #requestEvent({ cid }: Command): Answer | undefined {
    if (this.#eventRequests.length >= EVENT_REQUESTS_MAX) return { status: STATUS.eventLimit };
    this.#eventRequests.push(cid);
    this.#deliver();
    return undefined;
  }

  #deliver(): void {
    while (this.#events.length > 0 && this.#eventRequests.length > 0) {
      const event = this.#events.shift() ?? 0;
      const cid = this.#eventRequests.shift() ?? 0;
      this.#parts.complete(cid, { status: STATUS.success, result: BigInt(event) });
    }
  }

  #register({ cdw10 }: Command, data: Uint8Array): Answer {
    const { model, association, host } = this.#parts;
    const { kind } = model.identity;
    if (kind !== "cdc" && kind !== "ddc") return { status: STATUS.invalidOpcode };
    const task = cdw10 & 0x0f;
    const { status, problem } = judge(task, data);
    const { hostnqn } = host;
    model.journal.registration({ association, hostnqn, task, data: toHex(data), status, problem });
    return { status };
  }

  #armKeepAlive(): void {
    clearTimeout(this.#timer);
    if (this.#kato === 0) return;
    const expired = (): void => {
      if (this.#parts.model.stalled) this.#armKeepAlive();
      else this.#parts.expire();
    };
    this.#timer = setTimeout(expired, Math.min(this.#kato, TIMER_MAX_MS));
    this.#timer.unref();
  }
}

function judge(task: number, data: Uint8Array): { readonly status: number; readonly problem: string } {
  try {
    decodeRegistration(task, data);
    return { status: STATUS.success, problem: "" };
  } catch (error) {
    if (!(error instanceof DimError)) throw error;
    return { status: error.status, problem: error.message };
  }
}

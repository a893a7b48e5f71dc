/** One connection of a host, from its ICReq through its Connect to its end. Reads the host's PDUs and answers them. */
import { readTextField, toHex } from "../../../src/core/codec/text.js";
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import {
  type Command,
  FCTYPE,
  OPCODE,
  STATUS,
  connectOf,
  decodeCommand,
  encodeCompletion,
  logReadOf,
} from "./command.js";
import { type Answer, DiscoveryController, type Host } from "./controller.js";
import type { OpenRecord, SeenAssociation } from "./journal.js";
import type { Model } from "./model.js";
import {
  CAPSULE_DATA_BYTES_MAX,
  FATAL,
  type HostPdu,
  PduError,
  PduStream,
  c2hData,
  c2hTermReq,
  capsuleResp,
  icResp,
  r2t,
} from "./pdu.js";
import type { Deed } from "./schema.js";

/** The connection, as this association uses it. */
interface Link {
  send(bytes: Uint8Array): void;
  /** Ends the connection after delivering what was sent (`close`), or at once (`reset`). */
  end(how: "close" | "reset"): void;
}

interface AssociationParts {
  readonly model: Model;
  readonly id: number;
  readonly portid: number;
  readonly peer: string;
  readonly link: Link;
  /** With `after-icresp`, commands are read and dropped. */
  readonly silence: "none" | "after-icresp";
}

/** The most commands of one connection that may wait for an answer. */
const OUTSTANDING_MAX = 256;
/** The most data that one command may transfer on request. */
const H2C_BYTES_MAX = 65_536;
const CONNECT_DATA_BYTES = 1024;
const QUEUE_SIZE_MIN = 1;
const NO_FLOW_CONTROL = 0xffff;
const CNTLID_DYNAMIC = 0xffff;

const NOTHING = new Uint8Array(0);

/** A command that waits for an answer. */
interface Outstanding {
  readonly command: Command;
  readonly record: OpenRecord | undefined;
}

/** Requested data. */
interface Transfer {
  readonly outstanding: Outstanding;
  readonly data: Uint8Array;
  received: number;
}

export class Association {
  readonly #parts: AssociationParts;
  readonly #stream = new PduStream();
  readonly #outstanding = new Map<number, Outstanding>();
  readonly #transfers = new Map<number, Transfer>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #alignment: number | undefined;
  #controller: DiscoveryController | undefined;
  #head = 0;
  #queueSize = 0;
  #ended = false;

  constructor(parts: AssociationParts) {
    this.#parts = parts;
  }

  /** Undefined before the Connect is accepted and after the end. */
  get controller(): DiscoveryController | undefined {
    return this.#ended ? undefined : this.#controller;
  }

  /** True once the journal records it as gone. */
  get ended(): boolean {
    return this.#ended;
  }

  get seen(): SeenAssociation {
    const { id, portid, peer } = this.#parts;
    const host = this.#controller?.host ?? { hostnqn: "", hostid: "", subsysnqn: "" };
    const none = { kato: 0, state: "opening", keepAlives: 0, eventRequests: 0, eventMasked: false } as const;
    const view = this.#controller?.view ?? none;
    return { id, portid, peer, ...host, cntlid: this.#controller?.cntlid ?? 0, ...view, reason: "" };
  }

  /** Handles bytes from the host. */
  receive(bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#stream.push(bytes);
    try {
      while (!this.#ended) {
        const pdu = this.#stream.next();
        if (pdu === undefined) return;
        this.#take(pdu);
      }
    } catch (error) {
      if (!(error instanceof PduError)) throw error;
      this.#parts.link.send(c2hTermReq(error));
      this.end("close", error.message);
    }
  }

  /** Ends the connection from this side. `terminate` sends a C2HTermReq first. */
  drop(how: "reset" | "close" | "terminate", reason: string): void {
    if (how === "terminate") this.#parts.link.send(c2hTermReq(new PduError(FATAL.sequence, 0, NOTHING)));
    this.end(how === "reset" ? "reset" : "close", reason);
  }

  /** Ends the connection unless it has ended already. */
  end(how: "close" | "reset", reason: string): void {
    if (this.#ended) return;
    const seen = this.seen;
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#controller?.close();
    if (this.#controller !== undefined) this.#parts.model.giveBackCntlid(this.#controller.cntlid);
    this.#parts.model.journal.gone({ ...seen, state: "gone", reason });
    this.#parts.link.end(how);
  }

  #take(pdu: HostPdu): void {
    if (pdu.kind === "terminate") {
      this.end("close", `the host terminated the connection with fatal error ${pdu.status}`);
      return;
    }
    if ((pdu.kind === "ic-req") !== (this.#alignment === undefined)) throw new PduError(FATAL.sequence, 0, NOTHING);
    if (pdu.kind === "ic-req") {
      if (pdu.format !== 0) throw new PduError(FATAL.unsupported, 8, NOTHING);
      this.#alignment = pdu.alignment;
      this.#parts.link.send(icResp());
      return;
    }
    if (this.#parts.silence === "after-icresp") return;
    if (pdu.kind === "data") this.#takeData(pdu);
    else this.#takeCommand(decodeCommand(pdu.entry), pdu.data);
  }

  #takeCommand(command: Command, capsule: Uint8Array): void {
    if (this.#outstanding.size >= OUTSTANDING_MAX || this.#outstanding.has(command.cid)) {
      throw new PduError(FATAL.sequence, 8, NOTHING);
    }
    if (this.#queueSize > 0) this.#head = (this.#head + 1) % this.#queueSize;
    const outstanding = { command, record: this.#record(command) };
    this.#outstanding.set(command.cid, outstanding);
    const { transfer, sgl } = command;
    if (transfer !== "to-controller") this.#dispatch(outstanding, NOTHING);
    else if (sgl.kind === "in-capsule") this.#inCapsule(outstanding, capsule);
    else if (sgl.kind === "on-request" && sgl.length > 0 && sgl.length <= H2C_BYTES_MAX) this.#request(outstanding);
    else if (sgl.length === 0) this.#dispatch(outstanding, NOTHING);
    else this.#complete(outstanding, { status: STATUS.invalidField });
  }

  #inCapsule(outstanding: Outstanding, capsule: Uint8Array): void {
    const { offset, length } = outstanding.command.sgl;
    const fits = offset + BigInt(length) <= BigInt(capsule.length) && capsule.length <= CAPSULE_DATA_BYTES_MAX;
    if (!fits) this.#complete(outstanding, { status: STATUS.sglLength });
    else this.#dispatch(outstanding, capsule.slice(Number(offset), Number(offset) + length));
  }

  /** Requests a command's data. The transfer tag is the command identifier. */
  #request(outstanding: Outstanding): void {
    const { cid, sgl } = outstanding.command;
    this.#transfers.set(cid, { outstanding, data: new Uint8Array(sgl.length), received: 0 });
    this.#parts.link.send(r2t(cid, cid, sgl.length));
  }

  #takeData(pdu: Extract<HostPdu, { kind: "data" }>): void {
    const transfer = this.#transfers.get(pdu.tag);
    if (transfer === undefined || pdu.cid !== pdu.tag) throw new PduError(FATAL.invalidHeader, 10, NOTHING);
    if (pdu.offset !== transfer.received) throw new PduError(FATAL.outOfRange, 12, NOTHING);
    const end = pdu.offset + pdu.bytes.length;
    if (end > transfer.data.length) throw new PduError(FATAL.outOfRange, 16, NOTHING);
    transfer.data.set(pdu.bytes, pdu.offset);
    transfer.received = end;
    if (pdu.last !== (end === transfer.data.length)) throw new PduError(FATAL.invalidHeader, 1, NOTHING);
    if (!pdu.last) return;
    this.#transfers.delete(pdu.tag);
    this.#dispatch(transfer.outstanding, transfer.data);
  }

  #dispatch(outstanding: Outstanding, data: Uint8Array): void {
    const { command } = outstanding;
    const hostnqn = this.#controller?.host.hostnqn ?? connectingHost(command, data);
    const deed = this.#parts.model.deedFor(command, hostnqn);
    if (deed === undefined) this.#execute(outstanding, data);
    else this.#do(deed, outstanding, data);
  }

  #do(deed: Deed, outstanding: Outstanding, data: Uint8Array): void {
    switch (deed.kind) {
      case "reject":
        this.#complete(outstanding, { status: deed.status, result: BigInt(deed.result) });
        return;
      case "data":
        this.#complete(outstanding, { status: STATUS.success, data: Buffer.from(deed.hex, "hex") });
        return;
      case "never":
        return;
      case "drop":
        this.end("reset", "dropped instead of an answer");
        return;
      case "delay":
        this.#later(deed.milliseconds, () => this.#execute(outstanding, data));
        return;
      case "turn":
        this.#execute(outstanding, data);
        if (deed.entries === undefined) this.#parts.model.turn();
        else this.#parts.model.setEntries(deed.entries);
        return;
    }
  }

  #later(milliseconds: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, milliseconds);
    timer.unref();
    this.#timers.add(timer);
  }

  #execute(outstanding: Outstanding, data: Uint8Array): void {
    const { command } = outstanding;
    const answer =
      this.#controller !== undefined
        ? this.#controller.execute(command, data)
        : command.fctype === FCTYPE.connect
          ? this.#connect(command, data)
          : { status: STATUS.commandSequence };
    if (answer !== undefined) this.#complete(outstanding, answer);
  }

  #connect(command: Command, data: Uint8Array): Answer {
    const { model, id, portid } = this.#parts;
    const asked = connectOf(command);
    if (data.length !== CONNECT_DATA_BYTES) return { status: STATUS.sglLength };
    const wrong = wrongParameter(asked, data, model.identity.nqn);
    if (wrong !== undefined) return { status: STATUS.connectInvalid, result: wrong };
    const host = hostOf(data);
    const { allowed, status } = model.access;
    if (allowed !== "any" && !allowed.includes(host.hostnqn)) return { status };
    const cntlid = model.takeCntlid();
    if (cntlid === undefined) return { status: STATUS.invalidField };
    this.#queueSize = asked.flowControl === "off" ? 0 : asked.queueSize + 1;
    this.#head = asked.flowControl === "off" ? NO_FLOW_CONTROL : 1 % this.#queueSize;
    this.#controller = new DiscoveryController({
      model,
      association: id,
      portid,
      host,
      cntlid,
      kato: asked.kato,
      complete: (cid, answer) => {
        const outstanding = this.#outstanding.get(cid);
        if (outstanding !== undefined) this.#complete(outstanding, answer);
      },
      abandon: (cid) => void this.#outstanding.delete(cid),
      expire: () => this.end("close", "the keep alive timer expired"),
    });
    return { status: STATUS.success, result: BigInt(cntlid) };
  }

  #complete({ command, record }: Outstanding, answer: Answer): void {
    if (this.#ended) return;
    const { cid, transfer, sgl } = command;
    this.#outstanding.delete(cid);
    record?.answered(answer.status);
    const { link } = this.#parts;
    if (answer.status === STATUS.success && answer.data !== undefined && transfer === "from-controller") {
      const data = new Uint8Array(sgl.length);
      data.set(answer.data.subarray(0, sgl.length));
      for (const pdu of c2hData(cid, data, this.#alignment ?? 4)) link.send(pdu);
    }
    link.send(
      capsuleResp(encodeCompletion({ cid, head: this.#head, status: answer.status, result: answer.result ?? 0n })),
    );
  }

  /** Property and keep alive commands are too frequent to record. */
  #record(command: Command): OpenRecord | undefined {
    const { opcode, fctype, cdw10, cdw11 } = command;
    if (opcode === OPCODE.keepAlive || fctype === FCTYPE.propertyGet || fctype === FCTYPE.propertySet) return undefined;
    const read = opcode === OPCODE.getLogPage ? logReadOf(command) : undefined;
    return this.#parts.model.journal.command({
      association: this.#parts.id,
      opcode,
      ...(fctype === undefined ? {} : { fctype }),
      cdw10,
      cdw11,
      ...(read === undefined ? {} : { log: { ...read, offset: Number(read.offset) } }),
    });
  }
}

/** Offsets in a Connect's data (NVMe Base 2.0, 6.3). */
const DATA = { hostid: 0, cntlid: 16, subnqn: 256, hostnqn: 512 } as const;
/** Offsets in the Connect command, for naming a wrong parameter in the answer. */
const SQE = { recordFormat: 40, queue: 42, queueSize: 44 } as const;
const IN_DATA = 1n << 16n;

/** The answer's result for the wrong parameter: IPO and IATTR. Undefined if all are right. */
function wrongParameter(asked: ReturnType<typeof connectOf>, data: Uint8Array, nqn: string): bigint | undefined {
  if (asked.recordFormat !== 0) return BigInt(SQE.recordFormat);
  // A discovery controller has no I/O queues.
  if (asked.queue !== 0) return BigInt(SQE.queue);
  if (asked.queueSize < QUEUE_SIZE_MIN) return BigInt(SQE.queueSize);
  const { hostnqn, subsysnqn } = hostOf(data);
  if (subsysnqn !== WELL_KNOWN_DISCOVERY_NQN && subsysnqn !== nqn) return IN_DATA | BigInt(DATA.subnqn);
  if (hostnqn === "") return IN_DATA | BigInt(DATA.hostnqn);
  const cntlid = new DataView(data.buffer, data.byteOffset).getUint16(DATA.cntlid, true);
  return cntlid === CNTLID_DYNAMIC ? undefined : IN_DATA | BigInt(DATA.cntlid);
}

function hostOf(data: Uint8Array): Host {
  return {
    hostid: toHex(data.subarray(DATA.hostid, DATA.cntlid)),
    hostnqn: readTextField(data, { name: "hostnqn", offset: DATA.hostnqn, length: 256 }),
    subsysnqn: readTextField(data, { name: "subnqn", offset: DATA.subnqn, length: 256 }),
  };
}

/** The host NQN in a Connect; empty for any other command. */
function connectingHost(command: Command, data: Uint8Array): string {
  return command.fctype === FCTYPE.connect && data.length === CONNECT_DATA_BYTES ? hostOf(data).hostnqn : "";
}

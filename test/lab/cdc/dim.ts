/** Decodes the data of a Discovery Information Management command, and rejects what a CDC must (NVMe Base 2.1, 5.3.3). */
import { readTextField, toHex } from "../../../src/core/codec/text.js";
import { STATUS } from "./command.js";

const TASK = { register: 0, deregister: 1, update: 2 } as const;

const FORMAT = { basic: 1, extended: 2 } as const;
const ENTITY = { host: 1, ddc: 2, cdc: 3 } as const;
const KEY = { portId: 0x3f, traddr: 0x5f } as const;
const ATTRIBUTE = { hostId: 1 } as const;

const HEADER_BYTES = 1024;
const BASIC_BYTES = 1024;
/** An extended entry without attributes. */
const EXTENDED_BYTES_MIN = 1032;
const HOST_ID_BYTES = 16;

/** The decoded data. */
interface Registration {
  readonly entityType: number;
  /** EID: the host NQN. */
  readonly entity: string;
  /** ENAME, such as the host name. */
  readonly name: string;
  /** EVER, such as the host's operating system. */
  readonly version: string;
  readonly entries: readonly RegisteredEntry[];
}

interface RegisteredEntry {
  readonly trtype: number;
  readonly adrfam: number;
  readonly trsvcid: string;
  readonly nqn: string;
  /** Empty: the source address of the connection. */
  readonly traddr: string;
  /** EXATTYPE, and EXATVAL in hex. */
  readonly attributes: readonly { readonly type: number; readonly value: string }[];
}

/** Data that a CDC rejects, with the status and the reason. */
export class DimError extends Error {
  override readonly name = "DimError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Decodes the data of a command with this task. Throws DimError for everything that a CDC must reject. */
export function decodeRegistration(task: number, data: Uint8Array): Registration {
  if (task > TASK.update) throw invalid(`TAS ${task} is reserved`);
  if (data.length < HEADER_BYTES) throw invalid("the data is shorter than its header");
  const view = viewOf(data);
  if (view.getUint32(0, true) !== data.length) throw invalid("TDL is not the length of the data");
  const count = view.getBigUint64(8, true);
  if (count === 0n || (task === TASK.update && count !== 2n)) throw invalid("NUMENT is wrong for this task");
  const format = view.getUint16(16, true);
  const entityType = view.getUint16(18, true);
  checkHeader(view, { format, entityType });
  const entries = [...entriesOf(data.subarray(HEADER_BYTES), { format, entityType })];
  if (BigInt(entries.length) !== count) throw invalid("NUMENT is not the number of entries");
  if (task !== TASK.update && entries.filter(({ traddr }) => traddr === "").length > 1) {
    throw invalid("more than one entry without TRADDR");
  }
  return {
    entityType,
    entity: readTextField(data, { name: "eid", offset: 24, length: 256 }),
    name: readTextField(data, { name: "ename", offset: 280, length: 256 }),
    version: readTextField(data, { name: "ever", offset: 536, length: 64 }),
    entries,
  };
}

interface Kind {
  readonly format: number;
  readonly entityType: number;
}

function checkHeader(view: DataView, { format, entityType }: Kind): void {
  const key = view.getUint16(22, true);
  if (format !== FORMAT.basic && format !== FORMAT.extended) throw invalid("ENTFMT is reserved");
  if (entityType < ENTITY.host || entityType > ENTITY.cdc) throw invalid("ETYPE is reserved");
  if (entityType === ENTITY.ddc) {
    if (key !== KEY.portId && key !== KEY.traddr) throw invalid("EKTYPE is reserved");
    return;
  }
  if (key !== KEY.traddr) throw invalid("EKTYPE is not 5Fh for a host");
  if (view.getUint8(20) !== 0) throw invalid("PORTLCL is set for a host");
  if (format !== FORMAT.extended) throw unfit("a host's entry is not extended");
}

function* entriesOf(list: Uint8Array, { format, entityType }: Kind): Generator<RegisteredEntry> {
  let rest = list;
  while (rest.length > 0) {
    const length = format === FORMAT.basic ? BASIC_BYTES : totalLength(rest);
    if (length > rest.length) throw invalid("an entry is cut short");
    const entry = rest.subarray(0, length);
    const attributes = format === FORMAT.basic ? [] : [...attributesOf(entry)];
    if (entityType !== ENTITY.ddc) checkHostEntry(entry, attributes);
    yield {
      trtype: viewOf(entry).getUint8(0),
      adrfam: viewOf(entry).getUint8(1),
      trsvcid: readTextField(entry, { name: "trsvcid", offset: 32, length: 32 }),
      nqn: readTextField(entry, { name: "nqn", offset: 256, length: 256 }),
      traddr: readTextField(entry, { name: "traddr", offset: 512, length: 256 }),
      attributes,
    };
    rest = rest.subarray(length);
  }
}

function totalLength(entry: Uint8Array): number {
  if (entry.length < EXTENDED_BYTES_MIN) throw invalid("an entry is cut short");
  const length = viewOf(entry).getUint32(1024, true);
  if (length < EXTENDED_BYTES_MIN || length % 4 !== 0) throw invalid("TEL is out of range or not a multiple of 4");
  return length;
}

function* attributesOf(entry: Uint8Array): Generator<{ readonly type: number; readonly value: string }> {
  const view = viewOf(entry);
  let at = EXTENDED_BYTES_MIN;
  for (let left = view.getUint16(1028, true); left > 0; left--) {
    if (at + 4 > entry.length) throw invalid("NUMEXAT is beyond TEL");
    const length = view.getUint16(at + 2, true);
    if (length === 0 || length % 4 !== 0) throw invalid("EXATLEN is 0 or not a multiple of 4");
    if (at + 4 + length > entry.length) throw invalid("an attribute is cut short");
    yield { type: view.getUint16(at, true), value: toHex(entry.subarray(at + 4, at + 4 + length)) };
    at += 4 + length;
  }
  if (at !== entry.length) throw invalid("TEL is beyond the attributes");
}

/** SUBTYPE, TREQ, PORTID, CNTLID, ASQSZ and TRSVCID belong to subsystems only (figure 498, note 2). */
function checkHostEntry(
  entry: Uint8Array,
  attributes: readonly { readonly type: number; readonly value: string }[],
): void {
  const hostIds = attributes.filter(({ type }) => type === ATTRIBUTE.hostId);
  if (hostIds.length === 0) throw unfit("a host's entry has no host identifier");
  if (hostIds.some(({ value }) => value.length !== HOST_ID_BYTES * 2))
    throw invalid("a host identifier has the wrong length");
  if ([...entry.subarray(2, 10), ...entry.subarray(32, 64)].some((byte) => byte !== 0)) {
    throw unfit("a host's entry has fields of a subsystem");
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function invalid(message: string): DimError {
  return new DimError(STATUS.invalidField, message);
}

function unfit(message: string): DimError {
  return new DimError(STATUS.invalidDiscoveryInformation, message);
}

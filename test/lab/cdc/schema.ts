/** The options of a CDC and the changes to a running one, as plain data. A CDC in another process gets the same records. */
import { z } from "zod";
import { TRANSPORTS, WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import { STATUS, STATUS_MAX } from "./command.js";

/** The most entries in a log page. */
const ENTRIES_MAX = 10_000;
/** The most rules that may wait for a command. */
export const RULES_MAX = 1000;
/** The most ports that one CDC listens on. */
const PORTS_MAX = 64;
/** The longest raw entry, with extended attributes. */
const RAW_BYTES_MAX = 65_536;

const u8 = z.int().min(0).max(0xff);
const u16 = z.int().min(0).max(0xffff);
const u32 = z.int().min(0).max(0xffff_ffff);
const hex = z.string().regex(/^(?:[0-9a-f]{2})*$/i, "expected hex, two digits per byte");
/** A 64-bit number, as a decimal string beyond 2^53. */
const u64 = z
  .union([z.int().min(0), z.string().regex(/^\d{1,20}$/)])
  .transform((value) => BigInt.asUintN(64, BigInt(value)));
const status = z.int().min(1).max(STATUS_MAX);

/** A well-formed entry with any content. Absent fields default to an NVM subsystem at tcp port 4420. */
const builtEntry = z.strictObject({
  subtype: z.union([z.enum(["referral", "nvme", "current-discovery"]), u8]).default("nvme"),
  trtype: z.union([z.enum(TRANSPORTS), u8]).default("tcp"),
  /** Default: 2 if the address has a colon, otherwise 1. */
  adrfam: u8.optional(),
  traddr: z.string().default("127.0.0.1"),
  trsvcid: z.string().default("4420"),
  subnqn: z.string().default(WELL_KNOWN_DISCOVERY_NQN),
  treq: u8.default(0),
  /** The CDC port that the entry belongs to. A request for port-local entries returns only those of the port it came in on. */
  portid: u16.default(1),
  cntlid: u16.default(0xffff),
  asqsz: u16.default(32),
  /** Bit 0 DUPRETINFO, 1 EPCSD, 2 NCC. */
  eflags: u16.default(0),
  tsas: hex.default(""),
  padding: z.enum(["nul", "space"]).default("nul"),
  /** Host NQNs that see the entry. Default: all. */
  hosts: z.array(z.string()).optional(),
  /** Attributes for requests of extended entries: EXATTYPE, and EXATVAL in hex. */
  attributes: z.array(z.strictObject({ type: u16, value: hex })).default([]),
});

/**
 * Raw bytes: 1024, or more to set the extended entry too. With 1024 bytes, the extended entry has no attributes.
 */
const rawEntry = z.strictObject({
  raw: hex.min(2048, "expected at least 1024 bytes").max(2 * RAW_BYTES_MAX),
  portid: u16.default(1),
  hosts: z.array(z.string()).optional(),
});

/** A well-formed entry. Every field is optional. */
export type BuiltEntry = z.input<typeof builtEntry>;

const entrySchema = z.union([builtEntry, rawEntry]);
export type Entry = z.input<typeof entrySchema>;
export type ResolvedEntry = z.output<typeof entrySchema>;

const entriesSchema = z.array(entrySchema).max(ENTRIES_MAX);

/** DCTYPE of Identify: a central or direct discovery controller, not reported (as by the kernel's target), or any number. */
const kindSchema = z.union([z.enum(["cdc", "ddc", "none"]), u8]);
export type Kind = z.infer<typeof kindSchema>;

/** Features of the discovery log page, as the supported log pages report them. */
const featureSchema = z.enum(["extdlpes", "pleos", "allsubes"]);
export type Feature = z.infer<typeof featureSchema>;

/** The default features of a kind. Undefined: no supported log pages page either. A CDC must support extended entries. */
export function standardFeatures(kind: Kind): readonly Feature[] | undefined {
  return kind === "cdc" ? ["extdlpes"] : kind === "ddc" ? ["pleos"] : undefined;
}

const listenSchema = z.strictObject({
  address: z.string().default("127.0.0.1"),
  /** 0 means any free port. */
  port: u16.default(0),
  portid: u16.default(1),
});

const identityFields = {
  kind: kindSchema,
  /** Identify byte 111: 2 is a discovery controller, 0 is not reported. */
  cntrltype: u8,
  /** SUBNQN of Identify. The CDC accepts a connect to this NQN or to the well-known one. */
  nqn: z.string().max(223),
  features: z.array(featureSchema),
};

export const optionsSchema = z.strictObject({
  kind: identityFields.kind.default("cdc"),
  cntrltype: identityFields.cntrltype.default(2),
  nqn: identityFields.nqn.default(WELL_KNOWN_DISCOVERY_NQN),
  /** Default: `standardFeatures`. */
  features: identityFields.features.optional(),
  listen: z
    .array(listenSchema)
    .min(1)
    .max(PORTS_MAX)
    .default([{ address: "127.0.0.1", port: 0, portid: 1 }]),
  entries: entriesSchema.default([]),
  genctr: u64.default(1n),
});
export type Options = z.input<typeof optionsSchema>;
export type ResolvedOptions = z.output<typeof optionsSchema>;

/** Which commands a rule applies to: every given field must match. */
const whenSchema = z.strictObject({
  opcode: u8.optional(),
  fctype: u8.optional(),
  lid: u8.optional(),
  lsp: u8.optional(),
  /** Matches log page reads at this offset or beyond. 1024 matches reads of entries. */
  offsetAtLeast: z.int().min(0).optional(),
  hostnqn: z.string().optional(),
});
export type When = z.infer<typeof whenSchema>;

const deedSchema = z.discriminatedUnion("kind", [
  /** Completes the command with this status, without executing it. */
  z.strictObject({ kind: z.literal("reject"), status, result: u32.default(0) }),
  /** Executes and answers after a delay. */
  z.strictObject({ kind: z.literal("delay"), milliseconds: z.int().min(0).max(600_000) }),
  /** Never answers. */
  z.strictObject({ kind: z.literal("never") }),
  /** Resets the connection instead of answering. */
  z.strictObject({ kind: z.literal("drop") }),
  /** Answers with these bytes, padded with zeros. */
  z.strictObject({ kind: z.literal("data"), hex }),
  /** Answers, then replaces the log page: the next generation counter, and no event. */
  z.strictObject({ kind: z.literal("turn"), entries: entriesSchema.optional() }),
]);
export type Deed = z.output<typeof deedSchema>;

const ruleSchema = z.strictObject({
  when: whenSchema,
  deed: deedSchema,
  /** How many commands it applies to. Default: all. */
  times: z.int().min(1).optional(),
});
export type Rule = z.output<typeof ruleSchema>;

/** How the CDC treats new connections. */
const mannerSchema = z.enum([
  "normal",
  /** Accepts the connection and says nothing. */
  "silent",
  /** Answers the ICReq and then nothing. */
  "silent-after-icresp",
  /** Accepts the connection and closes it. */
  "closing",
  /** Sends bytes that are not a PDU. */
  "garbage",
]);
export type Manner = z.infer<typeof mannerSchema>;

export const changeSchema = z.discriminatedUnion("do", [
  /** Replaces the log page, with the next generation counter. `aen` notifies the hosts that see a difference. */
  z.strictObject({
    do: z.literal("entries"),
    entries: entriesSchema,
    announce: z.enum(["aen", "quiet"]).default("aen"),
  }),
  /** Keeps the entries. Increments the generation counter, or sets it to `value`. */
  z.strictObject({ do: z.literal("genctr"), value: u64.optional() }),
  /** Sets false values in the page's header. Absent fields become true again. */
  z.strictObject({
    do: z.literal("header"),
    numrec: u64.optional(),
    recfmt: u16.optional(),
    /** Total length of the page. */
    tdlpl: u32.optional(),
  }),
  /** Changes the identity. A connected host learns it with its next read. */
  z.strictObject({
    do: z.literal("identity"),
    kind: identityFields.kind.optional(),
    cntrltype: identityFields.cntrltype.optional(),
    nqn: identityFields.nqn.optional(),
    features: identityFields.features.optional(),
  }),
  /** Sets which hosts may connect. Connected hosts stay connected. */
  z.strictObject({
    do: z.literal("hosts"),
    allowed: z.union([z.literal("any"), z.array(z.string())]),
    status: status.default(STATUS.hostNotAllowed),
  }),
  /**
   * Sends an event to every connected host that enabled it. `event` is dword 0 of the completion; the default is discovery
   * log page changed. `forced` also sends it to hosts that have not read the page since the last event.
   */
  z.strictObject({
    do: z.literal("aen"),
    event: u32.default(0x70f002),
    mask: z.enum(["kept", "forced"]).default("kept"),
  }),
  /** Adds a rule for how to answer matching commands. The first rule that matches applies. */
  z.strictObject({ do: z.literal("rule"), rule: ruleSchema }),
  z.strictObject({ do: z.literal("forget-rules") }),
  z.strictObject({ do: z.literal("manner"), manner: mannerSchema }),
  /** Hangs until `resume`: the hosts' data waits, and no timer expires. */
  z.strictObject({ do: z.literal("stall") }),
  z.strictObject({ do: z.literal("resume") }),
  /** Ends the connections of one host, or all. `terminate` sends a C2HTermReq first. */
  z.strictObject({
    do: z.literal("drop"),
    how: z.enum(["reset", "close", "terminate"]).default("reset"),
    hostnqn: z.string().optional(),
  }),
  /** Stops listening, so new connections are refused. Open connections stay. */
  z.strictObject({ do: z.literal("unlisten") }),
  /** Listens again, on the same ports. */
  z.strictObject({ do: z.literal("listen") }),
  /** Forgets the recorded commands, registrations and ended connections. */
  z.strictObject({ do: z.literal("forget") }),
]);
export type Change = z.input<typeof changeSchema>;
export type ResolvedChange = z.output<typeof changeSchema>;

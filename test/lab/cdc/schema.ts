/** What a CDC is told, as plain data: when it starts, and while it runs. The same records go to one in another process. */
import { z } from "zod";
import { TRANSPORTS, WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import { STATUS, STATUS_MAX } from "./command.js";

/** More entries than this are refused. */
const ENTRIES_MAX = 10_000;
/** Rules that wait for a command. */
export const RULES_MAX = 1000;
/** Ports that one CDC listens on. */
const PORTS_MAX = 64;
/** A raw entry, with extended attributes. */
const RAW_BYTES_MAX = 65_536;

const u8 = z.int().min(0).max(0xff);
const u16 = z.int().min(0).max(0xffff);
const u32 = z.int().min(0).max(0xffff_ffff);
const hex = z.string().regex(/^(?:[0-9a-f]{2})*$/i, "not hex, two digits a byte");
/** A 64-bit number: beyond 2^53 as a decimal string. */
const u64 = z
  .union([z.int().min(0), z.string().regex(/^\d{1,20}$/)])
  .transform((value) => BigInt.asUintN(64, BigInt(value)));
const status = z.int().min(1).max(STATUS_MAX);

/** An entry that is well formed, whatever it says. Absent fields are those of an NVM subsystem on tcp port 4420. */
const builtEntry = z.strictObject({
  subtype: z.union([z.enum(["referral", "nvme", "current-discovery"]), u8]).default("nvme"),
  trtype: z.union([z.enum(TRANSPORTS), u8]).default("tcp"),
  /** Default: 2 where the address has a colon, else 1. */
  adrfam: u8.optional(),
  traddr: z.string().default("127.0.0.1"),
  trsvcid: z.string().default("4420"),
  subnqn: z.string().default(WELL_KNOWN_DISCOVERY_NQN),
  treq: u8.default(0),
  /** The port of this CDC that it belongs to: one asked for port-local entries alone gives those of the port it was asked on. */
  portid: u16.default(1),
  cntlid: u16.default(0xffff),
  asqsz: u16.default(32),
  /** Bit 0 DUPRETINFO, 1 EPCSD, 2 NCC. */
  eflags: u16.default(0),
  tsas: hex.default(""),
  padding: z.enum(["nul", "space"]).default("nul"),
  /** Host NQNs that see it; absent: all. */
  hosts: z.array(z.string()).optional(),
  /** Extended attributes, told where extended entries are asked for: EXATTYPE, and EXATVAL in hex. */
  attributes: z.array(z.strictObject({ type: u16, value: hex })).default([]),
});

/**
 * Bytes as they are: 1024 of them, or more for what stands there where extended entries are asked for (else one without
 * attributes stands there).
 */
const rawEntry = z.strictObject({
  raw: hex.min(2048, "less than 1024 bytes").max(2 * RAW_BYTES_MAX),
  portid: u16.default(1),
  hosts: z.array(z.string()).optional(),
});

/** A well-formed entry, of which each field may be left out. */
export type BuiltEntry = z.input<typeof builtEntry>;

const entrySchema = z.union([builtEntry, rawEntry]);
export type Entry = z.input<typeof entrySchema>;
export type ResolvedEntry = z.output<typeof entrySchema>;

const entriesSchema = z.array(entrySchema).max(ENTRIES_MAX);

/** DCTYPE of Identify: a central or direct discovery controller, one that does not say (as the kernel's target), or a number. */
const kindSchema = z.union([z.enum(["cdc", "ddc", "none"]), u8]);
export type Kind = z.infer<typeof kindSchema>;

/** What the supported log pages say of the discovery log page. */
const featureSchema = z.enum(["extdlpes", "pleos", "allsubes"]);
export type Feature = z.infer<typeof featureSchema>;

/** What a kind supports unless told otherwise; undefined: not even the page that says so. A CDC must have extended entries. */
export function standardFeatures(kind: Kind): readonly Feature[] | undefined {
  return kind === "cdc" ? ["extdlpes"] : kind === "ddc" ? ["pleos"] : undefined;
}

const listenSchema = z.strictObject({
  address: z.string().default("127.0.0.1"),
  /** 0: any that is free. */
  port: u16.default(0),
  portid: u16.default(1),
});

const identityFields = {
  kind: kindSchema,
  /** Identify byte 111; 2 is a discovery controller, 0 says nothing. */
  cntrltype: u8,
  /** SUBNQN of Identify. A connect to it, or to the well-known one, is accepted. */
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

/** Which commands a rule is for: all that is given must match. */
const whenSchema = z.strictObject({
  opcode: u8.optional(),
  fctype: u8.optional(),
  lid: u8.optional(),
  lsp: u8.optional(),
  /** Log page reads from this offset on, or beyond; with 1024, the reads of entries. */
  offsetAtLeast: z.int().min(0).optional(),
  hostnqn: z.string().optional(),
});
export type When = z.infer<typeof whenSchema>;

const deedSchema = z.discriminatedUnion("kind", [
  /** Completes it with this status, and does nothing. */
  z.strictObject({ kind: z.literal("reject"), status, result: u32.default(0) }),
  /** Answers later. */
  z.strictObject({ kind: z.literal("delay"), milliseconds: z.int().min(0).max(600_000) }),
  /** Never answers. */
  z.strictObject({ kind: z.literal("never") }),
  /** Resets the connection instead of answering. */
  z.strictObject({ kind: z.literal("drop") }),
  /** Answers with these bytes, filled up with zeros. */
  z.strictObject({ kind: z.literal("data"), hex }),
  /** Answers, and then the log page is another one, with the next generation counter and no event. */
  z.strictObject({ kind: z.literal("turn"), entries: entriesSchema.optional() }),
]);
export type Deed = z.output<typeof deedSchema>;

const ruleSchema = z.strictObject({
  when: whenSchema,
  deed: deedSchema,
  /** How many commands it is for; absent: all. */
  times: z.int().min(1).optional(),
});
export type Rule = z.output<typeof ruleSchema>;

/** What happens to whoever connects from now on. */
const mannerSchema = z.enum([
  "normal",
  /** Accepts the connection and says nothing. */
  "silent",
  /** Answers the ICReq and then nothing. */
  "silent-after-icresp",
  /** Accepts the connection and closes it. */
  "closing",
  /** Sends bytes that are no PDU. */
  "garbage",
]);
export type Manner = z.infer<typeof mannerSchema>;

export const changeSchema = z.discriminatedUnion("do", [
  /** Another log page, with the next generation counter; `aen` tells the hosts that see a difference. */
  z.strictObject({
    do: z.literal("entries"),
    entries: entriesSchema,
    announce: z.enum(["aen", "quiet"]).default("aen"),
  }),
  /** The same entries with the next generation counter, or with this one. */
  z.strictObject({ do: z.literal("genctr"), value: u64.optional() }),
  /** What the header says instead of the truth; absent fields are true again. */
  z.strictObject({
    do: z.literal("header"),
    numrec: u64.optional(),
    recfmt: u16.optional(),
    /** Total length of the page. */
    tdlpl: u32.optional(),
  }),
  /** What is told from now on; a host that is connected learns it by the next read. */
  z.strictObject({
    do: z.literal("identity"),
    kind: identityFields.kind.optional(),
    cntrltype: identityFields.cntrltype.optional(),
    nqn: identityFields.nqn.optional(),
    features: identityFields.features.optional(),
  }),
  /** Which hosts may connect. Those that are connected stay. */
  z.strictObject({
    do: z.literal("hosts"),
    allowed: z.union([z.literal("any"), z.array(z.string())]),
    status: status.default(STATUS.hostNotAllowed),
  }),
  /**
   * An event to every connected host that enabled them: discovery log page changed, unless another is given (dword 0 of
   * the completion). `forced` goes out even to those that have not read the page since the last one.
   */
  z.strictObject({
    do: z.literal("aen"),
    event: u32.default(0x70f002),
    mask: z.enum(["kept", "forced"]).default("kept"),
  }),
  /** From now on, commands like this are answered so. Of several rules the first that matches counts. */
  z.strictObject({ do: z.literal("rule"), rule: ruleSchema }),
  z.strictObject({ do: z.literal("forget-rules") }),
  z.strictObject({ do: z.literal("manner"), manner: mannerSchema }),
  /** Does nothing any more, as if it were hung: what hosts send waits, no timer runs out, until `resume`. */
  z.strictObject({ do: z.literal("stall") }),
  z.strictObject({ do: z.literal("resume") }),
  /** Ends connections: those of one host, or all. `terminate` sends a C2HTermReq first. */
  z.strictObject({
    do: z.literal("drop"),
    how: z.enum(["reset", "close", "terminate"]).default("reset"),
    hostnqn: z.string().optional(),
  }),
  /** Nobody listens any more, connects are refused; connections stay. */
  z.strictObject({ do: z.literal("unlisten") }),
  /** Listens again, on the same ports. */
  z.strictObject({ do: z.literal("listen") }),
  /** Forgets what it has seen of hosts that are gone, of commands and of registrations. */
  z.strictObject({ do: z.literal("forget") }),
]);
export type Change = z.input<typeof changeSchema>;
export type ResolvedChange = z.output<typeof changeSchema>;

/** A CDC's state and its rules: plain data with mutators. The model does not know about connections. */
import type { Command } from "./command.js";
import { OPCODE, STATUS, logReadOf } from "./command.js";
import { type PlacedEntry, placeEntry } from "./entries.js";
import { Journal } from "./journal.js";
import type { Deed, Feature, Kind, Manner, ResolvedEntry, ResolvedOptions, Rule, When } from "./schema.js";
import { RULES_MAX, standardFeatures } from "./schema.js";

interface Identity {
  readonly kind: Kind;
  readonly cntrltype: number;
  readonly nqn: string;
  /** Undefined if there is no supported log pages page. */
  readonly features: readonly Feature[] | undefined;
}

/** False values for the log page's header. */
interface HeaderLie {
  readonly numrec?: bigint | undefined;
  readonly recfmt?: number | undefined;
  readonly tdlpl?: number | undefined;
}

/** Which hosts may connect, and the status for the others. */
interface HostAccess {
  readonly allowed: "any" | readonly string[];
  readonly status: number;
}

interface OpenRule {
  readonly rule: Rule;
  left: number;
}

/** Controller IDs from 0xfff0 are reserved. */
const CNTLID_MAX = 0xffef;

export class Model {
  readonly journal = new Journal();
  manner: Manner = "normal";
  /** While true, the CDC reads nothing from any host, and no keep alive timer expires. */
  stalled = false;
  header: HeaderLie = {};
  access: HostAccess = { allowed: "any", status: STATUS.hostNotAllowed };
  #identity: Identity;
  #entries: readonly PlacedEntry[];
  #genctr: bigint;
  #rules: OpenRule[] = [];
  readonly #cntlids = new Set<number>();

  constructor({ kind, cntrltype, nqn, features, entries, genctr }: ResolvedOptions) {
    this.#identity = { kind, cntrltype, nqn, features: features ?? standardFeatures(kind) };
    this.#entries = entries.map(placeEntry);
    this.#genctr = genctr;
  }

  get identity(): Identity {
    return this.#identity;
  }

  get entries(): readonly PlacedEntry[] {
    return this.#entries;
  }

  get genctr(): bigint {
    return this.#genctr;
  }

  /** Absent fields stay the same. A new kind without features gets the standard features of that kind. */
  identify(change: {
    readonly kind?: Kind | undefined;
    readonly cntrltype?: number | undefined;
    readonly nqn?: string | undefined;
    readonly features?: readonly Feature[] | undefined;
  }): void {
    const now = this.#identity;
    const kind = change.kind ?? now.kind;
    this.#identity = {
      kind,
      cntrltype: change.cntrltype ?? now.cntrltype,
      nqn: change.nqn ?? now.nqn,
      features: change.features ?? (change.kind === undefined ? now.features : standardFeatures(kind)),
    };
  }

  /** Replaces the entries and increments the generation counter. Throws EncodeError, and then changes nothing. */
  setEntries(entries: readonly ResolvedEntry[]): void {
    this.#entries = entries.map(placeEntry);
    this.turn();
  }

  /** Increments the generation counter, which wraps at 64 bits, or sets it to `value`. */
  turn(value?: bigint): void {
    this.#genctr = BigInt.asUintN(64, value ?? this.#genctr + 1n);
  }

  /** Returns false if there are too many rules already. */
  addRule(rule: Rule): boolean {
    if (this.#rules.length >= RULES_MAX) return false;
    this.#rules.push({ rule, left: rule.times ?? Infinity });
    return true;
  }

  forgetRules(): void {
    this.#rules = [];
  }

  /** The deed of the first rule that matches this command. Uses up one of the rule's times. */
  deedFor(command: Command, hostnqn: string): Deed | undefined {
    const found = this.#rules.find(({ rule }) => matches(rule.when, command, hostnqn));
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) this.#rules = this.#rules.filter((one) => one !== found);
    return found.rule.deed;
  }

  /** Takes the lowest free controller ID; undefined if none is free. */
  takeCntlid(): number | undefined {
    for (let cntlid = 1; cntlid <= CNTLID_MAX; cntlid++) {
      if (this.#cntlids.has(cntlid)) continue;
      this.#cntlids.add(cntlid);
      return cntlid;
    }
    return undefined;
  }

  giveBackCntlid(cntlid: number): void {
    this.#cntlids.delete(cntlid);
  }

  /** The entries that a host sees on a port. */
  visibleTo(host: string, scope: { readonly portid?: number; readonly hosts: "own" | "all" }): readonly PlacedEntry[] {
    return this.#entries.filter(
      ({ portid, hosts }) =>
        (scope.portid === undefined || portid === scope.portid) &&
        (scope.hosts === "all" || hosts === undefined || hosts.includes(host)),
    );
  }
}

function matches(when: When, command: Command, hostnqn: string): boolean {
  if (when.opcode !== undefined && when.opcode !== command.opcode) return false;
  if (when.fctype !== undefined && when.fctype !== command.fctype) return false;
  if (when.hostnqn !== undefined && when.hostnqn !== hostnqn) return false;
  if (when.lid === undefined && when.lsp === undefined && when.offsetAtLeast === undefined) return true;
  if (command.opcode !== OPCODE.getLogPage) return false;
  const read = logReadOf(command);
  return (
    (when.lid === undefined || when.lid === read.lid) &&
    (when.lsp === undefined || when.lsp === read.lsp) &&
    read.offset >= BigInt(when.offsetAtLeast ?? 0)
  );
}

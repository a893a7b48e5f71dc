/** One controller that a service wants: what it is, and where it stands in its life. */
import { AssertionError } from "../domain/assertion.js";
import type { ConnectionOptions } from "../domain/connection-options.js";
import type { DiscoveryLogEntry } from "../domain/discovery-log.js";
import type { OpenSource } from "../domain/open-source.js";
import type { TransportId } from "../domain/transport-id.js";
import type { Milliseconds } from "../domain/units.js";
import type { ServiceName } from "../ports/bus.js";
import type { RequestId } from "../ports/request.js";
import type { HandleId } from "../ports/sysfs.js";

/** `c1`, `c2` ... in the order of creation. */
export type ControllerId = `c${number}`;

/** What becomes of a controller when the operation in flight has ended. */
export type Fate = { readonly kind: "keep" } | { readonly kind: "leave"; readonly disconnect: boolean };

/**
 * Where a controller stands. What it waits for is in its state: a turn in the connect queue, a
 * request number, a timer, or the kernel.
 */
export type Life =
  | { readonly at: "queued" }
  | { readonly at: "probing"; readonly request: RequestId }
  /** It may enter the kernel's queue. A suspect was never seen alive, or failed there last: it goes after all others, alone. */
  | { readonly at: "ready"; readonly suspect: boolean }
  | { readonly at: "connecting"; readonly request: RequestId; readonly fate: Fate }
  | { readonly at: "waiting" }
  /** Not tried any more while every page that lists it says that there is no connectivity to its subsystem (NCC, TP8010). */
  | { readonly at: "given-up" }
  /**
   * Recorded by an earlier run, and not (yet) in the kernel: a connect that a killed daemon left
   * behind may still come out of it.
   */
  | { readonly at: "remembered"; readonly fate: Fate }
  /** The kernel has it live. */
  | { readonly at: "connected"; readonly device: string }
  /** The kernel has it and reconnects it by itself: neither duplicated nor judged. */
  | { readonly at: "reconnecting"; readonly device: string }
  /** `next`: what follows the delete. */
  | {
      readonly at: "disconnecting";
      readonly request: RequestId;
      readonly device: string;
      readonly next: "forget" | "connect-again";
    };

/**
 * Where a controller may go from where it stands. A new controller starts as `waiting`, and any may be forgotten. `waiting` and
 * `reconnecting` may be entered again: with another timer, and after a delete that could not start. `ready` too, by a suspect that is
 * a suspect no more.
 */
export const LIFE_STEPS: Readonly<Record<Life["at"], readonly Life["at"][]>> = {
  queued: ["probing", "connected", "reconnecting", "remembered"],
  probing: ["ready", "waiting", "given-up", "connected", "reconnecting", "remembered"],
  ready: ["ready", "connecting", "waiting", "connected", "reconnecting", "remembered"],
  connecting: ["waiting", "given-up", "remembered", "connected", "reconnecting", "disconnecting"],
  waiting: ["queued", "ready", "waiting", "remembered", "connected", "reconnecting"],
  "given-up": ["queued", "ready", "waiting", "remembered", "connected", "reconnecting"],
  remembered: ["queued", "ready", "waiting", "connected", "reconnecting"],
  connected: ["waiting", "reconnecting", "disconnecting"],
  reconnecting: ["waiting", "connected", "reconnecting", "disconnecting"],
  disconnecting: ["queued", "ready", "reconnecting"],
};

/** Throws AssertionError where no controller may go from one state to the other. */
export function assertLifeStep(from: Life["at"], to: Life["at"]): void {
  if (!LIFE_STEPS[from].includes(to)) throw new AssertionError(`a controller goes from ${from} to ${to}`);
}

/** The lines in which controllers stand: one for each state, and one of their own for the suspects among the ready. */
export const LINES = [
  "queued",
  "probing",
  "ready",
  "suspect",
  "connecting",
  "waiting",
  "given-up",
  "remembered",
  "connected",
  "reconnecting",
  "disconnecting",
] as const;

export type Line = (typeof LINES)[number];

export function lineOf(life: Life): Line {
  return life.at === "ready" && life.suspect ? "suspect" : life.at;
}

/** Controllers by line, in the order in which they entered it. Every controller stands in one. */
export type Lines = Readonly<Record<Line, Set<ControllerId>>>;

export function emptyLines(): Lines {
  return {
    queued: new Set(),
    probing: new Set(),
    ready: new Set(),
    suspect: new Set(),
    connecting: new Set(),
    waiting: new Set(),
    "given-up": new Set(),
    remembered: new Set(),
    connected: new Set(),
    reconnecting: new Set(),
    disconnecting: new Set(),
  };
}

/** Why staf has a discovery controller; the strongest of several. */
export type Origin = "configured" | "nbft" | "referral" | "discovered";

interface ControllerCommon {
  readonly id: ControllerId;
  readonly tid: TransportId;
  /** The configured host name that the address stands for; empty where there is none. */
  hostName: string;
  options: ConnectionOptions;
  /** The options that its connection was made with; `undefined` where it has none, or one that this run did not make. */
  connectedWith: ConnectionOptions | undefined;
  life: Life;
  /** Why it is wanted. */
  wanted: string;
  /** Reason of the last decision, and when it was taken. */
  why: string;
  since: Milliseconds;
  /** Connects that failed since the last success. */
  failures: number;
  /** What the last of them was. Of no meaning without failures. */
  lastFailure: "probe" | "connect";
  /** When it was last woken because a network came up, or when it is to be. */
  wokenAt: Milliseconds | undefined;
  /** The record must be written up to here before a connect may be. */
  recordedAt: number;
  /**
   * Recorded by an earlier run: until then a connect that run left in the kernel's queue may still come out of it.
   * `undefined`: wanted first by this run.
   */
  readonly rememberedUntil: Milliseconds | undefined;
}

export interface DiscoveryControllerState extends ControllerCommon {
  readonly service: "staf";
  origin: Origin;
  page: Page;
  /** Whether the controller may list something else by now. */
  news: PageNews;
  /** When the controller last confirmed the page in this run, and by what; `undefined`: not yet. */
  confirmed: PageConfirmation | undefined;
  /** Which entries of its page are not used, and why: what was said already. At most one text a reason. */
  unused: readonly string[];
  reading: Reading;
  /** Log Specific Field (TP8010) that its page is asked for with: bits of `DISCOVERY_LSP`, settled once a connection. */
  lsp: "ask" | number;
  registration: RegistrationState;
}

export interface IoControllerState extends ControllerCommon {
  readonly service: "stac";
  configured: boolean;
  /** Whether every entry that lists it says No CDC Connectivity. */
  ncc: boolean;
  /** Keys of the discovery controllers whose last known page lists it. */
  listedBy: readonly string[];
  /** Why it stays although nothing lists it now; `undefined` where something does. */
  kept: Kept | undefined;
}

/** Why stac keeps a controller that nothing lists. */
export type Kept =
  | ({ readonly by: "open-source" } & OpenSource)
  /** It is the last live path to a subsystem whose new paths have not been tried yet. */
  | { readonly by: "last-path"; readonly since: Milliseconds };

export type Controller = DiscoveryControllerState | IoControllerState;

/**
 * This host's registration with a discovery controller (TP8010), once a connection. `done` also where it was refused.
 * `unanswered`: how often in a row no answer came; `page`: whether the log page waits for the answer.
 */
export type RegistrationState =
  | { readonly at: "due" | "retry" | "done"; readonly unanswered: number }
  | {
      readonly at: "command";
      readonly unanswered: number;
      readonly request: RequestId;
      readonly page: "waits" | "free";
      /** The symbolic name that is told. */
      readonly symname: string;
    };

/** What is known of a discovery controller's log page. Not knowing is not an empty page. */
export type Page =
  | { readonly known: "no" }
  | { readonly known: "yes"; readonly entries: readonly DiscoveryLogEntry[]; readonly genctr: string };

/**
 * Whether a page may be out of date. `may-have-changed`: events may be lost, or the connection was; the page still counts.
 * `has-changed`: the controller says so, and what it lists now is not known until the page is read.
 */
export type PageNews =
  | { readonly at: "none" }
  | {
      readonly at: "may-have-changed" | "has-changed";
      /** When the first sign of it came. */
      readonly since: Milliseconds;
      readonly because: string;
    };

/** What a read of a page is to show: all of it, or only whether the header is still that of the known page. */
export type PageDepth = "page" | "header";

/** A read that showed the page as it is. */
export interface PageConfirmation {
  readonly at: Milliseconds;
  readonly by: PageDepth;
  /** How many entries the header counts, also those that are not used. */
  readonly records: number;
}

/** The entries of a page; `undefined` where it is not known. */
export function knownEntries(page: Page): readonly DiscoveryLogEntry[] | undefined {
  return page.known === "yes" ? page.entries : undefined;
}

/** Extended entries are read (TP8010), each as long as it says. */
export interface ExtendedStep {
  readonly kind: "extended-entries";
  readonly genctr: string;
  readonly records: number;
  readonly entries: readonly DiscoveryLogEntry[];
  /** Where the next one begins, in bytes. */
  readonly offset: number;
  /** Length of the page in bytes; 0 where it is not known. */
  readonly totalBytes: number;
}

/** One read of the log page, from the header to the header again. */
export interface PageRead {
  readonly handle: HandleId;
  readonly request: RequestId;
  /** Log Specific Field of its commands: one for all pieces. */
  readonly lsp: number;
  /** `header`: if the header is that of the known page, nothing else is read. */
  readonly depth: PageDepth;
  /** How often the generation counter has moved under this read. */
  readonly moved: number;
  readonly step:
    | { readonly kind: "supported-pages" }
    | { readonly kind: "header" }
    | {
        readonly kind: "entries";
        readonly genctr: string;
        readonly records: number;
        /** Entries read so far; the next request starts behind them. */
        readonly entries: DiscoveryLogEntry[];
      }
    | ExtendedStep
    /** Extended entries do not make sense: whether they changed meanwhile is what the header says now. */
    | { readonly kind: "doubt"; readonly genctr: string; readonly problem: string }
    | {
        readonly kind: "check";
        readonly genctr: string;
        readonly records: number;
        /** `known`: the header was that of the known page. */
        readonly entries: readonly DiscoveryLogEntry[] | "known";
      };
}

export type Reading =
  | { readonly at: "idle" }
  /** `again`: the read that must follow. */
  | { readonly at: "command"; readonly read: PageRead; readonly again: "no" | PageDepth }
  /** The page could not be read; tried again on a timer while the controller stays live. */
  | { readonly at: "retry" };

/** How a controller stands to the plans: `remembered` from an earlier run, `leaving` while its end is carried out. */
export type Standing = "claimed" | "remembered" | "leaving";

export function standingOf({ life }: Controller): Standing {
  switch (life.at) {
    case "remembered":
      return life.fate.kind === "leave" ? "leaving" : "remembered";
    case "connecting":
      return life.fate.kind === "leave" ? "leaving" : "claimed";
    case "disconnecting":
      return life.next === "forget" ? "leaving" : "claimed";
    case "queued":
    case "probing":
    case "ready":
    case "waiting":
    case "given-up":
    case "connected":
    case "reconnecting":
      return "claimed";
  }
}

/** The key under which a service finds a controller. */
export function controllerKey(service: ServiceName, tidKey: string): string {
  return `${service} ${tidKey}`;
}

/**
 * Reads a discovery log page: header, entries, header again. A read that only looks for changes leaves out
 * the entries if the header is that of the known page. Every command but the last retains the asynchronous
 * event (RAE=1). The last clears it, so that an earlier change shows in the generation counter and a later
 * one raises an event (6.12-cloud.s2.log).
 */
import { DISCOVERY_LSP, getLogPage, LID, type RetainAsyncEvent } from "../codec/admin.js";
import { decodeDiscoveryEntries, decodeDiscoveryHeader, type DiscoveryHeader } from "../codec/discovery-log.js";
import { DecodeError } from "../codec/error.js";
import { SUPPORTED_LOG_PAGES_BYTES } from "../codec/supported-log-pages.js";
import { arm, disarm, log, newRequest, sayOnce, unsay, type Context } from "../state/context.js";
import { DISCOVERY_RECORD_BYTES } from "../domain/discovery-log.js";
import { advice } from "../domain/advice.js";
import { errnoName } from "../domain/errno.js";
import { statusText } from "../domain/nvme-status.js";
import { openDecided } from "../kernel/handles.js";
import { formatDuration, type Milliseconds } from "../domain/units.js";
import {
  ADMIN_TIMEOUT,
  PAGE_ENTRIES_PER_READ,
  PAGE_MOVES_MAX,
  PAGE_RETRY,
  SUPPORTED_PAGES_RETRY,
} from "../domain/limits.js";
import type { AdminReplyEvent } from "../ports/fabrics.js";
import type { RequestId } from "../ports/request.js";
import type { HandleId } from "../ports/sysfs.js";
import { auditNow } from "../state/soak.js";
import { pageRead } from "./page.js";
import { confirmPage, notePageNews } from "./page-news.js";
import { extendedReadBytes, isBasic, startExtended, takeExtended } from "./extended-page.js";
import { nameOf } from "./life.js";
import { asksForOptions, dctypeOf, fewerOptions, optionsFrom, waitsForDctype } from "./page-options.js";
import type { DiscoveryControllerState, PageDepth, PageRead, Reading } from "../state/controller.js";

type Step = PageRead["step"];

/** Reads the page now, or once more after a read in flight. */
export function readPage(context: Context, dc: DiscoveryControllerState, why: string, depth: PageDepth = "page"): void {
  if (dc.life.at !== "connected" || waitsForRegistration(dc) || waitsForDctype(context.state, dc)) return;
  if (dc.reading.at === "command") {
    dc.reading = { ...dc.reading, again: dc.reading.again === "page" ? "page" : depth };
    return;
  }
  stopTimers(context, dc);
  const { device } = dc.life;
  const opened = openDecided(context, device, "admin", dc.tid);
  if (!opened.ok) {
    // The event came before the connection broke. The page is read when the controller is live again.
    if (opened.found === "connecting") retryOn(context, dc, PAGE_RETRY);
    else tryLater(context, dc, opened.because, PAGE_RETRY);
    auditNow(context);
    return;
  }
  log(context, "debug", `reading the discovery log page: ${why}`, nameOf(dc));
  const step = firstStep(context, dc);
  send(
    context,
    dc,
    { handle: opened.handle, moved: 0, lsp: dc.lsp === "ask" ? DISCOVERY_LSP.none : dc.lsp, depth, step },
    "no",
  );
}

/** The first step of a read. */
function firstStep(context: Context, dc: DiscoveryControllerState): Step {
  if (dc.lsp === "ask" && asksForOptions(context, dc)) return { kind: "supported-pages" };
  // Not known yet is not no: it is asked for again once it is known what the controller is.
  if (dc.lsp === "ask" && dctypeOf(context.state, dc) !== "") dc.lsp = DISCOVERY_LSP.none;
  return { kind: "header" };
}

/** The page waits until the registration in flight is answered or takes too long. */
function waitsForRegistration({ registration }: DiscoveryControllerState): boolean {
  return registration.at === "command" && registration.page === "waits";
}

/** Gives up a read or a retry. Keeps the known page. Drops a reply in flight when it comes. */
export function abandonRead(context: Context, dc: DiscoveryControllerState): void {
  stopTimers(context, dc);
  dc.reading = { at: "idle" };
}

function stopTimers(context: Context, dc: DiscoveryControllerState): void {
  disarm(context, { kind: "page", controller: dc.id });
  disarm(context, { kind: "refresh", controller: dc.id });
}

type Again = InFlight["again"];

function send(context: Context, dc: DiscoveryControllerState, read: Omit<PageRead, "request">, again: Again): void {
  const request = newRequest(context, { kind: "log-page", handle: read.handle, controller: dc.id });
  dc.reading = { at: "command", read: { ...read, request }, again };
  context.ports.fabrics.admin(request, read.handle, commandFor(read));
}

function commandFor({ step, lsp }: Pick<PageRead, "step" | "lsp">) {
  const page = (offset: number, length: number, rae: RetainAsyncEvent) =>
    getLogPage({ lid: LID.discovery, lsp, rae, offset, length, timeout: ADMIN_TIMEOUT });
  switch (step.kind) {
    case "supported-pages":
      return getLogPage({
        lid: LID.supportedLogPages,
        lsp: 0,
        rae: "retain",
        offset: 0,
        length: SUPPORTED_LOG_PAGES_BYTES,
        timeout: ADMIN_TIMEOUT,
      });
    case "header":
    case "doubt":
      return page(0, DISCOVERY_RECORD_BYTES, "retain");
    case "entries": {
      const offset = DISCOVERY_RECORD_BYTES * (1 + step.entries.length);
      return page(offset, DISCOVERY_RECORD_BYTES * recordsInNextRead(step), "retain");
    }
    case "extended-entries":
      return page(step.offset, extendedReadBytes(step), "retain");
    case "check":
      return page(0, DISCOVERY_RECORD_BYTES, "clear");
  }
}

function recordsInNextRead(step: { readonly records: number; readonly entries: readonly unknown[] }): number {
  return Math.min(step.records - step.entries.length, PAGE_ENTRIES_PER_READ);
}

/** A command of a read was answered. `dc` is undefined if the controller is gone from the state. */
export function onLogPage(
  context: Context,
  dc: DiscoveryControllerState | undefined,
  handle: HandleId,
  request: RequestId,
  result: AdminReplyEvent["result"],
): void {
  if (dc?.reading.at !== "command" || dc.reading.read.request !== request) {
    context.ports.sysfs.close(handle);
    return;
  }
  const { read } = dc.reading;
  if (!result.ok) {
    endRead(context, dc);
    const delay = read.step.kind === "supported-pages" ? SUPPORTED_PAGES_RETRY : PAGE_RETRY;
    tryLater(context, dc, `${errnoName(result.errno)}: ${advice("command", result.errno)}`, delay);
    auditNow(context);
    return;
  }
  try {
    advance(context, dc, dc.reading, result.status, result.bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    endRead(context, dc);
    tryLater(context, dc, error.problem, PAGE_RETRY);
  }
}

type InFlight = Extract<Reading, { readonly at: "command" }>;

function advance(
  context: Context,
  dc: DiscoveryControllerState,
  { read, again }: InFlight,
  status: number,
  bytes: Uint8Array,
): void {
  const next = (step: Step, moved = read.moved): void => {
    send(context, dc, { ...read, moved, step }, again);
  };
  const startAgain = (lsp: number): void => {
    dc.lsp = lsp;
    send(context, dc, { ...read, lsp, depth: "page", step: { kind: "header" } }, again);
  };
  const movedOn = (): void => {
    if (read.moved >= PAGE_MOVES_MAX) throw new DecodeError("discovery log", "it keeps changing while it is read");
    next({ kind: "header" }, read.moved + 1);
  };
  const { step } = read;
  if (step.kind === "supported-pages") {
    // Rejected: uses no options, and does not ask again on this connection.
    startAgain(status === 0 ? optionsFrom(context, dc, bytes) : DISCOVERY_LSP.none);
    return;
  }
  if (status !== 0) {
    const fewer = fewerOptions(read.lsp);
    if (fewer !== undefined) {
      startAgain(fewer);
      return;
    }
    endRead(context, dc);
    tryLater(context, dc, statusText(status), PAGE_RETRY);
    return;
  }
  switch (step.kind) {
    case "header": {
      const header = decodeDiscoveryHeader(bytes);
      if (dc.page.known === "yes" && dc.page.genctr !== header.genctr)
        notePageNews(context, dc, "has-changed", "its generation counter is another one");
      next(read.depth === "header" && isKnownHeader(dc, header) ? knownPage(header) : afterHeader(read.lsp, header));
      return;
    }
    case "entries": {
      const asked = recordsInNextRead(step);
      if (bytes.length !== asked * DISCOVERY_RECORD_BYTES) throw new DecodeError("discovery log", "it was cut short");
      step.entries.push(...decodeDiscoveryEntries(bytes));
      if (step.entries.length < step.records) next(step);
      else next({ ...step, kind: "check" });
      return;
    }
    case "extended-entries":
      next(orDoubt(step.genctr, () => takeExtended(step, bytes)));
      return;
    case "doubt":
      if (decodeDiscoveryHeader(bytes).genctr !== step.genctr) movedOn();
      else startAgain(withoutExtended(context, dc, read.lsp, step.problem));
      return;
    case "check": {
      const { genctr, numrec } = decodeDiscoveryHeader(bytes);
      if (genctr === step.genctr && numrec === step.records) finish(context, dc, step, again);
      else movedOn();
      return;
    }
  }
}

/** Whether a header says that the page is the known one. The counter alone is not trusted: some count nothing. */
function isKnownHeader({ page, confirmed, news }: DiscoveryControllerState, header: DiscoveryHeader): boolean {
  const isKnown = page.known === "yes" && page.genctr === header.genctr && confirmed?.records === header.numrec;
  return isKnown && news.at !== "has-changed";
}

function knownPage({ genctr, numrec }: DiscoveryHeader): Step {
  return { kind: "check", genctr, records: numrec, entries: "known" };
}

/** The step after the header. The header decides the format of the entries, regardless of the request. */
function afterHeader(lsp: number, header: DiscoveryHeader): Step {
  const { genctr, numrec, recfmt, extended } = header;
  if (recfmt !== 0) throw new DecodeError("discovery log", `record format ${String(recfmt)} is not known`);
  if (numrec === 0) return { kind: "check", genctr, records: 0, entries: [] };
  if (extended) return orDoubt(genctr, () => startExtended(header));
  if ((lsp & DISCOVERY_LSP.extdlpe) !== 0 && !isBasic(header))
    return { kind: "doubt", genctr, problem: "its header does not say that they are extended" };
  return { kind: "entries", genctr, records: numrec, entries: [] };
}

function orDoubt(genctr: string, step: () => Step): Step {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { kind: "doubt", genctr, problem: error.problem };
  }
}

/** Drops extended entries on this connection: the basic ones list the same. Returns the remaining LSP bits. */
function withoutExtended(context: Context, dc: DiscoveryControllerState, lsp: number, problem: string): number {
  if ((lsp & DISCOVERY_LSP.extdlpe) === 0) throw new DecodeError("discovery log", problem);
  const text = `its extended entries cannot be read: ${problem}; the basic ones are read instead`;
  sayOnce(context, `extended ${dc.id}`, "warning", text, nameOf(dc));
  return lsp & ~DISCOVERY_LSP.extdlpe;
}

function finish(
  context: Context,
  dc: DiscoveryControllerState,
  { genctr, records, entries }: Extract<Step, { readonly kind: "check" }>,
  again: Again,
): void {
  endRead(context, dc);
  unsay(context, `page ${dc.id}`);
  if (entries !== "known") pageRead(context, dc, genctr, entries);
  if (again === "no") confirmPage(context, dc, { by: entries === "known" ? "header" : "page", records });
  else readPage(context, dc, again === "page" ? "it changed while it was read" : "it may have changed", again);
  if (context.state.staf !== undefined) context.state.staf.sourcesMoved = true;
}

/** Ends the read in flight and closes its handle. */
function endRead(context: Context, dc: DiscoveryControllerState): void {
  if (dc.reading.at === "command") context.ports.sysfs.close(dc.reading.read.handle);
  dc.reading = { at: "idle" };
}

/** The page could not be read. Keeps the known page, and tries again while the controller is live. */
function tryLater(context: Context, dc: DiscoveryControllerState, problem: string, delay: Milliseconds): void {
  const text = `the discovery log page cannot be read: ${problem}; tried again in ${formatDuration(delay)}`;
  sayOnce(context, `page ${dc.id}`, "error", text, nameOf(dc));
  retryOn(context, dc, delay);
}

function retryOn(context: Context, dc: DiscoveryControllerState, delay: Milliseconds): void {
  dc.reading = { at: "retry" };
  arm(context, { kind: "page", controller: dc.id }, delay);
}

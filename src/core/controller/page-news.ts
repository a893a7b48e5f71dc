/**
 * When a log page may be out of date, and when it is looked at for that. Events tell most changes at once. Two things bound what a
 * lost event costs: after a loss every page is looked at, and each page once in every `log-page-refresh` regardless.
 */
import { armNoLater, type Context } from "../state/context.js";
import { LOSS_SOAK, LOSS_STEP } from "../domain/limits.js";
import { Milliseconds } from "../domain/units.js";
import type { ControllerId, DiscoveryControllerState, PageConfirmation, PageNews } from "../state/controller.js";

/** Notes a sign that the page is out of date. The first sign stays, until one says more. */
export function notePageNews(
  { ports }: Context,
  dc: DiscoveryControllerState,
  at: Exclude<PageNews["at"], "none">,
  because: string,
): void {
  if (dc.news.at === "has-changed" || dc.news.at === at) return;
  dc.news = { at, since: ports.clock.now(), because };
}

/** The controller has confirmed the page: there is no news. Has it looked at again when its next turn comes. */
export function confirmPage(
  context: Context,
  dc: DiscoveryControllerState,
  confirmed: Pick<PageConfirmation, "by" | "records">,
): void {
  const now = context.ports.clock.now();
  dc.confirmed = { at: now, ...confirmed };
  dc.news = { at: "none" };
  const period = context.state.staf?.config.logPageRefresh;
  if (period !== undefined) armNoLater(context, { kind: "refresh", controller: dc.id }, untilTurn(dc.id, period, now));
}

/** Events were lost: any page may have changed. Each live controller is asked, one after the other. */
export function doubtPages(context: Context, because: string): void {
  let delay: number = LOSS_SOAK;
  for (const dc of context.state.controllers.values()) {
    if (dc.service !== "staf" || dc.life.at !== "connected") continue;
    notePageNews(context, dc, "may-have-changed", because);
    armNoLater(context, { kind: "refresh", controller: dc.id }, Milliseconds(delay));
    delay += LOSS_STEP;
  }
}

/** Multiples of it, without their whole parts, are spread evenly from 0 to 1: the golden ratio. */
const SPREAD = (Math.sqrt(5) - 1) / 2;

/** The time until a controller's turn. Each has its own moment in every period, so that they do not come at once. */
function untilTurn(id: ControllerId, period: Milliseconds, now: Milliseconds): Milliseconds {
  const turn = Math.floor(((Number(id.slice(1)) * SPREAD) % 1) * period);
  return Milliseconds(period - ((now - turn + period) % period));
}

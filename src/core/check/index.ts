/** What holds between two events. Simulations and tests check it; the daemon does not, since a check looks at the whole state. */
import type { CoreState } from "../state/state.js";
import { checkConversations, checkLives } from "./lives.js";
import { checkBindings, checkKernelIndex } from "./kernel.js";
import { checkMdns } from "./mdns.js";
import { checkRequests, checkWaiting } from "./requests.js";
import { checkArmed, checkTimers } from "./timers.js";

/** Throws AssertionError at the first thing that does not hold. Reads the state alone, and changes nothing. */
export function check(state: CoreState): void {
  checkLives(state);
  checkConversations(state);
  checkKernelIndex(state);
  checkBindings(state);
  checkRequests(state);
  checkWaiting(state);
  checkTimers(state);
  checkArmed(state);
  checkMdns(state);
}

/** How many things `check` looks at, which its cost is in proportion to. */
export function checkSize({ controllers, kernel, requests, timers, mdns }: CoreState): number {
  let records = 0;
  for (const { cache } of mdns.links.values()) records += cache.size;
  const inTables = mdns.services.size + mdns.targets.size + records;
  return controllers.size + kernel.byName.size + requests.size + timers.size + inTables;
}

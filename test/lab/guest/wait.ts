/** Waiting for the kernel or the daemon, with a name for what is waited for and a limit. */
import { Milliseconds, type Seconds, formatDuration } from "../../../src/core/domain/units.js";
import { send } from "./channel.js";
import { Unmet } from "./expect.js";

const POLL_MS = 20;

/** Whoever waits longer than this says so. */
const SAID_AFTER_MS = 2000;

let waiter = "";

/** Names the check on whose behalf is waited from now on. */
export function waitingFor(check: string): void {
  waiter = check;
}

/**
 * Polls until `probe` gives something other than undefined or false, and returns that.
 * Fails with what was waited for, and with `seen`, where given, as it is at that moment.
 */
export async function waitFor<Value>(
  what: string,
  limit: Seconds,
  probe: () => Value | undefined | false | Promise<Value | undefined | false>,
  seen?: () => string,
): Promise<Value> {
  const began = performance.now();
  let said = false;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    const waited = performance.now() - began;
    if (waited > limit * 1000) {
      const instead = seen === undefined ? "" : `; seen instead: ${seen()}`;
      throw new Unmet(`waited ${formatDuration(Milliseconds(limit * 1000))} for ${what}${instead}`);
    }
    if (!said && waited > SAID_AFTER_MS) {
      said = true;
      send({ kind: "waiting", check: waiter, text: `${what} (at most ${limit} s)` });
    }
    await pause(POLL_MS);
  }
}

/** Lets a while pass in which nothing is to happen; give the reason in the check's own words. */
export async function pass(seconds: Seconds, why: string): Promise<void> {
  if (seconds * 1000 > SAID_AFTER_MS) send({ kind: "waiting", check: waiter, text: `${seconds} s: ${why}` });
  await pause(seconds * 1000);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

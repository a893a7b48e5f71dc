/** Waits for the kernel or the daemon, with a description and a limit. */
import { Milliseconds, type Seconds, formatDuration } from "../../../src/core/domain/units.js";
import { send } from "./channel.js";
import { Unmet } from "./expect.js";

const POLL_MS = 20;

/** A wait longer than this is reported to the host. */
const SAID_AFTER_MS = 2000;

let waiter = "";

/** Sets the check that later waits belong to. */
export function waitingFor(check: string): void {
  waiter = check;
}

/**
 * Polls until `probe` returns something other than undefined or false, and returns that.
 * After `limit`, throws `Unmet` with `what` and the current result of `seen`, if given.
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

/** Lets time pass in which nothing should happen. `why` says what the check waits out. */
export async function pass(seconds: Seconds, why: string): Promise<void> {
  if (seconds * 1000 > SAID_AFTER_MS) send({ kind: "waiting", check: waiter, text: `${seconds} s: ${why}` });
  await pause(seconds * 1000);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

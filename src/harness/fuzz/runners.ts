/** Runs the seeds of a campaign, in this thread or in several others. */
import { Worker } from "node:worker_threads";
import { JOBS_MAX } from "./bounds.js";
import { runSeed, type SeedResult } from "./seed.js";
import { seedAt } from "./campaign.js";

/** Which seeds to run, and when to stop. */
export interface Order {
  readonly firstSeed: number;
  /** Seeds to run, at most. */
  readonly runs: number;
  readonly jobs: number;
  /** Asked before each seed begins. */
  wantsMore(): boolean;
  ran(result: SeedResult): void;
}

/** A number for a thread to run. */
export type Ask = number;

const WORKER = new URL("./worker.js", import.meta.url);

/** Runs the seeds. With one job it needs no other thread. */
export async function runSeeds(order: Order): Promise<void> {
  if (order.jobs <= 1) {
    for (let place = 0; place < order.runs && order.wantsMore(); place++)
      order.ran(runSeed(seedAt(order.firstSeed, place)));
    return;
  }
  let next = 0;
  const take = (): number | undefined =>
    next < order.runs && order.wantsMore() ? seedAt(order.firstSeed, next++) : undefined;
  await Promise.all(Array.from({ length: Math.min(order.jobs, JOBS_MAX) }, () => runInThread(take, order)));
}

/** Feeds one thread until there are no seeds left. A thread that fails ends the campaign with its error. */
function runInThread(take: () => number | undefined, order: Pick<Order, "ran">): Promise<void> {
  const worker = new Worker(WORKER);
  return new Promise<void>((done, failed) => {
    const feed = (): void => {
      const seed = take();
      if (seed === undefined)
        void worker.terminate().then(() => {
          done();
        });
      else worker.postMessage(seed satisfies Ask);
    };
    worker.on("error", failed);
    worker.on("message", (result: SeedResult) => {
      order.ran(result);
      feed();
    });
    feed();
  });
}

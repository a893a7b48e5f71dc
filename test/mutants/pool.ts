/** Worker threads that run `stas-sim` command lines on a build with changed modules. A run may hang or crash: it ends alone. */
import { Worker } from "node:worker_threads";
import type { Build } from "./modules.js";

/** What a run may allocate. A mutant that allocates without end must not take the runner with it. */
const HEAP_MEGABYTES_MAX = 1024;

export interface Job {
  /** CommonJS text of modules that differ from the build's, by their path under dist/. */
  readonly changed: ReadonlyMap<string, string>;
  /** Of `stas-sim`, without the program's name. */
  readonly args: readonly string[];
}

export type Ending =
  | { readonly kind: "left"; readonly status: number; readonly out: string; readonly err: string }
  /** It threw, or its thread came to an end. */
  | { readonly kind: "crashed"; readonly what: string }
  /** It ran longer than it may. */
  | { readonly kind: "hung" };

const WORKER = new URL("./worker.js", import.meta.url);

/** One thread, replaced after each run that did not leave by itself. */
class Lane {
  #worker: Worker | undefined;
  readonly #build: Build;
  readonly #limitMs: number;

  constructor(build: Build, limitMs: number) {
    this.#build = build;
    this.#limitMs = limitMs;
  }

  async run(job: Job): Promise<Ending> {
    this.#worker ??= await this.#start();
    const worker = this.#worker;
    const ending = await this.#ending(worker, job);
    if (ending.kind !== "left") await this.close();
    return ending;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  /** A worker that has loaded what the build imports, so that a run's time is its own. */
  #start(): Promise<Worker> {
    const worker = new Worker(WORKER, {
      workerData: this.#build,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES_MAX },
    });
    return new Promise((resolve, reject) => {
      worker.once("error", reject);
      worker.once("message", () => {
        worker.off("error", reject);
        // One that dies between two runs is replaced, like one that dies in a run.
        worker.on("error", () => undefined);
        worker.on("exit", () => {
          if (this.#worker === worker) this.#worker = undefined;
        });
        resolve(worker);
      });
    });
  }

  #ending(worker: Worker, job: Job): Promise<Ending> {
    return new Promise((resolve) => {
      const end = (ending: Ending): void => {
        clearTimeout(timer);
        worker.off("message", end).off("error", failed).off("exit", exited);
        resolve(ending);
      };
      const failed = (error: Error): void => {
        end({ kind: "crashed", what: error.stack ?? error.message });
      };
      const exited = (status: number): void => {
        end({ kind: "crashed", what: `its thread ended with status ${String(status)}` });
      };
      const timer = setTimeout(() => {
        end({ kind: "hung" });
      }, this.#limitMs);
      worker.on("message", end).on("error", failed).on("exit", exited);
      worker.postMessage(job);
    });
  }
}

export interface PoolOptions {
  /** How many runs at once. */
  readonly lanes: number;
  /** How long one run may take, in milliseconds. */
  readonly limitMs: number;
}

/** Runs jobs, at most so many at once. To be closed: its threads keep the process alive. */
export class Pool {
  readonly #lanes: readonly Lane[];
  readonly #free: Lane[];
  readonly #waiting: ((lane: Lane) => void)[] = [];

  constructor(build: Build, { lanes, limitMs }: PoolOptions) {
    this.#lanes = Array.from({ length: lanes }, () => new Lane(build, limitMs));
    this.#free = [...this.#lanes];
  }

  async run(job: Job): Promise<Ending> {
    const lane = this.#free.pop() ?? (await new Promise<Lane>((resolve) => this.#waiting.push(resolve)));
    try {
      return await lane.run(job);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(lane);
      else next(lane);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }
}

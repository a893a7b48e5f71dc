/**
 * Runs the contract suite on a real kernel. It needs a separate process, because it takes over PATH, standard error (which
 * must be a file) and libuv's pool (UV_THREADPOOL_SIZE). Prints each row as one line of JSON.
 */
import { loadLibc } from "../../../src/adapters/real/libc.js";
import { type Behaviour, observe, runsOn } from "../behaviour.js";
import { MEASURED_KERNELS, type MeasuredKernel, Overdue } from "../host.js";
import { APART, BEHAVIOURS } from "../suites.js";
import { RealContractHost } from "./host.js";
import { RealWorld } from "./world.js";

async function run(world: RealWorld, kernel: MeasuredKernel, behaviour: Behaviour): Promise<void> {
  const host = await RealContractHost.open(kernel, world, behaviour.port);
  const from = host.now();
  const row = await observe(behaviour, host);
  console.log(JSON.stringify({ ...row, took: host.now() - from }));
  host.close();
}

async function main(kernel: MeasuredKernel, only: RegExp): Promise<void> {
  const world = await RealWorld.open();
  const chosen = BEHAVIOURS.filter(
    (behaviour) => runsOn(behaviour, kernel) && only.test(`${behaviour.port}: ${behaviour.name}`),
  );
  const ofKernel = async (): Promise<void> => {
    for (const behaviour of chosen.filter(({ port }) => !APART.has(port))) {
      await run(world, kernel, behaviour);
      await world.clear();
    }
  };
  const apart = async (): Promise<void> => {
    for (const behaviour of chosen.filter(({ port }) => APART.has(port))) await run(world, kernel, behaviour);
  };
  await Promise.all([ofKernel(), apart()]);
  await world.close();
}

/** Exits at once. `process.exit` would wait for a pool thread that never leaves poll(2). */
function end(status: number): void {
  const loaded = loadLibc();
  if (loaded.ok) loaded.libc.exitNow(status);
}

// When a behaviour fails, its other waits time out unhandled.
process.on("unhandledRejection", (error) => {
  if (!(error instanceof Overdue)) throw error;
});

try {
  const kernel = MEASURED_KERNELS.find((name) => name === process.argv[2]);
  if (kernel === undefined) throw new Error(`no kernel ${String(process.argv[2])}`);
  await main(kernel, new RegExp(process.argv[3] ?? ""));
  end(0);
} catch (error) {
  console.error(error);
  end(1);
}

/** Changes and polls the kernel's controllers with as little work as possible: the daemon shares the emulated processors. */
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import { Milliseconds, Seconds } from "../../../src/core/domain/units.js";
import { deviceNames, HOME, IDENTITY } from "../checks/steps/storage.js";
import { attribute, command, connectMeanwhile } from "../guest/fabrics.js";
import { until } from "./wait.js";

/** As many as the daemon gives the kernel at once. */
const AT_ONCE = 4;

const ALL_LIMIT = Seconds(60);
const ONE_LIMIT = Seconds(20);

/** Polling 150 controllers takes emulated milliseconds, and the wait for many takes seconds. */
const MANY_EVERY = Milliseconds(50);
const ONE_EVERY = Milliseconds(10);

/** Connects these NQNs at the home port by plain writes. */
export function connectAll(nqns: readonly string[]): Promise<void> {
  return fourAtOnce(nqns, async (nqn) => {
    const place = `transport=tcp,traddr=${HOME.traddr},trsvcid=${HOME.trsvcid}`;
    const more = nqn === WELL_KNOWN_DISCOVERY_NQN ? "keep_alive_tmo=30" : "nr_io_queues=1";
    const made = await connectMeanwhile(`nqn=${nqn},${place},${IDENTITY},${more}`);
    if (!made.ok) throw new Error(`a connection by hand to ${nqn} failed with errno ${made.errno}`);
  });
}

/** Deletes every controller that the kernel has. */
export function deleteAll(): Promise<void> {
  return fourAtOnce(deviceNames(), deleteByHand);
}

/** Deletes a controller. Resolves when the kernel has finished. */
export async function deleteByHand(name: string): Promise<void> {
  const errno = await command(name, "delete_controller");
  if (errno !== 0) throw new Error(`the delete of ${name} failed with errno ${errno}`);
}

/** Resolves when exactly `count` controllers exist and all are live. */
export async function untilLive(count: number): Promise<void> {
  const live = new Set<string>();
  await until({
    what: `${count} controllers to be live`,
    limit: ALL_LIMIT,
    every: MANY_EVERY,
    look() {
      const names = deviceNames();
      if (names.length !== count) return undefined;
      for (const name of names) if (!live.has(name) && attribute(name, "state") === "live") live.add(name);
      return live.size === count || undefined;
    },
    seen: () => `${deviceNames().length} controllers, ${live.size} live`,
  });
}

/** Resolves with the name of a controller not in `known`, once it is live. */
export function untilNew(known: ReadonlySet<string>): Promise<string> {
  const found = (): string | undefined => deviceNames().find((name) => !known.has(name));
  return until({
    what: "a new controller to be live",
    limit: ONE_LIMIT,
    every: ONE_EVERY,
    look() {
      const name = found();
      return name !== undefined && attribute(name, "state") === "live" ? name : undefined;
    },
    seen: () => found() ?? "no new controller",
  });
}

export async function untilGone(name: string): Promise<void> {
  await until({
    what: `${name} to go`,
    limit: ONE_LIMIT,
    every: ONE_EVERY,
    look: () => !deviceNames().includes(name) || undefined,
    seen: () => `state ${attribute(name, "state") ?? "unknown"}`,
  });
}

async function fourAtOnce<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

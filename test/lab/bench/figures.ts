/** The measurements for the daemon's budgets, in milliseconds and MiB. The guest measures them and sends them as payloads. */
import { z } from "zod";

const memorySchema = z.object({
  rssMib: z.number(),
  /** Counts shared pages once, divided among the processes that map them. */
  pssMib: z.number(),
});

/** How long something took, and the CPU time that the daemon's processes spent on it. */
const spentSchema = z.object({ ms: z.number(), cpuMs: z.number() });

/** One guest's figures for one way to run the daemon. Lists hold one value per repetition. */
export const figuresSchema = z.object({
  /** I/O controllers, each with one I/O queue, listed by one configured discovery controller. */
  volumes: z.number(),
  processes: z.union([z.literal(1), z.literal(2)]),
  /** The kernel alone, without a daemon: connecting everything by plain writes, the DC included, four at once. */
  floorMs: z.array(z.number()),
  /** The kernel alone, without a daemon: deleting and reconnecting one controller by plain writes. */
  byHandMs: z.array(z.number()),
  starts: z.array(
    z.object({
      /** From the spawn to the first line of the log. */
      upMs: z.number(),
      /** From the spawn until everything is live. */
      all: spentSchema,
      memory: memorySchema,
    }),
  ),
  /** From the signal until every connection is in use again and `list_controllers` shows each with its device. */
  restarts: z.array(
    z.object({ signal: z.enum(["SIGTERM", "SIGKILL"]), endMs: z.number(), all: spentSchema, memory: memorySchema }),
  ),
  /** From linking one more subsystem to the port until it is live, and from unlinking it until it is gone. */
  more: z.array(spentSchema),
  less: z.array(spentSchema),
  /** From a delete by hand until the controller is live again. */
  removed: z.object({ ioMs: z.number(), dcMs: z.number() }),
  /** stac's answers to `list_controllers`, as seen by a client on the bus. */
  askedMs: z.array(z.number()),
  /** While nothing happens, after a minute in which nothing happened. */
  idle: z.object({ seconds: z.number(), cpuMs: z.number() }).optional(),
  /** At the end of all measurements. */
  memoryLast: memorySchema,
});

export type Figures = z.infer<typeof figuresSchema>;
export type Memory = z.infer<typeof memorySchema>;
export type Spent = z.infer<typeof spentSchema>;

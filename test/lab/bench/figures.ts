/** What the daemon's budgets are held against. Milliseconds and MiB throughout; measured in the guest, handed out as payloads. */
import { z } from "zod";

const memorySchema = z.object({
  rssMib: z.number(),
  /** Pages that several processes map are counted once, a share to each. */
  pssMib: z.number(),
});

/** How long something took, and what the daemon's processes spent on it. */
const spentSchema = z.object({ ms: z.number(), cpuMs: z.number() });

/** One guest's figures for one way to run the daemon. Lists hold one value a repetition. */
export const figuresSchema = z.object({
  /** I/O controllers, each with one I/O queue, listed by one configured discovery controller. */
  volumes: z.number(),
  processes: z.union([z.literal(1), z.literal(2)]),
  /** The kernel's own: all connected by plain writes, the discovery controller too, four at once, no daemon there. */
  floorMs: z.array(z.number()),
  /** One controller deleted and connected again by plain writes, the daemon not there. */
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
  /** One more subsystem linked to the port, until it is live; one less, until it is gone. */
  more: z.array(spentSchema),
  less: z.array(spentSchema),
  /** Deleted by hand, until it is live again. */
  removed: z.object({ ioMs: z.number(), dcMs: z.number() }),
  /** `list_controllers` of stac, as a client on the bus sees it. */
  askedMs: z.array(z.number()),
  /** Nothing happens, nor did for a minute before. */
  idle: z.object({ seconds: z.number(), cpuMs: z.number() }).optional(),
  /** When everything above was done by the processes of the last restart. */
  memoryLast: memorySchema,
});

export type Figures = z.infer<typeof figuresSchema>;
export type Memory = z.infer<typeof memorySchema>;
export type Spent = z.infer<typeof spentSchema>;

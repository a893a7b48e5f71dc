/**
 * Break before make, the wrong way round: a page that replaces all paths of a subsystem would cut it off until a new path is live.
 * So the last live path of a subsystem that is still wanted stays until a new one is live, or all of them have been tried in vain,
 * or `LAST_PATH_MAX` is over. A subsystem that nothing wants any more goes at once. Pure.
 */
import { LAST_PATH_MAX, LAST_PATH_TRIES } from "../domain/limits.js";
import { transportIdKey, type TransportId } from "../domain/transport-id.js";
import { between, type Milliseconds } from "../domain/units.js";
import type { ControllerId, Kept } from "../state/controller.js";

/** A path that is here. */
interface Path {
  readonly id: ControllerId;
  readonly tid: TransportId;
  readonly isLive: boolean;
  readonly failures: number;
  readonly gaveUpAfter: number | undefined;
  readonly kept: Kept | undefined;
}

type Wanted = ReadonlyMap<string, { readonly tid: TransportId }>;

/** The controllers that stay for that, and since when. */
export function lastPaths(
  present: readonly Path[],
  wanted: Wanted,
  now: Milliseconds,
): ReadonlyMap<ControllerId, Milliseconds> {
  const stay = new Map<ControllerId, Milliseconds>();
  const leaving = new Map<string, Path>();
  for (const io of present) {
    if (!io.isLive || wanted.has(transportIdKey(io.tid))) continue;
    // The one that stays already stays on.
    const subsystem = subsystemOf(io.tid);
    if (leaving.get(subsystem)?.kept?.by !== "last-path") leaving.set(subsystem, io);
  }
  if (leaving.size === 0) return stay;
  const open = subsystemsInWaiting(present, wanted, leaving);
  for (const [subsystem, { id, kept }] of leaving) {
    const since = kept?.by === "last-path" ? kept.since : now;
    if (open.has(subsystem) && between(since, now) < LAST_PATH_MAX) stay.set(id, since);
  }
  return stay;
}

/** The subsystems, of those that lose paths, of which no wanted path is live and one has not been tried often enough. */
function subsystemsInWaiting(
  present: readonly Path[],
  wanted: Wanted,
  leaving: ReadonlyMap<string, Path>,
): ReadonlySet<string> {
  const here = new Map(present.map((io) => [transportIdKey(io.tid), io]));
  const untried = new Set<string>();
  const live = new Set<string>();
  for (const [key, { tid }] of wanted) {
    const subsystem = subsystemOf(tid);
    if (!leaving.has(subsystem)) continue;
    const path = here.get(key);
    if (path?.isLive === true) live.add(subsystem);
    else if (path === undefined || (path.gaveUpAfter === undefined && path.failures < LAST_PATH_TRIES))
      untried.add(subsystem);
  }
  return new Set([...untried].filter((subsystem) => !live.has(subsystem)));
}

function subsystemOf({ subsysnqn, hostNqn }: TransportId): string {
  return `${subsysnqn} ${hostNqn}`;
}

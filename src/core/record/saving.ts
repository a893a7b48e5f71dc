/** What survives a restart: one file a service, written whenever what it holds has changed. */
import { arm, log, newRequest, sayOnce, unsay, type Context } from "../state/context.js";
import { assert } from "../domain/assertion.js";
import { advice } from "../domain/advice.js";
import { errnoName } from "../domain/errno.js";
import { SAVE_RETRY } from "../domain/limits.js";
import type { ServiceName } from "../ports/bus.js";
import type { WrittenEvent } from "../ports/store.js";
import { recordText } from "./recorded.js";

/** Notes that a service's file is out of date. Returns the sequence number that will hold the change. */
export function touch({ state }: Context, service: ServiceName): number {
  const record = state[service]?.record;
  if (record === undefined) return 0;
  record.sequence += 1;
  return record.sequence;
}

/** True once a service's file holds everything up to `sequence`. */
export function isDurable({ state }: Context, service: ServiceName, sequence: number): boolean {
  return (state[service]?.record.durable ?? 0) >= sequence;
}

/** Writes a service's file where it is out of date: one write in flight, changes gather meanwhile. */
export function save(context: Context, service: ServiceName): void {
  const record = context.state[service]?.record;
  if (record === undefined || record.attempted !== record.durable || record.attempted === record.sequence) return;
  record.attempted = record.sequence;
  const request = newRequest(context, { kind: "save", service, sequence: record.sequence });
  context.ports.store.write(request, record.path, recordText(context.state, service));
}

/**
 * A write ended. A full disk does not keep a host from its storage: what was not recorded is
 * connected all the same, with an error in the log, and the write is tried again.
 */
export function onSaved(
  context: Context,
  service: ServiceName,
  sequence: number,
  result: WrittenEvent["result"],
): void {
  const record = context.state[service]?.record;
  assert(record?.attempted === sequence, "one write of a record is in flight");
  record.durable = sequence;
  const mark = `save ${record.path}`;
  if (result.ok) {
    unsay(context, mark);
    return;
  }
  const why = `${errnoName(result.errno)}: ${advice("write-file", result.errno)}`;
  sayOnce(
    context,
    mark,
    "error",
    `${context.ports.store.locate(record.path)} cannot be written (${why}): connections made now may not be known as ours after a crash. It is tried again every ${String(SAVE_RETRY / 1000)} s.`,
  );
  arm(context, { kind: "save", service }, SAVE_RETRY);
}

/** The timer of a failed write fired. */
export function onSaveTimer(context: Context, service: ServiceName): void {
  touch(context, service);
  log(context, "debug", `writing the record of ${service} again`);
}

/** Calls on device files, which may block in the kernel. Each runs on a thread of libuv's pool and answers with its errno. */
import { close, closeSync, open, read, write } from "node:fs";
import { ERRNO } from "../../core/domain/errno.js";
import { attempt, errnoOf, type Attempt } from "../shared/os-error.js";

type Callback<T> = (error: NodeJS.ErrnoException | null, value: T) => void;

/** Rejects only for our own bugs. */
function answered<T>(call: (done: Callback<T>) => void): Promise<Attempt<T>> {
  return new Promise((resolve, reject) => {
    call((error, value) => {
      if (error === null) {
        resolve({ ok: true, value });
        return;
      }
      try {
        resolve({ ok: false, errno: errnoOf(error) });
      } catch (bug) {
        reject(bug instanceof Error ? bug : new Error("a file call failed with a value that is not an Error"));
      }
    });
  });
}

/** Opens a file. `flags`: from node:fs `constants`. The descriptor closes on exec. */
export function openFile(path: string, flags: number): Promise<Attempt<number>> {
  return answered((done) => {
    open(path, flags, done);
  });
}

/** One write(2). A driver takes all bytes or none, so a short write is never continued. */
export function writeOnce(fd: number, bytes: Uint8Array): Promise<Attempt<number>> {
  return answered((done) => {
    write(fd, bytes, 0, bytes.length, null, done);
  });
}

/** One read(2) at the current offset. The value is the number of bytes read into `into`. */
export function readOnce(fd: number, into: Uint8Array): Promise<Attempt<number>> {
  return answered((done) => {
    read(fd, into, 0, into.length, null, done);
  });
}

/** Closes on a pool thread, for a descriptor whose last reference may do work in the kernel. */
export async function closeFile(fd: number): Promise<void> {
  const closed = await answered<"closed">((done) => {
    close(fd, (error) => {
      done(error ?? null, "closed");
    });
  });
  checkClosed(closed);
}

/** Closes at once. */
export function closeNow(fd: number): void {
  checkClosed(
    attempt(() => {
      closeSync(fd);
    }),
  );
}

/** Linux releases the descriptor even if close fails. Only EBADF is our own bug. */
function checkClosed(closed: Attempt<unknown>): void {
  if (!closed.ok && closed.errno === ERRNO.EBADF) throw new Error("closed a descriptor that is not open");
}

/** Calls on device files that may block in the kernel: each on a thread of libuv's pool, answered with its errno. */
import { close, closeSync, open, read, write } from "node:fs";
import { ERRNO } from "../../core/domain/errno.js";
import { attempt, errnoOf, type Attempt } from "../shared/os-error.js";

type Callback<T> = (error: NodeJS.ErrnoException | null, value: T) => void;

/** Rejects for nothing but our own bugs. */
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
        reject(bug instanceof Error ? bug : new Error("a file call failed with what is no error"));
      }
    });
  });
}

/** `flags`: of node:fs `constants`. Closes on exec. */
export function openFile(path: string, flags: number): Promise<Attempt<number>> {
  return answered((done) => {
    open(path, flags, done);
  });
}

/** One write(2). A driver takes all of it or none: what was written in part is never followed by the rest. */
export function writeOnce(fd: number, bytes: Uint8Array): Promise<Attempt<number>> {
  return answered((done) => {
    write(fd, bytes, 0, bytes.length, null, done);
  });
}

/** One read(2) from where the descriptor stands. The value: how many bytes of `into` are filled. */
export function readOnce(fd: number, into: Uint8Array): Promise<Attempt<number>> {
  return answered((done) => {
    read(fd, into, 0, into.length, null, done);
  });
}

/** For a descriptor whose last reference may do work in the kernel. */
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

/** Linux lets the descriptor go even where it answers with an error. EBADF alone is our own bug. */
function checkClosed(closed: Attempt<unknown>): void {
  if (!closed.ok && closed.errno === ERRNO.EBADF) throw new Error("a descriptor was closed that is not open");
}

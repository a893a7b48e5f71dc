/** Reads and writes files safely for a root daemon: with limits, without blocking on devices, never half written. */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { ERRNO } from "../../core/domain/errno.js";
import type { OsFailure } from "../../core/ports/request.js";
import { temporaryPath } from "../shared/temporary-path.js";
import { attempt, attemptLater, type Attempt } from "../shared/os-error.js";

/** The largest file to read. A record of a thousand controllers takes about 2 MiB. */
const FILE_BYTES_MAX = 64 << 20;

const CHUNK_BYTES = 64 << 10;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Reads a whole regular file. Fails with EISDIR for a directory, EINVAL for a device or FIFO, EFBIG above `FILE_BYTES_MAX`. */
export function readWhole(path: string): Attempt<Buffer> {
  const opened = attempt(() => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
  if (!opened.ok) return opened;
  try {
    return readOpen(opened.value);
  } finally {
    closeSync(opened.value);
  }
}

function readOpen(fd: number): Attempt<Buffer> {
  const stat = fstatSync(fd);
  if (stat.isDirectory()) return { ok: false, errno: ERRNO.EISDIR };
  if (!stat.isFile()) return { ok: false, errno: ERRNO.EINVAL };
  // Files in /sys and /proc report a wrong size, so read until the end.
  const chunks: Buffer[] = [];
  let total = 0;
  while (total <= FILE_BYTES_MAX) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const read = attempt(() => readSync(fd, chunk, 0, chunk.length, null));
    if (!read.ok) return read;
    if (read.value === 0) return { ok: true, value: Buffer.concat(chunks) };
    chunks.push(chunk.subarray(0, read.value));
    total += read.value;
  }
  return { ok: false, errno: ERRNO.EFBIG };
}

interface NewFile {
  readonly path: string;
  readonly text: string;
  /** Permissions, independent of the umask. */
  readonly mode: 0o600 | 0o644;
}

/**
 * Replaces a file. After a kill or power cut it holds either the old text or the new one, complete. Creates a missing folder.
 * Only one writer per path at a time.
 */
export async function replaceFile(file: NewFile): Promise<{ readonly ok: true } | OsFailure> {
  const temporary = temporaryPath(file.path);
  const done = await attemptLater(async () => {
    await mkdir(dirname(file.path), { recursive: true, mode: 0o755 });
    await rm(temporary, { force: true });
    await writeSynced(temporary, file);
    await rename(temporary, file.path);
    await syncDirectory(dirname(file.path));
  });
  if (done.ok) return { ok: true };
  await attemptLater(() => rm(temporary, { force: true }));
  return done;
}

/** The same, synchronously and without sync, for a small file on a file system in memory (/run). */
export function replaceFileNow({ path, text, mode }: NewFile): Attempt<void> {
  const temporary = temporaryPath(path);
  return attempt(() => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    rmSync(temporary, { force: true });
    const fd = openSync(temporary, NEW_FILE, 0o600);
    try {
      writeFileSync(fd, text);
      fchmodSync(fd, mode);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  });
}

async function writeSynced(path: string, { text, mode }: NewFile): Promise<void> {
  const file = await open(path, NEW_FILE, 0o600);
  try {
    await file.writeFile(text);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

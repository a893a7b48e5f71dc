import { constants } from "node:os";
import { dirname } from "node:path";
import { Volume } from "memfs";
import { Milliseconds } from "../../core/domain/units.js";
import type { OsFailure, RequestId } from "../../core/ports/request.js";
import type { StorePort } from "../../core/ports/store.js";
import { attempt, type Attempt } from "../shared/os-error.js";
import type { SecretVault } from "../shared/secrets.js";
import { temporaryPath } from "../shared/temporary-path.js";
import type { SimClock } from "./clock.js";
import type { Actor, WorldObservation } from "./observation.js";
import type { SimProcess } from "./process.js";

/** From the call to the rename, for a small synced file on a local disk. Nominal, not measured. */
const WRITE_TAKES = Milliseconds(2);

const PERMISSION_BITS = 0o777;

/** `full`: writes fail with ENOSPC. `read-only`: they fail with EROFS. `torn`: a kill in mid-write leaves a torn temporary file. */
export type DiskState = "ok" | "full" | "read-only" | "torn";

/** What can be done to the files of the host. The administrator does it, regardless of the state of the disk. */
export type FileAction =
  | { readonly kind: "write-file"; readonly path: string; readonly text: string }
  | { readonly kind: "remove-file"; readonly path: string }
  | { readonly kind: "disk"; readonly state: DiskState };

/** Whose each of these actions is: see `TARGETS`. */
export const FILE_ACTIONS: Readonly<Record<FileAction["kind"], "files">> = {
  "write-file": "files",
  "remove-file": "files",
  disk: "files",
};

/** The files of a simulated host, in memory. They outlive every process. */
export class SimDisk {
  readonly #volume = new Volume();
  readonly #observe: (observation: WorldObservation) => void;
  state: DiskState = "ok";

  constructor(observe: (observation: WorldObservation) => void) {
    this.#observe = observe;
  }

  /** Returns the path of a file that is to be removed but does not exist. */
  apply(action: FileAction): string | undefined {
    switch (action.kind) {
      case "write-file": {
        const { path, text } = action;
        this.put(path, text);
        this.#observe({ kind: "file-written", by: "administrator", path, bytes: Buffer.byteLength(text) });
        return undefined;
      }
      case "remove-file": {
        const found = this.#volume.existsSync(action.path);
        this.remove(action.path);
        return found ? undefined : action.path;
      }
      case "disk":
        this.state = action.state;
        return undefined;
    }
  }

  read(path: string): Attempt<string> {
    return attempt(() => this.#volume.readFileSync(path, { encoding: "utf8" }).toString());
  }

  readBytes(path: string): Attempt<Uint8Array> {
    return attempt(() => {
      const content = this.#volume.readFileSync(path);
      return typeof content === "string" ? Buffer.from(content, "utf8") : content;
    });
  }

  /** Names in a directory, sorted. Empty if the directory does not exist. */
  list(directory: string): readonly string[] {
    const names = attempt(() => this.#volume.readdirSync(directory).map(String));
    return names.ok ? [...names.value].sort() : [];
  }

  /** Permission bits of a path. Throws if it does not exist. */
  mode(path: string): number {
    return this.#volume.statSync(path).mode & PERMISSION_BITS;
  }

  /** Writes a file as the administrator would, regardless of the state of the disk. */
  put(path: string, content: string | Uint8Array): void {
    this.#volume.mkdirSync(dirname(path), { recursive: true });
    this.#volume.writeFileSync(path, content, { mode: 0o644 });
  }

  /** Removes a file. No effect if it does not exist. */
  remove(path: string): void {
    this.#volume.rmSync(path, { force: true });
  }

  /** Writes a temporary file and renames it. Returns 0 or the errno. After an error the old file is still whole. */
  replace(by: Actor, path: string, text: string): number {
    const errno = this.#refusal() ?? this.#replace(path, text);
    if (errno === 0) this.#observe({ kind: "file-written", by, path, bytes: Buffer.byteLength(text) });
    else this.#observe({ kind: "file-failed", by, path, errno });
    return errno;
  }

  /** The errno of every write in this state of the disk. */
  #refusal(): number | undefined {
    switch (this.state) {
      case "full":
        return constants.errno.ENOSPC;
      case "read-only":
        return constants.errno.EROFS;
      case "ok":
      case "torn":
        return undefined;
    }
  }

  /** Leaves half of a temporary file, as a kill in mid-write does. Does not touch the file itself. */
  tear(path: string, text: string): void {
    const torn = text.slice(0, text.length >> 1);
    attempt(() => {
      this.put(temporaryPath(path), torn);
    });
  }

  /** EISDIR for a directory, which memfs would replace. EEXIST below a file, where memfs and Linux give different errnos. */
  #replace(path: string, text: string): number {
    if (this.#isDirectory(path) === "yes") return constants.errno.EISDIR;
    if (this.#isDirectory(dirname(path)) === "no") return constants.errno.EEXIST;
    const done = attempt(() => {
      const temporary = temporaryPath(path);
      const directory = dirname(path);
      this.#volume.mkdirSync(directory, { recursive: true });
      this.#volume.writeFileSync(temporary, text, { mode: 0o600 });
      this.#volume.renameSync(temporary, path);
    });
    return done.ok ? 0 : done.errno;
  }

  #isDirectory(path: string): "yes" | "no" | "absent" {
    const stat = attempt(() => this.#volume.statSync(path));
    return !stat.ok ? "absent" : stat.value.isDirectory() ? "yes" : "no";
  }
}

interface PendingWrite {
  readonly path: string;
  readonly text: string;
  readonly cancel: () => void;
}

/** The files as one process sees them. Handles replace secrets, and writes take time. */
export class SimStore implements StorePort {
  readonly #process: SimProcess;
  readonly #disk: SimDisk;
  readonly #clock: SimClock;
  readonly #vault: SecretVault;
  readonly #pending = new Set<PendingWrite>();

  constructor(process: SimProcess, disk: SimDisk, clock: SimClock, vault: SecretVault) {
    this.#process = process;
    this.#disk = disk;
    this.#clock = clock;
    this.#vault = vault;
    process.atEnd(() => {
      this.#abandon();
    });
  }

  read(path: string): { readonly ok: true; readonly text: string } | OsFailure {
    if (!this.#process.alive) return { ok: false, errno: constants.errno.EIO };
    const read = this.#disk.read(path);
    return read.ok ? { ok: true, text: this.#vault.concealFile(path, read.value) } : read;
  }

  locate(path: string): string {
    return path;
  }

  list(directory: string): readonly string[] {
    return this.#process.alive ? this.#disk.list(directory) : [];
  }

  readBytes(path: string): { readonly ok: true; readonly bytes: Uint8Array } | OsFailure {
    if (!this.#process.alive) return { ok: false, errno: constants.errno.EIO };
    const read = this.#disk.readBytes(path);
    return read.ok ? { ok: true, bytes: read.value } : read;
  }

  write(request: RequestId, path: string, text: string): void {
    if (!this.#process.alive) return;
    const cancel = this.#clock.after(WRITE_TAKES, () => {
      this.#pending.delete(write);
      const errno = this.#disk.replace(this.#process.name, path, text);
      this.#process.deliver({ kind: "written", request, result: errno === 0 ? { ok: true } : { ok: false, errno } });
    });
    const write: PendingWrite = { path, text, cancel };
    this.#pending.add(write);
  }

  /** The process ended. Its writes in flight are lost, and torn if the disk is `torn`. */
  #abandon(): void {
    for (const write of this.#pending) {
      write.cancel();
      if (this.#disk.state === "torn") this.#disk.tear(write.path, write.text);
    }
    this.#pending.clear();
  }
}

/** The file that overrides nvme-cli's udev rule. A lock on it says which running daemon it belongs to. */
import { closeSync, constants, fstatSync, openSync, unlinkSync } from "node:fs";
import { ERRNO } from "../../core/domain/errno.js";
import type { OsFailure } from "../../core/ports/request.js";
import { attempt } from "../shared/os-error.js";
import { isOverrideOfStas, UDEV_OVERRIDE_TEXT } from "../shared/udev-override.js";
import { tryLock } from "./file-lock.js";
import { readWhole, replaceFileNow } from "./files.js";
import type { Libc } from "./libc.js";

/** `in-use`: of another daemon that runs. `foreign`: stas did not write it. */
type NotOurs = { readonly ok: false; readonly because: "in-use" | "foreign" };
type Failed = (OsFailure & { readonly because: "errno" }) | NotOurs;

export class UdevOverride {
  readonly #libc: Libc | undefined;
  readonly #path: string;
  /** The file that this process wrote, open and locked. */
  #own: number | undefined;

  constructor(libc: Libc | undefined, path: string) {
    this.#libc = libc;
    this.#path = path;
  }

  /** Writes the file, or takes over what a killed daemon left behind. Leaves alone what belongs to anyone else. */
  write(): { readonly ok: true } | Failed {
    const found = this.#look();
    if (!found.ok && found.because !== "absent") return found;
    if (found.ok) closeSync(found.fd);
    const written = replaceFileNow({ path: this.#path, text: UDEV_OVERRIDE_TEXT, mode: 0o644 });
    if (!written.ok) return { ...written, because: "errno" };
    this.release();
    const opened = this.#look();
    if (opened.ok) this.#own = opened.fd;
    return { ok: true };
  }

  /** Removes the file if it is ours, or if a killed daemon left it behind. */
  remove(): { readonly ok: true; readonly removed: boolean } | Failed {
    const found = this.#look();
    if (!found.ok) return found.because === "absent" ? { ok: true, removed: false } : found;
    const gone = attempt(() => {
      unlinkSync(this.#path);
    });
    closeSync(found.fd);
    this.release();
    return gone.ok ? { ok: true, removed: true } : { ...gone, because: "errno" };
  }

  /** Closes our file without removing it. */
  release(): void {
    if (this.#own !== undefined) closeSync(this.#own);
    this.#own = undefined;
  }

  /** Opens the file if this process may replace or remove it. */
  #look(): { readonly ok: true; readonly fd: number } | Failed | { readonly ok: false; readonly because: "absent" } {
    const opened = attempt(() =>
      openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW),
    );
    if (!opened.ok) {
      if (opened.errno === ERRNO.ENOENT || opened.errno === ERRNO.ENOTDIR) return { ok: false, because: "absent" };
      return { ...opened, because: "errno" };
    }
    const fd = opened.value;
    const because = this.#isOwn(fd) ? undefined : this.#whyNot(fd);
    if (because === undefined) return { ok: true, fd };
    closeSync(fd);
    return { ok: false, because };
  }

  #whyNot(fd: number): NotOurs["because"] | undefined {
    const read = readWhole(this.#path);
    if (!read.ok || !isOverrideOfStas(read.value.toString("utf8"))) return "foreign";
    return tryLock(this.#libc, fd, "exclusive") === "held" ? "in-use" : undefined;
  }

  #isOwn(fd: number): boolean {
    if (this.#own === undefined) return false;
    const [mine, there] = [fstatSync(this.#own), fstatSync(fd)];
    return mine.ino === there.ino && mine.dev === there.dev;
  }
}

/** Controllers in sysfs, and handles on them. */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { ERRNO } from "../../core/domain/errno.js";
import type { OsFailure, RequestId } from "../../core/ports/request.js";
import type { HandleId, HandlePurpose, OpenResult, SysfsPort, SysfsRecord } from "../../core/ports/sysfs.js";
import type { SysfsSummary } from "../../core/ports/sysfs.js";
import { isControllerName, NVME_CLASS, SysfsReader, type AttributeFs } from "../shared/sysfs-reader.js";
import type { Deliver } from "./deliver.js";
import { closeNow, writeOnce } from "./device-file.js";
import type { Borrowed, HandleTable } from "./handles.js";
import { LANE, Lane } from "./lane.js";
import { attempt } from "./os-error.js";

/** How often a name is opened before its controller was replaced once too often. EAGAIN then. */
export const OPENS_MAX = 4;

/** No attribute of sysfs is longer than the page it is printed into. */
const ATTRIBUTE_BYTES_MAX = 4_096;

const DELETE = Buffer.from("1", "latin1");

interface SysfsParts {
  /** Shared with the fabrics port. */
  readonly handles: HandleTable;
  readonly deliver: Deliver;
  /** Under which folder `/sys` and `/dev` lie; absent: the host's own. */
  readonly root?: string;
  /** What attributes are read through; absent: the files under `root`. */
  readonly attributes?: AttributeFs;
}

/**
 * A handle is one open descriptor, and what is done through it reaches the controller that was opened or fails with ENODEV:
 * an open `/dev/nvmeN` keeps the number N from being given to another, and a `delete_controller` that was opened dies with
 * its controller (6.12-cloud.s8-handles.log).
 *
 * The record is read by name, after the descriptor was opened. If it should be another controller's, then the opened one was
 * gone by then and stays gone, so that the descriptor can hit nobody. That it is not is found out all the same, so that no
 * ENODEV is taken for the end of a controller that lives.
 */
export class RealSysfs implements SysfsPort {
  readonly #handles: HandleTable;
  readonly #deliver: Deliver;
  readonly #root: string;
  readonly #reader: SysfsReader;
  readonly #deletes = new Lane(LANE.deletes);

  constructor({ handles, deliver, root = "", attributes }: SysfsParts) {
    this.#handles = handles;
    this.#deliver = deliver;
    this.#root = root;
    this.#reader = new SysfsReader(attributes ?? new HostAttributes(root));
  }

  list(): readonly SysfsSummary[] {
    return this.#reader.list();
  }

  read(name: string): SysfsRecord | undefined {
    return this.#reader.read(name);
  }

  /** Besides what the kernel answers: ENOENT for what is no controller's name, EMFILE where the handle table is full. */
  open(name: string, purpose: HandlePurpose): OpenResult {
    if (!isControllerName(name)) return { ok: false, errno: ERRNO.ENOENT };
    for (let opens = 0; opens < OPENS_MAX; opens++) {
      const result = this.#openOnce(name, purpose);
      if (result !== "replaced") return result;
    }
    return { ok: false, errno: ERRNO.EAGAIN };
  }

  close(handle: HandleId): void {
    this.#handles.close(handle);
  }

  /** EBADF where the handle is not one for deletes. */
  delete(request: RequestId, handle: HandleId): void {
    const borrowed = this.#handles.borrow(handle, "delete");
    if (borrowed === undefined) {
      this.#deliver({ kind: "deleted", request, result: { ok: false, errno: ERRNO.EBADF } });
      return;
    }
    this.#deletes.run(() => this.#write(request, borrowed));
  }

  async #write(request: RequestId, { fd, release }: Borrowed): Promise<void> {
    const written = await writeOnce(fd, DELETE);
    release();
    this.#deliver({ kind: "deleted", request, result: written.ok ? { ok: true } : written });
  }

  #openOnce(name: string, purpose: HandlePurpose): OpenResult | "replaced" {
    const { path, flags } = this.#target(name, purpose);
    const opened = attempt(() => openSync(path, flags));
    if (!opened.ok) return opened;
    const fd = opened.value;
    const record = this.#reader.read(name);
    const presence = presenceOf(fd, path);
    if (presence === "present" && record !== undefined) return this.#keep(fd, purpose, record);
    closeNow(fd);
    return presence === "replaced" ? "replaced" : { ok: false, errno: ERRNO.ENODEV };
  }

  #keep(fd: number, purpose: HandlePurpose, record: SysfsRecord): OpenResult | OsFailure {
    const handle = this.#handles.add(fd, purpose);
    if (handle !== undefined) return { ok: true, handle, record };
    closeNow(fd);
    return { ok: false, errno: ERRNO.EMFILE };
  }

  /** An admin command takes CAP_SYS_ADMIN and no more than a read-only descriptor. */
  #target(name: string, purpose: HandlePurpose): { readonly path: string; readonly flags: number } {
    switch (purpose) {
      case "admin":
        return { path: `${this.#root}/dev/${name}`, flags: constants.O_RDONLY };
      case "delete":
        return { path: `${this.#root}${NVME_CLASS}/${name}/delete_controller`, flags: constants.O_WRONLY };
    }
  }
}

/**
 * What a path stands for, as against a descriptor that was opened by it. Sysfs and devtmpfs give each node an inode number that
 * is not given again while a descriptor holds the node.
 */
function presenceOf(fd: number, path: string): "present" | "replaced" | "gone" {
  const opened = fstatSync(fd, { bigint: true });
  const found = attempt(() => statSync(path, { bigint: true }));
  if (!found.ok) return "gone";
  return found.value.ino === opened.ino && found.value.dev === opened.dev ? "present" : "replaced";
}

/** Reads attributes into one buffer: three system calls each, and no more memory. */
export class HostAttributes implements AttributeFs {
  readonly #root: string;
  readonly #buffer = Buffer.alloc(ATTRIBUTE_BYTES_MAX);

  constructor(root: string) {
    this.#root = root;
  }

  readdirSync(path: string): string[] {
    return readdirSync(`${this.#root}${path}`);
  }

  readFileSync(path: string): string {
    const fd = openSync(`${this.#root}${path}`, constants.O_RDONLY);
    try {
      return this.#buffer.toString("latin1", 0, readSync(fd, this.#buffer, 0, ATTRIBUTE_BYTES_MAX, null));
    } finally {
      closeSync(fd);
    }
  }
}

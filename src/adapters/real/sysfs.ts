/** The sysfs port: controllers in sysfs, and handles on them. */
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
import { attempt } from "../shared/os-error.js";

/** How often `open` tries a name whose controller keeps being replaced. Then it fails with EAGAIN. */
export const OPENS_MAX = 4;

/** The kernel prints a sysfs attribute into one page. */
const ATTRIBUTE_BYTES_MAX = 4_096;

const DELETE = Buffer.from("1", "latin1");

interface SysfsParts {
  /** Shared with the fabrics port. */
  readonly handles: HandleTable;
  readonly deliver: Deliver;
  /** The folder that holds `/sys` and `/dev`; absent: the root of the host. */
  readonly root?: string;
  /** Reads the attributes; absent: from the files under `root`. */
  readonly attributes?: AttributeFs;
}

/**
 * A handle is one open descriptor. A call through it reaches the opened controller or fails with ENODEV: an open `/dev/nvmeN`
 * keeps the number N from being reused, and an open `delete_controller` dies with its controller (6.12-cloud.s8-handles.log).
 *
 * `open` reads the record by name, after opening the descriptor. If the record belongs to another controller, the opened one is
 * gone for good, and the descriptor can harm no other. `open` still checks this, so that an ENODEV is not taken for the end of a
 * live controller.
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

  /** Fails with the kernel's errno, ENOENT for a name that cannot be a controller's, EMFILE if the handle table is full. */
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

  /** Fails with EBADF if the handle is not open for a delete. */
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

  /** An admin command needs CAP_SYS_ADMIN, and only a read-only descriptor. */
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
 * Compares a path with a descriptor that was opened through it. Sysfs and devtmpfs do not reuse the inode number of a node while a
 * descriptor holds the node.
 */
function presenceOf(fd: number, path: string): "present" | "replaced" | "gone" {
  const opened = fstatSync(fd, { bigint: true });
  const found = attempt(() => statSync(path, { bigint: true }));
  if (!found.ok) return "gone";
  return found.value.ino === opened.ino && found.value.dev === opened.dev ? "present" : "replaced";
}

/** Reads attributes into one shared buffer: three system calls per attribute, and no further memory. */
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

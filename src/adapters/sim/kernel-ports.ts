/** The simulated kernel as one process sees it: sysfs, `/dev/nvme-fabrics`, and controllers through handles. */
import { ERRNO } from "../../core/domain/errno.js";
import type { AdminCommand, AdminReplyEvent, FabricsPort, FabricsReplyEvent } from "../../core/ports/fabrics.js";
import type { RequestId } from "../../core/ports/request.js";
import type {
  DeletedEvent,
  HandleId,
  HandlePurpose,
  OpenResult,
  SysfsPort,
  SysfsRecord,
  SysfsSummary,
} from "../../core/ports/sysfs.js";
import type { SecretVault } from "../shared/secrets.js";
import type { SimProcess } from "./process.js";
import type { Actor, ConnectionView } from "./observation.js";
import type { KernelAction } from "./kernel/actions.js";
import type { MadeBy } from "./spec.js";

type KernelOpen<Handle> =
  { readonly ok: true; readonly handle: Handle } | { readonly ok: false; readonly errno: number };

/** The kernel as the world uses it. `Handle` stands for an open controller. */
export interface KernelSide<Handle> {
  connect(by: Actor, madeBy: MadeBy, options: string, done: (result: FabricsReplyEvent["result"]) => void): void;
  readOptions(done: (result: FabricsReplyEvent["result"]) => void): void;
  openHandle(name: string, purpose: HandlePurpose): KernelOpen<Handle>;
  closeHandle(handle: Handle): void;
  deleteThrough(by: Actor, handle: Handle, done: (result: DeletedEvent["result"]) => void): void;
  admin(handle: Handle, command: AdminCommand, done: (result: AdminReplyEvent["result"]) => void): void;
  onUevent(sink: (message: Uint8Array, header: string) => void): void;
  views(): readonly ConnectionView[];
  /** Returns the target's name if no such device or peer exists. */
  apply(action: KernelAction): string | undefined;
}

/** Reads controllers in sysfs. */
export interface SysfsReading {
  list(): readonly SysfsSummary[];
  read(name: string): SysfsRecord | undefined;
}

/**
 * The descriptors of one process and its calls into the kernel. When the process ends, its descriptors close and no
 * completion arrives. A call that entered the kernel continues there.
 */
export class KernelPorts<Handle> implements SysfsPort, FabricsPort {
  readonly #process: SimProcess;
  readonly #kernel: KernelSide<Handle>;
  readonly #sysfs: SysfsReading;
  readonly #vault: SecretVault;
  readonly #handles = new Map<HandleId, Handle>();
  #nextHandle = 1;

  constructor(process: SimProcess, kernel: KernelSide<Handle>, sysfs: SysfsReading, vault: SecretVault) {
    this.#process = process;
    this.#kernel = kernel;
    this.#sysfs = sysfs;
    this.#vault = vault;
    process.atEnd(() => {
      for (const handle of this.#handles.values()) kernel.closeHandle(handle);
      this.#handles.clear();
    });
  }

  list(): readonly SysfsSummary[] {
    return this.#process.alive ? this.#sysfs.list() : [];
  }

  read(name: string): SysfsRecord | undefined {
    return this.#process.alive ? this.#sysfs.read(name) : undefined;
  }

  open(name: string, purpose: HandlePurpose): OpenResult {
    if (!this.#process.alive) return { ok: false, errno: ERRNO.ENODEV };
    const opened = this.#kernel.openHandle(name, purpose);
    if (!opened.ok) return opened;
    const record = this.#sysfs.read(name);
    if (record === undefined) {
      this.#kernel.closeHandle(opened.handle);
      return { ok: false, errno: ERRNO.ENODEV };
    }
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- here the brand is made
    const handle = this.#nextHandle++ as HandleId;
    this.#handles.set(handle, opened.handle);
    return { ok: true, handle, record };
  }

  close(handle: HandleId): void {
    const opened = this.#handles.get(handle);
    if (opened === undefined) return;
    this.#handles.delete(handle);
    this.#kernel.closeHandle(opened);
  }

  /** EBADF if the handle is not open, as the kernel answers. The caller's fault. */
  delete(request: RequestId, handle: HandleId): void {
    if (!this.#process.alive) return;
    const opened = this.#handles.get(handle);
    const done = (result: DeletedEvent["result"]): void => {
      this.#process.deliver({ kind: "deleted", request, result });
    };
    if (opened === undefined) done({ ok: false, errno: ERRNO.EBADF });
    else this.#kernel.deleteThrough(this.#process.name, opened, done);
  }

  readOptions(request: RequestId): void {
    if (!this.#process.alive) return;
    this.#kernel.readOptions((result) => {
      this.#process.deliver({ kind: "fabrics-reply", request, result });
    });
  }

  connect(request: RequestId, options: string): void {
    if (!this.#process.alive) return;
    this.#kernel.connect(this.#process.name, "stas", this.#vault.revealOptions(options), (result) => {
      this.#process.deliver({ kind: "fabrics-reply", request, result });
    });
  }

  admin(request: RequestId, handle: HandleId, command: AdminCommand): void {
    if (!this.#process.alive) return;
    const opened = this.#handles.get(handle);
    const done = (result: AdminReplyEvent["result"]): void => {
      this.#process.deliver({ kind: "admin-reply", request, result });
    };
    if (opened === undefined) done({ ok: false, errno: ERRNO.EBADF });
    else this.#kernel.admin(opened, command, done);
  }
}

/** The fabrics port: connects through `/dev/nvme-fabrics`, and admin commands on handles. */
import { constants } from "node:fs";
import { ERRNO } from "../../core/domain/errno.js";
import type { AdminCommand, FabricsPort, FabricsReplyEvent } from "../../core/ports/fabrics.js";
import type { RequestId } from "../../core/ports/request.js";
import type { HandleId } from "../../core/ports/sysfs.js";
import type { SecretVault } from "../shared/secrets.js";
import { sendAdmin, type AdminResult } from "./admin.js";
import type { Deliver } from "./deliver.js";
import { closeFile, openFile, readOnce, writeOnce } from "./device-file.js";
import type { Borrowed, HandleTable } from "./handles.js";
import { LANE, Lane } from "./lane.js";
import type { Libc } from "./libc.js";
import { FABRICS_DEVICE } from "./requirements.js";

/** The option line of 6.12 is 392 bytes long, the reply to a connect 21. */
const REPLY_BYTES_MAX = 4_096;

interface FabricsParts {
  /** Shared with the sysfs port. */
  readonly handles: HandleTable;
  readonly deliver: Deliver;
  readonly vault: Pick<SecretVault, "revealOptions">;
  /** Absent if koffi does not load: admin commands then fail with ENOSYS. */
  readonly libc: Libc | undefined;
  /** Absent: `FABRICS_DEVICE`. */
  readonly device?: string;
}

/** Every call here, even an open, may block in the kernel for seconds, so each runs on a thread of its lane. */
export class RealFabrics implements FabricsPort {
  readonly #parts: FabricsParts;
  readonly #device: string;
  readonly #connects = new Lane(LANE.connects);
  readonly #commands = new Lane(LANE.admin);

  constructor(parts: FabricsParts) {
    this.#parts = parts;
    this.#device = parts.device ?? FABRICS_DEVICE;
  }

  readOptions(request: RequestId): void {
    this.#connects.run(async () => {
      this.#reply(request, await withFile(this.#device, constants.O_RDONLY, readReply));
    });
  }

  connect(request: RequestId, options: string): void {
    this.#connects.run(async () => {
      this.#reply(request, await withFile(this.#device, constants.O_RDWR, (fd) => this.#connect(fd, options)));
    });
  }

  /** Fails with EBADF if the handle is not open for admin commands. */
  admin(request: RequestId, handle: HandleId, command: AdminCommand): void {
    const { libc, handles } = this.#parts;
    const borrowed = handles.borrow(handle, "admin");
    if (borrowed === undefined) {
      this.#answer(request, { ok: false, errno: ERRNO.EBADF });
    } else if (libc === undefined) {
      borrowed.release();
      this.#answer(request, { ok: false, errno: ERRNO.ENOSYS });
    } else {
      this.#commands.run(() => this.#send(libc, borrowed, request, command));
    }
  }

  async #send(libc: Libc, { fd, release }: Borrowed, request: RequestId, command: AdminCommand): Promise<void> {
    const result = await sendAdmin(libc, fd, command);
    release();
    this.#answer(request, result);
  }

  /** The secrets are in memory only during the write, and in one buffer that is wiped. */
  async #connect(fd: number, options: string): Promise<FabricsReplyEvent["result"]> {
    const bytes = Buffer.from(this.#parts.vault.revealOptions(options), "utf8");
    const written = await writeOnce(fd, bytes);
    const { length } = bytes;
    bytes.fill(0);
    if (!written.ok) return written;
    if (written.value !== length) return { ok: false, errno: ERRNO.EIO, stage: "reply" };
    const reply = await readReply(fd);
    return reply.ok ? reply : { ...reply, stage: "reply" };
  }

  #reply(request: RequestId, result: FabricsReplyEvent["result"]): void {
    this.#parts.deliver({ kind: "fabrics-reply", request, result });
  }

  #answer(request: RequestId, result: AdminResult): void {
    this.#parts.deliver({ kind: "admin-reply", request, result });
  }
}

/** Opens, calls and closes. A connection outlives its descriptor. */
async function withFile(
  path: string,
  flags: number,
  call: (fd: number) => Promise<FabricsReplyEvent["result"]>,
): Promise<FabricsReplyEvent["result"]> {
  const opened = await openFile(path, flags);
  if (!opened.ok) return { ...opened, stage: "open" };
  const result = await call(opened.value);
  await closeFile(opened.value);
  return result;
}

async function readReply(fd: number): Promise<FabricsReplyEvent["result"]> {
  const into = Buffer.alloc(REPLY_BYTES_MAX);
  const read = await readOnce(fd, into);
  return read.ok ? { ok: true, text: into.toString("latin1", 0, read.value) } : read;
}

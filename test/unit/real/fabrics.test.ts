import { execFileSync } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ADMIN_DATA_BYTES_MAX, ADMIN_FIELD, NVME_IOCTL_ADMIN_CMD } from "../../../src/adapters/real/admin.js";
import { RealFabrics } from "../../../src/adapters/real/fabrics.js";
import { HandleTable } from "../../../src/adapters/real/handles.js";
import type { CallResult, Libc } from "../../../src/adapters/real/libc.js";
import { SecretVault } from "../../../src/adapters/shared/secrets.js";
import { getLogPage, LID } from "../../../src/core/codec/admin.js";
import { ERRNO } from "../../../src/core/domain/errno.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { AdminCommand } from "../../../src/core/ports/fabrics.js";
import { RequestId } from "../../../src/core/ports/request.js";
import type { HandleId } from "../../../src/core/ports/sysfs.js";
import { Delivered } from "./events.js";
import { FakeLibc } from "./fake-libc.js";
import { HostTree } from "./tree.js";

let tree: HostTree;
let delivered: Delivered;
let handles: HandleTable;
let vault: SecretVault;

beforeEach(() => {
  tree = new HostTree();
  delivered = new Delivered();
  handles = new HandleTable();
  vault = new SecretVault();
});
afterEach(() => {
  tree.end();
});

function fabricsOf(device: string, libc: Libc | undefined = undefined): RealFabrics {
  return new RealFabrics({ handles, deliver: delivered.deliver, vault, libc, device });
}

/** A device that answers with the bytes written to it. */
function echo(): string {
  const path = join(tree.root, "dev/nvme-fabrics");
  execFileSync("mkfifo", [path]);
  return path;
}

describe("the fabrics device", () => {
  test("gets the connect string with its secrets, and its reply is the answer", async () => {
    const handle = vault.conceal("DHHC-1:00:secret:");
    fabricsOf(echo()).connect(RequestId(5), `nqn=x,hostnqn=h\xe9,dhchap_secret=${handle}`);
    const text = Buffer.from("nqn=x,hostnqn=h\xe9,dhchap_secret=DHHC-1:00:secret:", "utf8").toString("latin1");
    expect(await delivered.count(1)).toEqual([{ kind: "fabrics-reply", request: 5, result: { ok: true, text } }]);
    expect(tree.openFiles()).toEqual([]);
  });

  test("gets the secrets only at the moment of the write", async () => {
    const device = echo();
    const fabrics = fabricsOf(device);
    let revealed = "";
    const { revealOptions } = vault;
    vault.revealOptions = (options) => (revealed = revealOptions.call(vault, options));
    fabrics.connect(RequestId(5), "nqn=x");
    expect(revealed).toBe("");
    await delivered.count(1);
    expect(revealed).toBe("nqn=x");
  });

  test("gives the option line, and an open that blocks delays nothing else", async () => {
    const device = echo();
    fabricsOf(device).readOptions(RequestId(1));
    await new Promise((resolve) => setImmediate(resolve));
    expect(delivered.events).toEqual([]);
    const writer = openSync(device, "w");
    writeSync(writer, "instance=-1,cntlid=-1\n");
    const result = { ok: true, text: "instance=-1,cntlid=-1\n" };
    expect(await delivered.count(1)).toEqual([{ kind: "fabrics-reply", request: 1, result }]);
    closeSync(writer);
    expect(tree.openFiles()).toEqual([]);
  });

  test("gives at most one page of a reply", async () => {
    const device = join(tree.root, "dev/long");
    writeFileSync(device, "x".repeat(10_000));
    fabricsOf(device).readOptions(RequestId(1));
    const [event] = await delivered.count(1);
    expect(event).toEqual({ kind: "fabrics-reply", request: 1, result: { ok: true, text: "x".repeat(4_096) } });
  });

  test.each([
    ["of a missing device", "/nonexistent/nvme-fabrics", { errno: ERRNO.ENOENT, stage: "open" }],
    ["of the open", "/tmp", { errno: ERRNO.EISDIR, stage: "open" }],
    ["of the write", "/dev/full", { errno: ERRNO.ENOSPC }],
  ])("gives the errno %s", async (_, device, failure) => {
    fabricsOf(device).connect(RequestId(2), "nqn=x,dhchap_secret=DHHC-1:00:secret:");
    const [event] = await delivered.count(1);
    expect(event).toEqual({ kind: "fabrics-reply", request: 2, result: { ok: false, ...failure } });
  });

  test("is closed after a failure too", async () => {
    const device = join(tree.root, "dev/file");
    writeFileSync(device, "");
    fabricsOf(device).connect(RequestId(1), "nqn=x");
    expect(await delivered.count(1)).toEqual([{ kind: "fabrics-reply", request: 1, result: { ok: true, text: "" } }]);
    expect(readFileSync(device, "latin1")).toBe("nqn=x");
    expect(tree.openFiles()).toEqual([]);
  });
});

describe("admin commands", () => {
  const page = getLogPage({
    lid: LID.discovery,
    lsp: 0,
    rae: "clear",
    offset: 0x1_0000_0010,
    length: 1_024,
    timeout: Milliseconds(30_000),
  });
  let libc: FakeLibc;
  let handle: HandleId;
  let file: string;

  beforeEach(() => {
    libc = new FakeLibc();
    file = join(tree.root, "dev/nvme0");
    writeFileSync(file, "");
    handle = handles.add(openSync(file, "r"), "admin")!;
  });
  afterEach(() => {
    handles.close(handle);
    expect(tree.openFiles()).toEqual([]);
  });

  async function answerTo(command: AdminCommand): Promise<unknown> {
    fabricsOf("/dev/null", libc).admin(RequestId(8), handle, command);
    const [event] = await delivered.count(1);
    expect(event).toMatchObject({ kind: "admin-reply", request: 8 });
    return event !== undefined && "result" in event ? event.result : undefined;
  }

  test("are packed as struct nvme_admin_cmd, and return the data and the result", async () => {
    let struct = "";
    libc.onIoctl = (_, request, argument) => {
      expect(request).toBe(NVME_IOCTL_ADMIN_CMD);
      const packed = Buffer.from(argument.buffer);
      struct = packed.toString("hex");
      const data = libc.at(packed.readBigUInt64LE(ADMIN_FIELD.data));
      expect(data).toHaveLength(1_024);
      data.write("page", "latin1");
      packed.writeUInt32LE(0xfeedf00d, ADMIN_FIELD.result);
      return Promise.resolve({ ok: true, value: 0 });
    };
    const bytes = Buffer.alloc(1_024);
    bytes.write("page", "latin1");
    expect(await answerTo(page)).toEqual({ ok: true, status: 0, value: 0xfeedf00d, bytes });
    // opcode; nsid; metadata and its length; address; length; cdw10 .. cdw15; timeout; result
    const words = "02000000 00000000 00000000 00000000 0000000000000000 0100000000000000 00000000 00040000";
    const command = "7000ff00 00000000 10000000 01000000 00000000 00000000 30750000 00000000";
    expect(struct).toBe(`${words} ${command}`.replaceAll(" ", ""));
  });

  test("send data to the controller, and return none", async () => {
    const sent = Buffer.from("registration");
    libc.onIoctl = (_, __, argument) => {
      const packed = Buffer.from(argument.buffer);
      expect(libc.at(packed.readBigUInt64LE(ADMIN_FIELD.data))).toEqual(sent);
      expect(packed.readUInt32LE(ADMIN_FIELD.dataLength)).toBe(sent.length);
      return Promise.resolve({ ok: true, value: 0 });
    };
    const command: AdminCommand = { ...page, data: { direction: "to-controller", bytes: sent } };
    expect(await answerTo(command)).toEqual({ ok: true, status: 0, value: 0, bytes: new Uint8Array(0) });
  });

  test("return the NVMe status of a rejection, without data", async () => {
    libc.onIoctl = () => Promise.resolve({ ok: true, value: 0x6002 });
    expect(await answerTo(page)).toEqual({ ok: true, status: 0x6002, value: 0, bytes: new Uint8Array(0) });
  });

  test("return the errno of the call", async () => {
    libc.onIoctl = () => Promise.resolve({ ok: false, errno: ERRNO.EINTR });
    expect(await answerTo(page)).toEqual({ ok: false, errno: ERRNO.EINTR });
  });

  test.each([
    [0, 1],
    [0.5, 1],
    [1e12, 3_600_000],
  ])("never run without a time limit: %d ms becomes %d", async (timeout, packed) => {
    libc.onIoctl = (_, __, argument) =>
      Promise.resolve({ ok: true, value: Buffer.from(argument.buffer).readUInt32LE(ADMIN_FIELD.timeout) });
    expect(await answerTo({ ...page, timeout: Milliseconds(timeout) })).toMatchObject({ status: packed });
  });

  test("are refused if they ask for too much data", async () => {
    libc.onIoctl = () => Promise.reject(new Error("not to be reached"));
    const data = { direction: "from-controller", length: ADMIN_DATA_BYTES_MAX + 1 } as const;
    expect(await answerTo({ ...page, data })).toEqual({ ok: false, errno: ERRNO.EINVAL });
  });

  test("keep the descriptor open until they end, even if the handle is closed", async () => {
    let end: (result: CallResult) => void = () => undefined;
    libc.onIoctl = () => new Promise((resolve) => (end = resolve));
    fabricsOf("/dev/null", libc).admin(RequestId(8), handle, page);
    handles.close(handle);
    expect(tree.openFiles()).toEqual([file]);
    end({ ok: true, value: 0 });
    await delivered.count(1);
    expect(tree.openFiles()).toEqual([]);
  });

  test("fail with ENOSYS without the C library, and with EBADF on a handle for another purpose", async () => {
    const other = handles.add(openSync(file, "r"), "delete")!;
    fabricsOf("/dev/null").admin(RequestId(1), handle, page);
    fabricsOf("/dev/null", libc).admin(RequestId(2), other, page);
    expect(await delivered.count(2)).toEqual([
      { kind: "admin-reply", request: 1, result: { ok: false, errno: ERRNO.ENOSYS } },
      { kind: "admin-reply", request: 2, result: { ok: false, errno: ERRNO.EBADF } },
    ]);
    handles.close(other);
  });
});

import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HANDLES_MAX, HandleTable } from "../../../src/adapters/real/handles.js";
import { HostAttributes, OPENS_MAX, RealSysfs } from "../../../src/adapters/real/sysfs.js";
import type { AttributeFs } from "../../../src/adapters/shared/sysfs-reader.js";
import { ERRNO } from "../../../src/core/domain/errno.js";
import { RequestId } from "../../../src/core/ports/request.js";
import type { HandleId, HandlePurpose } from "../../../src/core/ports/sysfs.js";
import { Delivered } from "./events.js";
import { HostTree } from "./tree.js";

const VOL1 = { state: "live\n", subsysnqn: "nqn.vol1\n", address: "traddr=192.0.2.1,trsvcid=4420\n", cntlid: "1\n" };
const VOL2 = { state: "live\n", subsysnqn: "nqn.vol2\n", address: "traddr=192.0.2.2,trsvcid=4420\n", cntlid: "2\n" };
const FIFO_BYTES = 65_536;

let tree: HostTree;
let delivered: Delivered;
let handles: HandleTable;

beforeEach(() => {
  tree = new HostTree();
  delivered = new Delivered();
  handles = new HandleTable();
});
afterEach(() => {
  tree.end();
});

function sysfsOf(attributes?: AttributeFs): RealSysfs {
  const parts = { handles, deliver: delivered.deliver, root: tree.root };
  return new RealSysfs(attributes === undefined ? parts : { ...parts, attributes });
}

function opened(sysfs: RealSysfs, name: string, purpose: HandlePurpose): HandleId {
  const result = sysfs.open(name, purpose);
  if (!result.ok) throw new Error(`errno ${String(result.errno)}`);
  return result.handle;
}

function asked(folder: string): string {
  return readFileSync(join(folder, "delete_controller"), "latin1");
}

describe("controllers in sysfs", () => {
  test("are listed and read as the kernel prints them", () => {
    tree.add("nvme0", VOL1);
    tree.add("nvme7", { ...VOL2, hostnqn: "\xff\n" });
    const { state, subsysnqn, address } = VOL1;
    expect(sysfsOf().list()).toContainEqual({ name: "nvme0", state, subsysnqn, address });
    expect(sysfsOf().list()).toHaveLength(2);
    expect(sysfsOf().read("nvme7")).toEqual({ name: "nvme7", attributes: { ...VOL2, hostnqn: "\xff\n" } });
    expect(sysfsOf().read("nvme1")).toBeUndefined();
    expect(tree.openFiles()).toEqual([]);
  });

  test("are absent without the class", () => {
    rmSync(join(tree.root, "sys"), { recursive: true });
    expect(sysfsOf().list()).toEqual([]);
  });

  test("give at most one page of an attribute", () => {
    tree.add("nvme0", { ...VOL1, hostnqn: "x".repeat(10_000) });
    expect(sysfsOf().read("nvme0")?.attributes.hostnqn).toHaveLength(4_096);
  });
});

describe("opening", () => {
  test.each(["admin", "delete"] as const)("for %s gives the handle and the record", (purpose) => {
    tree.add("nvme0", VOL1);
    const sysfs = sysfsOf();
    const result = sysfs.open("nvme0", purpose);
    expect(result).toMatchObject({ ok: true, record: { name: "nvme0", attributes: VOL1 } });
    const file = purpose === "admin" ? "/dev/nvme0" : "/sys/class/nvme/nvme0/delete_controller";
    expect(tree.openFiles()).toEqual([tree.root + file]);
    if (result.ok) sysfs.close(result.handle);
    expect(tree.openFiles()).toEqual([]);
  });

  test.each(["nvme0", "../nvme0", "nvme0/../nvme0", "nvme0n1", ""])("gives ENOENT for %j", (name) => {
    if (name !== "nvme0") tree.add("nvme0", VOL1);
    expect(sysfsOf().open(name, "delete")).toEqual({ ok: false, errno: ERRNO.ENOENT });
  });

  test.each(["admin", "delete"] as const)("for %s gives ENODEV if the controller goes meanwhile", (purpose) => {
    tree.add("nvme0", VOL1);
    const sysfs = sysfsOf(atFirstState(() => tree.remove("nvme0")));
    expect(sysfs.open("nvme0", purpose)).toEqual({ ok: false, errno: ERRNO.ENODEV });
    expect(tree.openFiles()).toEqual([]);
  });

  test("gives the new controller if the number is reused meanwhile, with matching record and descriptor", async () => {
    tree.add("nvme0", VOL1);
    let old = "";
    const reuse = atFirstState(() => {
      old = tree.remove("nvme0");
      tree.add("nvme0", VOL2);
    });
    const sysfs = sysfsOf(reuse);
    const result = sysfs.open("nvme0", "delete");
    expect(result).toMatchObject({ ok: true, record: { attributes: VOL2 } });
    if (!result.ok) return;
    sysfs.delete(RequestId(1), result.handle);
    await delivered.count(1);
    expect([asked(old), asked(tree.path("nvme0"))]).toEqual(["", "1"]);
    expect(tree.openFiles()).toHaveLength(1);
    sysfs.close(result.handle);
  });

  test("gives EAGAIN if the number keeps being reused", () => {
    tree.add("nvme0", VOL1);
    let reuses = 0;
    const sysfs = sysfsOf(
      atState(() => {
        reuses += 1;
        tree.remove("nvme0");
        tree.add("nvme0", VOL2);
      }),
    );
    expect(sysfs.open("nvme0", "delete")).toEqual({ ok: false, errno: ERRNO.EAGAIN });
    // Each record reads the state twice.
    expect(reuses).toBe(2 * OPENS_MAX);
    expect(tree.openFiles()).toEqual([]);
  });

  test("gives EMFILE while too many handles are open", () => {
    tree.add("nvme0", VOL1);
    const sysfs = sysfsOf();
    const fd = openSync("/dev/null", "r");
    const [first] = Array.from({ length: HANDLES_MAX }, () => handles.add(fd, "admin"));
    expect(sysfs.open("nvme0", "admin")).toEqual({ ok: false, errno: ERRNO.EMFILE });
    expect(tree.openFiles()).toEqual([]);
    sysfs.close(first!);
    sysfs.close(opened(sysfs, "nvme0", "admin"));
  });
});

describe("deleting", () => {
  test("reaches the opened controller, and never the one that has its number now", async () => {
    tree.add("nvme0", VOL1);
    const sysfs = sysfsOf();
    const handle = opened(sysfs, "nvme0", "delete");
    const old = tree.remove("nvme0");
    tree.add("nvme0", VOL2);
    sysfs.delete(RequestId(9), handle);
    expect(await delivered.count(1)).toEqual([{ kind: "deleted", request: 9, result: { ok: true } }]);
    expect([asked(old), asked(tree.path("nvme0"))]).toEqual(["1", ""]);
    sysfs.close(handle);
  });

  test("gives the errno of the write", async () => {
    const full = handles.add(openSync("/dev/full", "w"), "delete")!;
    sysfsOf().delete(RequestId(3), full);
    const failure = { ok: false, errno: ERRNO.ENOSPC };
    expect(await delivered.count(1)).toEqual([{ kind: "deleted", request: 3, result: failure }]);
    handles.close(full);
  });

  test("gives EBADF for a handle that is closed or has another purpose", async () => {
    tree.add("nvme0", VOL1);
    const sysfs = sysfsOf();
    const closed = opened(sysfs, "nvme0", "delete");
    sysfs.close(closed);
    const admin = opened(sysfs, "nvme0", "admin");
    sysfs.delete(RequestId(1), closed);
    sysfs.delete(RequestId(2), admin);
    const failure = { ok: false, errno: ERRNO.EBADF };
    expect((await delivered.count(2)).map((event) => "result" in event && event.result)).toEqual([failure, failure]);
    expect(asked(tree.path("nvme0"))).toBe("");
    sysfs.close(admin);
    sysfs.close(admin);
  });

  test("blocks nothing else, and a closed handle keeps its descriptor until the delete ends", async () => {
    tree.add("nvme0", VOL1);
    const fifo = join(tree.path("nvme0"), "delete_controller");
    rmSync(fifo);
    execFileSync("mkfifo", [fifo]);
    const other = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    writeSync(other, Buffer.alloc(FIFO_BYTES));
    const sysfs = sysfsOf();
    const handle = opened(sysfs, "nvme0", "delete");
    sysfs.delete(RequestId(1), handle);
    sysfs.close(handle);
    await new Promise((resolve) => setImmediate(resolve));
    expect(delivered.events).toEqual([]);
    expect(tree.openFiles()).toEqual([fifo, fifo]);
    readSync(other, Buffer.alloc(FIFO_BYTES));
    expect(await delivered.count(1)).toEqual([{ kind: "deleted", request: 1, result: { ok: true } }]);
    expect(tree.openFiles()).toEqual([fifo]);
    closeSync(other);
  });
});

/** Runs an action before each read of a state. */
function atState(action: () => void): AttributeFs {
  const host = new HostAttributes(tree.root);
  return {
    readdirSync: (path) => host.readdirSync(path),
    readFileSync: (path) => {
      if (path.endsWith("/state")) action();
      return host.readFileSync(path);
    },
  };
}

function atFirstState(action: () => void): AttributeFs {
  let done = false;
  return atState(() => {
    if (!done) action();
    done = true;
  });
}

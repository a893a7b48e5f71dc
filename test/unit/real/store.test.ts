import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RealStore } from "../../../src/adapters/real/store.js";
import { SecretVault } from "../../../src/adapters/shared/secrets.js";
import { ERRNO } from "../../../src/core/domain/errno.js";
import type { CoreEvent } from "../../../src/core/ports/index.js";
import { RequestId } from "../../../src/core/ports/request.js";

const RECORD = "/run/stafd/last-known-config.json";

describe("the store", () => {
  let root: string;
  let store: RealStore;
  let events: CoreEvent[];
  let wake: () => void;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "stas-store-"));
    mkdirSync(join(root, "etc"));
    events = [];
    wake = () => undefined;
    const deliver = (event: CoreEvent): void => {
      events.push(event);
      wake();
    };
    store = new RealStore(deliver, new SecretVault(), { config: join(root, "etc"), run: join(root, "run") });
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  async function written(count: number): Promise<void> {
    while (events.length < count) await new Promise<void>((resolve) => (wake = resolve));
  }

  test("writes a file of mode 0600 and its folder, and reports it", async () => {
    store.write(RequestId(7), RECORD, "{}\n");
    await written(1);
    expect(events).toEqual([{ kind: "written", request: 7, result: { ok: true } }]);
    const path = join(root, "run/stafd/last-known-config.json");
    expect(readFileSync(path, "utf8")).toBe("{}\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(root, "run/stafd"))).toEqual(["last-known-config.json"]);
  });

  test("keeps the last of several writes, even if a kill left a temporary file behind", async () => {
    mkdirSync(join(root, "run/stafd"), { recursive: true });
    writeFileSync(join(root, "run/stafd/.last-known-config.json.tmp"), "torn");
    for (let i = 1; i <= 20; i++) store.write(RequestId(i), RECORD, `text ${String(i)}`);
    await written(20);
    expect(events.map((event) => ("request" in event ? event.request : 0))).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    expect(store.read(RECORD)).toEqual({ ok: true, text: "text 20" });
    expect(readdirSync(join(root, "run/stafd"))).toEqual(["last-known-config.json"]);
  });

  test("reports why a write fails, and keeps the old file whole", async () => {
    writeFileSync(join(root, "run"), "a file where a folder should be");
    store.write(RequestId(1), RECORD, "new");
    await written(1);
    expect(events).toEqual([{ kind: "written", request: 1, result: { ok: false, errno: ERRNO.ENOTDIR } }]);
  });

  test("replaces secrets by handles", () => {
    writeFileSync(join(root, "etc/stacd.conf"), "[Global]\ndhchap-secret = DHHC-1:00:abc:\n");
    const read = store.read("/etc/stas/stacd.conf");
    expect(read).toEqual({ ok: true, text: "[Global]\ndhchap-secret = secret:1\n" });
  });

  test("replaces bytes that are not UTF-8 by U+FFFD in text, and keeps them in bytes", () => {
    writeFileSync(join(root, "etc/x"), Buffer.from([0x61, 0xff, 0x62]));
    expect(store.read("/etc/stas/x")).toEqual({ ok: true, text: "a\ufffdb" });
    const bytes = store.readBytes("/etc/stas/x");
    expect(bytes.ok && [...bytes.bytes]).toEqual([0x61, 0xff, 0x62]);
  });

  test("refuses anything but a regular file, without blocking", () => {
    execFileSync("mkfifo", [join(root, "etc/fifo")]);
    expect(store.read("/etc/stas/none")).toEqual({ ok: false, errno: ERRNO.ENOENT });
    expect(store.read("/etc/stas/fifo")).toEqual({ ok: false, errno: ERRNO.EINVAL });
    mkdirSync(join(root, "etc/folder"));
    expect(store.read("/etc/stas/folder")).toEqual({ ok: false, errno: ERRNO.EISDIR });
  });

  test("lists names in order, and treats a missing folder as empty", () => {
    for (const name of ["b", "a", "C"]) writeFileSync(join(root, "etc", name), "");
    expect(store.list("/etc/stas")).toEqual(["C", "a", "b"]);
    expect(store.list("/etc/stas/none")).toEqual([]);
  });

  test("leaves paths outside the two folders as they are", () => {
    const path = join(root, "hostnqn");
    writeFileSync(path, "nqn\n");
    chmodSync(path, 0o644);
    expect(store.read(path)).toEqual({ ok: true, text: "nqn\n" });
    expect(existsSync(store.locate("/etc/nvme"))).toBe(existsSync("/etc/nvme"));
  });
});

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Tree } from "../../lab/host/cpio.js";

const folder = mkdtempSync(join(tmpdir(), "stas-cpio-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Reads an archive like the kernel's init/initramfs.c. */
function unpack(archive: Buffer): readonly { path: string; mode: string; content: string }[] {
  const records: { path: string; mode: string; content: string }[] = [];
  let at = 0;
  for (;;) {
    expect(archive.toString("latin1", at, at + 6)).toBe("070701");
    const field = (index: number): number =>
      Number.parseInt(archive.toString("latin1", at + 6 + index * 8, at + 14 + index * 8), 16);
    const nameEnd = at + 110 + field(11);
    const path = archive.toString("utf8", at + 110, nameEnd - 1);
    const start = Math.ceil(nameEnd / 4) * 4;
    const end = start + field(6);
    const mode = field(1).toString(8);
    at = Math.ceil(end / 4) * 4;
    if (path === "TRAILER!!!") break;
    records.push({ path, mode, content: archive.toString("utf8", start, end) });
  }
  expect(at).toBe(archive.length);
  return records;
}

describe("an initramfs archive", () => {
  test("lists every path after its parent folders, and ends where another archive may follow", () => {
    const tree = new Tree();
    tree.add("a/b/text", { kind: "text", text: "seven b" });
    tree.add("a/b/run", { kind: "text", text: "#!/bin/sh\n", executable: true });
    tree.add("a/link", { kind: "link", to: "b/text" });
    tree.add("bytes", { kind: "bytes", bytes: new Uint8Array([65]) });
    const file = join(folder, "one.cpio");
    tree.write(file);
    expect(unpack(readFileSync(file))).toEqual([
      { path: "a", mode: "40755", content: "" },
      { path: "a/b", mode: "40755", content: "" },
      { path: "a/b/text", mode: "100644", content: "seven b" },
      { path: "a/b/run", mode: "100755", content: "#!/bin/sh\n" },
      { path: "a/link", mode: "120777", content: "b/text" },
      { path: "bytes", mode: "100644", content: "A" },
    ]);
  });
});

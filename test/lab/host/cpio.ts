/** Writes cpio archives in the "newc" format, which the kernel unpacks as its initial file system. */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/** The content of one path in the archive. */
type Entry =
  | { readonly kind: "folder" }
  | { readonly kind: "link"; readonly to: string }
  | { readonly kind: "text"; readonly text: string; readonly executable?: true }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "copy"; readonly from: string; readonly executable?: true };

const TYPE = { folder: 0o040755, link: 0o120777, file: 0o100644, executable: 0o100755 };

/** The tree to pack. Paths are absolute, without the leading slash. Parent folders are added automatically. */
export class Tree {
  readonly #entries = new Map<string, Entry>();

  add(path: string, entry: Entry): void {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    if (parent !== "" && !this.#entries.has(parent)) this.add(parent, { kind: "folder" });
    this.#entries.set(path, entry);
  }

  has(path: string): boolean {
    return this.#entries.has(path);
  }

  /** Writes the archive, padded to a 4-byte word, so that another archive can follow. */
  write(file: string): void {
    const out = openSync(file, "w");
    try {
      let inode = 1;
      for (const [path, entry] of this.#entries) {
        writeRecord(out, { path, mode: modeOf(entry), inode, content: contentOf(entry) });
        inode += 1;
      }
      writeRecord(out, { path: "TRAILER!!!", mode: 0, inode: 0, content: new Uint8Array() });
    } finally {
      closeSync(out);
    }
  }
}

interface Record {
  readonly path: string;
  readonly mode: number;
  readonly inode: number;
  readonly content: Uint8Array;
}

function writeRecord(out: number, { path, mode, inode, content }: Record): void {
  const name = Buffer.from(`${path}\0`, "utf8");
  // inode, mode, uid, gid, links, mtime, size, device (2), device node (2), name length, checksum
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${fields.map(hex).join("")}`, "latin1");
  writeSync(out, Buffer.concat([header, name, padding(header.length + name.length)]));
  writeAll(out, content);
  writeSync(out, padding(content.length));
}

function writeAll(out: number, bytes: Uint8Array): void {
  let at = 0;
  while (at < bytes.length) at += writeSync(out, bytes, at);
}

function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}

function modeOf(entry: Entry): number {
  switch (entry.kind) {
    case "folder":
      return TYPE.folder;
    case "link":
      return TYPE.link;
    case "bytes":
      return TYPE.file;
    case "text":
    case "copy":
      return entry.executable === true ? TYPE.executable : TYPE.file;
  }
}

function contentOf(entry: Entry): Uint8Array {
  switch (entry.kind) {
    case "folder":
      return new Uint8Array();
    case "link":
      return Buffer.from(entry.to, "utf8");
    case "text":
      return Buffer.from(entry.text, "utf8");
    case "bytes":
      return entry.bytes;
    case "copy":
      return readFileSync(entry.from);
  }
}

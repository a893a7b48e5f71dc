/** The programs that the lab needs: qemu for the host, and the programs of a guest's file system. */
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readlinkSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Apt } from "./apt.js";
import { cached, keyOf } from "./cache.js";
import { LabFailure } from "./failure.js";

const PACKAGES = [
  "qemu-system-x86",
  "busybox-static",
  "udev",
  "dbus-daemon",
  "iproute2",
  "avahi-daemon",
  "avahi-utils",
  "zstd",
  "lz4",
];

const LIBRARY_FOLDERS = ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"];

/** The output limit of an unpacking program. A kernel has 70 MB. */
const MAX_OUTPUT = 256 * 1024 * 1024;

/** Debian's programs, unpacked into a folder. They run with their own loader and libraries. */
export class Userland {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /** Gets the packages, from the cache or by download. */
  static async get(): Promise<Userland> {
    const folder = await cached(`userland-${keyOf(PACKAGES)}`, (making) => {
      const root = join(making, "root");
      mkdirSync(root);
      const files = Apt.with(join(making, "apt"), (apt) => apt.unpack(PACKAGES, root));
      rmSync(join(making, "apt"), { recursive: true });
      writeFileSync(join(making, "packages.txt"), `${files.join("\n")}\n`);
    });
    return new Userland(join(folder, "root"));
  }

  /** The command line that runs a program on this host: the loader, the library path, the program. */
  command(program: string): readonly string[] {
    const loader = join(this.root, "lib64/ld-linux-x86-64.so.2");
    return [this.#inside(loader), "--library-path", this.#libraryPath(), join(this.root, program)];
  }

  /** Unpacks data from one of the kernel's compressors. */
  unpack(bytes: Uint8Array): Buffer {
    const magic = Buffer.from(bytes.subarray(0, 4)).toString("hex");
    const [program = "", ...args] = this.#unpacker(magic);
    const ran = spawnSync(program, args, { input: bytes, maxBuffer: MAX_OUTPUT });
    // The kernel appends a length to the compressed data. A program may complain about it after unpacking everything.
    if (ran.stdout.length === 0) throw new LabFailure(`${program} cannot unpack data that begins with ${magic}`);
    return ran.stdout;
  }

  #unpacker(magic: string): readonly string[] {
    switch (magic) {
      case "28b52ffd":
        return [...this.command("usr/bin/zstd"), "-dcq", "--memory=2048MB"];
      case "02214c18":
        return [...this.command("usr/bin/lz4"), "-dcq"];
      case "fd377a58":
        // Statically linked, so it runs directly.
        return [join(this.root, "bin/busybox"), "xz", "-dc"];
      default:
        throw new LabFailure(`unknown compression: the data begins with ${magic}`);
    }
  }

  /** The shared libraries of a program, as files in this folder. */
  libraries(program: string): readonly string[] {
    const [loader = "", ...rest] = this.command(program);
    const ran = spawnSync(loader, ["--list", ...rest], { encoding: "utf8" });
    if (ran.status !== 0) throw new LabFailure(`cannot list the libraries of ${program}`);
    return [...ran.stdout.matchAll(/=> (\/\S+)/g)].map((match) => match[1] ?? "");
  }

  #libraryPath(): string {
    return LIBRARY_FOLDERS.map((folder) => join(this.root, folder)).join(":");
  }

  /** Resolves a package's absolute link within the folder. */
  #inside(path: string): string {
    if (!existsSync(path) && lstatSync(path).isSymbolicLink()) return join(this.root, readlinkSync(path));
    return realpathSync(path).startsWith(realpathSync(this.root)) ? path : join(this.root, readlinkSync(path));
  }
}

/** A Debian kernel, unpacked for a guest: the bare kernel for a PVH boot, and the modules in load order. */
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { KernelName } from "../check.js";
import { Apt } from "./apt.js";
import { cached, keyOf } from "./cache.js";
import { LabFailure } from "./failure.js";
import type { Userland } from "./userland.js";

/** The cloud flavour is smaller and has the same NVMe code. */
const PACKAGE: Readonly<Record<KernelName, RegExp>> = {
  "6.1": /^linux-image-6\.1\.0-\d+-cloud-amd64$/,
  "6.12": /^linux-image-6\.12\.[\d.]+\+deb1\d-cloud-amd64$/,
  "6.12-generic": /^linux-image-6\.12\.[\d.]+\+deb1\d-amd64$/,
};

/** Loaded in this order, each after its dependencies. A built-in module has no file. */
const MODULES = [
  "configfs",
  "crc32c_generic",
  "hmac",
  "sha256_generic",
  "sha512_generic",
  "dh_generic",
  "nvme-core",
  "nvme-fabrics",
  "nvme-tcp",
  "nvme-fc",
  "nvmet",
  "nvmet-tcp",
  "nvmet-fc",
  "nvme-loop",
  "nvme-fcloop",
  "crc32_generic",
  "nvme-rdma",
  "nvmet-rdma",
  "rdma_rxe",
  "dummy",
  "veth",
  "brd",
  "null_blk",
  "loop",
] as const;

const MODULE_FILE = /\.ko(?:\.(?:xz|zst))?$/;

/** A kernel, ready to boot. */
export interface Kernel {
  readonly name: KernelName;
  /** As in `uname -r`. */
  readonly release: string;
  readonly vmlinux: string;
  /** Unpacked module files in load order. */
  readonly modules: readonly string[];
}

/** Gets the newest kernel with this name, from the cache or by download. */
export async function getKernel(name: KernelName, userland: Userland): Promise<Kernel> {
  const folder = await cached(`kernel-${name}-${keyOf([MODULES])}`, (making) => {
    const root = join(making, "root");
    mkdirSync(root);
    Apt.with(join(making, "apt"), (apt) => apt.unpackAlone(apt.newest(PACKAGE[name]), root));
    takeApart(root, making, userland);
    for (const rest of ["apt", "root"]) rmSync(join(making, rest), { recursive: true });
  });
  const [release = "", ...modules] = readFileSync(join(folder, "load-order"), "utf8").trim().split("\n");
  return {
    name,
    release,
    vmlinux: join(folder, "vmlinux"),
    modules: modules.map((file) => join(folder, "modules", file)),
  };
}

function takeApart(root: string, folder: string, userland: Userland): void {
  const [release] = readdirSync(join(root, "lib/modules"));
  if (release === undefined) throw new LabFailure("the kernel package has no modules");
  const image = readFileSync(join(root, "boot", `vmlinuz-${release}`));
  writeFileSync(join(folder, "vmlinux"), userland.unpack(payloadOf(image)));
  mkdirSync(join(folder, "modules"));
  const files = new ModuleFiles(join(root, "lib/modules", release), userland);
  for (const wanted of MODULES) files.want(wanted);
  for (const { file, bytes } of files.inOrder()) writeFileSync(join(folder, "modules", file), bytes);
  const order = files.inOrder().map(({ file }) => file);
  writeFileSync(join(folder, "load-order"), `${[release, ...order].join("\n")}\n`);
}

/** The compressed kernel in a bzImage (setup_sects, payload_offset and payload_length of the x86 boot protocol). */
function payloadOf(image: Buffer): Buffer {
  const setupSectors = image.readUInt8(0x1f1) === 0 ? 4 : image.readUInt8(0x1f1);
  const start = (setupSectors + 1) * 512 + image.readUInt32LE(0x248);
  // Its last word is the unpacked length.
  return image.subarray(start, start + image.readUInt32LE(0x24c) - 4);
}

interface ModuleFile {
  readonly file: string;
  readonly bytes: Buffer;
}

/** A kernel's modules by name, and the wanted modules with their dependencies. */
class ModuleFiles {
  readonly #paths = new Map<string, string>();
  readonly #taken = new Map<string, ModuleFile>();
  readonly #userland: Userland;

  constructor(folder: string, userland: Userland) {
    this.#userland = userland;
    for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (MODULE_FILE.test(path)) this.#paths.set(moduleName(path), join(folder, path));
    }
  }

  want(name: string): void {
    const wanted = moduleName(name);
    const path = this.#paths.get(wanted);
    if (path === undefined || this.#taken.has(wanted)) return;
    const packed = readFileSync(path);
    // The signature is at the end of the module, so the kernel accepts the unpacked file.
    const bytes = path.endsWith(".ko") ? packed : this.#userland.unpack(packed);
    for (const needed of dependsOn(bytes)) this.want(needed);
    this.#taken.set(wanted, { file: `${wanted}.ko`, bytes });
  }

  inOrder(): readonly ModuleFile[] {
    return [...this.#taken.values()];
  }
}

/** The kernel treats `-` and `_` in a module name as the same. */
function moduleName(path: string): string {
  return basename(path).replace(MODULE_FILE, "").replaceAll("-", "_");
}

/** A module's dependencies: `depends=one,two` in its .modinfo section. */
function dependsOn(module: Buffer): readonly string[] {
  const found = /\0depends=([^\0]*)\0/.exec(module.toString("latin1"))?.[1] ?? "";
  return found.split(",").filter((name) => name !== "");
}

/** A temporary folder as the root of a host, with controllers in its `/sys` and `/dev`. */
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class HostTree {
  readonly root = mkdtempSync(join(tmpdir(), "stas-host-"));
  #gone = 0;

  constructor() {
    mkdirSync(join(this.root, "sys/class/nvme"), { recursive: true });
    mkdirSync(join(this.root, "dev"));
  }

  /** The folder of a controller. */
  path(name: string): string {
    return join(this.root, "sys/class/nvme", name);
  }

  add(name: string, attributes: Readonly<Record<string, string>>): void {
    mkdirSync(this.path(name));
    for (const [key, value] of Object.entries({ ...attributes, delete_controller: "" })) {
      writeFileSync(join(this.path(name), key), value, "latin1");
    }
    writeFileSync(join(this.root, "dev", name), "");
  }

  /** Removes a controller. Returns the new path of its folder. */
  remove(name: string): string {
    this.#gone += 1;
    const gone = join(this.root, `gone${String(this.#gone)}`);
    renameSync(this.path(name), gone);
    renameSync(join(this.root, "dev", name), `${gone}.dev`);
    return gone;
  }

  /** The files in this tree that the process has open. */
  openFiles(): readonly string[] {
    return readdirSync("/proc/self/fd")
      .map((fd) => targetOf(fd))
      .filter((target) => target.startsWith(this.root));
  }

  end(): void {
    rmSync(this.root, { recursive: true });
  }
}

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // Another test of this process closed it meanwhile.
    return "";
  }
}

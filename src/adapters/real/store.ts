import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { OsFailure, RequestId } from "../../core/ports/request.js";
import type { StorePort } from "../../core/ports/store.js";
import type { SecretVault } from "../shared/secrets.js";
import type { Deliver } from "./deliver.js";
import { readWhole, replaceFile } from "./files.js";
import { Lane } from "./lane.js";
import { attempt } from "../shared/os-error.js";

/** The folders in which the core looks for configuration and keeps its records. */
export const CONFIG_ROOT = "/etc/stas";
export const RUN_ROOT = "/run";

export interface StoreRoots {
  /** Replaces /etc/stas. */
  readonly config: string;
  /** Replaces /run. */
  readonly run: string;
}

/** The files of this host. Two folders of the core may lie elsewhere (`--conf-dir`, `--run-dir`). */
export class RealStore implements StorePort {
  readonly #deliver: Deliver;
  readonly #vault: SecretVault;
  readonly #roots: StoreRoots;
  /** One write at a time, so that a later text never lands before an earlier one. */
  readonly #writes = new Lane(1);

  constructor(deliver: Deliver, vault: SecretVault, roots: StoreRoots) {
    this.#deliver = deliver;
    this.#vault = vault;
    this.#roots = roots;
  }

  read(path: string): { readonly ok: true; readonly text: string } | OsFailure {
    const read = readWhole(this.locate(path));
    return read.ok ? { ok: true, text: this.#vault.concealFile(path, read.value.toString("utf8")) } : read;
  }

  list(directory: string): readonly string[] {
    const names = attempt(() => readdirSync(this.locate(directory)));
    return names.ok ? names.value.sort() : [];
  }

  readBytes(path: string): { readonly ok: true; readonly bytes: Uint8Array } | OsFailure {
    const read = readWhole(this.locate(path));
    return read.ok ? { ok: true, bytes: read.value } : read;
  }

  write(request: RequestId, path: string, text: string): void {
    this.#writes.run(async () => {
      const result = await replaceFile({ path: this.locate(path), text, mode: 0o600 });
      this.#deliver({ kind: "written", request, result });
    });
  }

  /** The real file for one of the core's paths. */
  locate(path: string): string {
    const { config, run } = this.#roots;
    for (const [root, stands] of [
      [CONFIG_ROOT, config],
      [RUN_ROOT, run],
    ] as const) {
      if (path === root || path.startsWith(`${root}/`)) return join(stands, path.slice(root.length));
    }
    return path;
  }
}

/** The built daemon as a guest process, with its own configuration and records, and optionally a bus. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Service } from "./service.js";

/** Relative to the working directory, which is the project's folder. */
export const PROGRAM = "dist/bin/stas-daemon.cjs";

export interface DaemonOptions {
  /** Default `both`. */
  readonly service?: "staf" | "stac" | "both";
  /** Texts of the configuration files by name, such as `stafd.conf`. */
  readonly files?: Readonly<Record<string, string>>;
  /** The bus address. */
  readonly bus?: string;
  /** An earlier daemon's folders, to continue from. */
  readonly folders?: DaemonFolders;
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

interface DaemonFolders {
  readonly configuration: string;
  readonly run: string;
}

/** The identity of the lab's daemons, unless a check writes another sys.conf. */
export const HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555";
export const HOST_ID = "11111111-2222-3333-4444-555555555555";

const SYS_CONF = `[Host]\nnqn=${HOST_NQN}\nid=${HOST_ID}\n`;

export class Daemon extends Service {
  readonly folders: DaemonFolders;

  constructor(folder: string, options: DaemonOptions) {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not built`);
    const folders = options.folders ?? { configuration: join(folder, "etc"), run: join(folder, "run") };
    for (const path of [folders.configuration, folders.run]) mkdirSync(path, { recursive: true });
    const service = options.service ?? "both";
    writeConfiguration(folders, {
      ...(options.folders === undefined ? { "sys.conf": SYS_CONF } : {}),
      ...options.files,
    });
    const args = [PROGRAM, "--service", service, "--conf-dir", folders.configuration, "--run-dir", folders.run];
    if (options.bus !== undefined) args.push("--bus", options.bus);
    super(`the daemon (${service})`, process.execPath, [...args, ...(options.arguments ?? [])], options.environment);
    this.folders = folders;
  }

  /** Writes configuration files. The daemon reads them again on SIGHUP. */
  configure(files: Readonly<Record<string, string>>): void {
    writeConfiguration(this.folders, files);
  }
}

function writeConfiguration(folders: DaemonFolders, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folders.configuration, name), text);
}

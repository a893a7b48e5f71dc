/** The built daemon as a process of the guest, with its own configuration, its own records and, where asked, a bus. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Service } from "./service.js";

/** Under the project's folder, which is the working directory. */
export const PROGRAM = "dist/bin/stas-daemon.cjs";

export interface DaemonOptions {
  /** Default `both`. */
  readonly service?: "staf" | "stac" | "both";
  /** Texts of the configuration folder by file name, as `stafd.conf`. */
  readonly files?: Readonly<Record<string, string>>;
  /** The bus address. */
  readonly bus?: string;
  /** Folders of an earlier daemon that this one goes on from. */
  readonly folders?: DaemonFolders;
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

interface DaemonFolders {
  readonly configuration: string;
  readonly run: string;
}

/** The identity that the lab's daemons connect with, unless a check writes another sys.conf. */
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

  /** Writes files of the configuration folder; the daemon reads them again when it is told to (SIGHUP). */
  configure(files: Readonly<Record<string, string>>): void {
    writeConfiguration(this.folders, files);
  }
}

function writeConfiguration(folders: DaemonFolders, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folders.configuration, name), text);
}

/** Debian packages without root: apt runs with its own state, in which nothing is installed, and installs nothing. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { LabFailure } from "./failure.js";

/** Texts of files for /etc/apt/sources.list.d, by file name. */
type Sources = ReadonlyMap<string, string>;

const DEBIAN_SOURCES = `Types: deb
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`;

const NAMES_BOOKWORM = /(?:^|\s)bookworm(?:-security|-updates)?(?=\s|$)/;

/** Debian's main section. Other publishers use other section names. */
const NAMES_MAIN = /(?:^|\s)main(?=\s|$)/;

/** One package index and its downloads, in a separate folder. */
export class Apt {
  readonly #folder: string;

  /** Fetches the package index of these sources (file texts by name) into `folder`. */
  private constructor(folder: string, sources: Sources) {
    this.#folder = folder;
    if (process.arch !== "x64") throw new LabFailure(`the lab boots amd64 guests; this machine is ${process.arch}`);
    for (const part of ["state/lists/partial", "cache/archives/partial", "sources"]) {
      mkdirSync(join(folder, part), { recursive: true });
    }
    writeFileSync(join(folder, "status"), "");
    for (const [name, text] of sources) writeFileSync(join(folder, "sources", name), text);
    this.#run("apt-get", ["update", "-o", "APT::Update::Error-Mode=any"], "cannot fetch the package index");
  }

  /** Calls `use` with the machine's own sources, which may name a nearby mirror. If that fails, calls it with Debian's. */
  static with<Result>(folder: string, use: (apt: Apt) => Result): Result {
    const own = machineSources();
    if (own.size > 0) {
      try {
        return use(new Apt(join(folder, "machine"), own));
      } catch (error) {
        if (!(error instanceof LabFailure)) throw error;
        console.log(`The machine's own package sources do not work (${error.message}); trying Debian's.`);
      }
    }
    return use(new Apt(join(folder, "debian"), new Map([["debian.sources", DEBIAN_SOURCES]])));
  }

  /** The newest package whose name matches. Compares the numbers in the names. */
  newest(pattern: RegExp): string {
    const listed = this.#run("apt-cache", ["pkgnames", "linux-image-"], "cannot read the package index").split("\n");
    const names = listed.filter((name) => pattern.test(name)).sort(byNumbers);
    const newest = names.at(-1);
    if (newest === undefined) throw new LabFailure(`no Debian package name matches ${pattern.source}`);
    return newest;
  }

  /** Downloads the packages and their dependencies, and unpacks them into `root`. Returns the file names. */
  unpack(packages: readonly string[], root: string): readonly string[] {
    const options = ["install", "--yes", "--download-only", "--no-install-recommends"];
    this.#run("apt-get", [...options, ...packages], "cannot download the packages");
    return this.#extract(root);
  }

  /** The same for one package without its dependencies. */
  unpackAlone(name: string, root: string): readonly string[] {
    this.#run("apt-get", ["download", name], `cannot download the package ${name}`);
    return this.#extract(root);
  }

  #extract(root: string): readonly string[] {
    const archives = join(this.#folder, "cache/archives");
    const files = readdirSync(archives)
      .filter((name) => name.endsWith(".deb"))
      .sort();
    for (const file of files) {
      this.#run("dpkg-deb", ["--extract", join(archives, file), root], `cannot unpack the package ${basename(file)}`);
    }
    return files;
  }

  #run(command: string, args: readonly string[], trouble: string): string {
    const own = command === "dpkg-deb" ? args : [...this.#options(), ...args];
    const ran = spawnSync(command, own, {
      cwd: join(this.#folder, "cache/archives"),
      encoding: "utf8",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
      maxBuffer: 64 * 1024 * 1024,
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (ran.error !== undefined)
      throw new LabFailure(`${trouble}: ${command} does not start. The lab needs Debian's apt`);
    if (ran.status === 0) return ran.stdout;
    const said = ran.stderr.trim().split("\n").slice(-5).join("\n  ");
    throw new LabFailure(`${trouble}: ${command} ended with status ${String(ran.status)}:\n  ${said}`);
  }

  #options(): string[] {
    const settings = {
      "Dir::State": join(this.#folder, "state"),
      "Dir::State::status": join(this.#folder, "status"),
      "Dir::Cache": join(this.#folder, "cache"),
      "Dir::Etc::sourcelist": "/dev/null",
      "Dir::Etc::sourceparts": join(this.#folder, "sources"),
      // As root, apt would switch to the user _apt, which cannot enter a home folder.
      "APT::Sandbox::User": "root",
      "Acquire::Retries": "3",
      "Acquire::http::Timeout": "60",
    };
    return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  }
}

function machineSources(): Sources {
  const parts = "/etc/apt/sources.list.d";
  const files = ["/etc/apt/sources.list"];
  if (existsSync(parts)) files.push(...readdirSync(parts).map((name) => join(parts, name)));
  const sources = new Map<string, string>();
  for (const file of files) {
    if (!/\.(?:list|sources)$/.test(file) || !existsSync(file)) continue;
    const text = readFileSync(file, "utf8");
    if (NAMES_BOOKWORM.test(text) && NAMES_MAIN.test(text)) sources.set(basename(file), text);
  }
  return sources;
}

function byNumbers(one: string, other: string): number {
  const left = numbersOf(one);
  const right = numbersOf(other);
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(name: string): readonly number[] {
  return (name.match(/\d+/g) ?? []).map(Number);
}

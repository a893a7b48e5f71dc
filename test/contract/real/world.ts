/** A real host for the contract suite: one daemon's adapters on the guest's kernel, and the stage around them. */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { RealClock } from "../../../src/adapters/real/clock.js";
import { RealFabrics } from "../../../src/adapters/real/fabrics.js";
import { HandleTable } from "../../../src/adapters/real/handles.js";
import { loadLibc, type Libc } from "../../../src/adapters/real/libc.js";
import { RealLog } from "../../../src/adapters/real/log.js";
import { RealMdns } from "../../../src/adapters/real/mdns/port.js";
import { RealNetwork } from "../../../src/adapters/real/network/port.js";
import { RealStore } from "../../../src/adapters/real/store.js";
import { RealSysfs } from "../../../src/adapters/real/sysfs.js";
import { RealSystem } from "../../../src/adapters/real/system.js";
import { openUevents } from "../../../src/adapters/real/uevents.js";
import { FdWatcher } from "../../../src/adapters/real/watcher.js";
import { SecretVault } from "../../../src/adapters/shared/secrets.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { CoreEvent, Ports } from "../../../src/core/ports/index.js";
import { Bus } from "../../lab/guest/bus.js";
import { command, controllers } from "../../lab/guest/fabrics.js";
import { cable, dummy, NetworkNamespace, removeLink, setLink } from "../../lab/guest/network.js";
import type { Delivered, HostFiles, HostNetwork, LogLine } from "../host.js";
import { INTERFACES, PLACES } from "../stage.js";
import { ueventName } from "../kit.js";
import { Waiting } from "../waiting.js";
import { RealDiscovery } from "./discovery.js";
import { RealStorage } from "./storage.js";
import { openNameServer, openPeers, RealServiceManager } from "./surroundings.js";

/** How often waiters poll for changes that no event reports, in milliseconds. */
const LOOK_EVERY = 20;

/** The far end of the link to `far`, in the other network namespace. */
const FAR_END = "far0";

/** The target frees a controller's id some time after the host does, and does not show when. */
const TARGET_FORGETS_IN = Milliseconds(250);

const FOLDER = "/run/contract";
const PERMISSION_BITS = 0o777;

export class RealWorld {
  readonly libc: Libc;
  readonly ports: Omit<Ports, "bus">;
  readonly storage: RealStorage;
  readonly manager: RealServiceManager;
  readonly busDaemon: Bus;
  readonly discovery: RealDiscovery;
  readonly #namespace: NetworkNamespace;
  readonly #waiting = new Waiting();
  readonly #listeners = new Set<(delivered: Delivered) => void>();
  /** Controllers whose `add` was delivered and whose `remove` was not. */
  readonly #present = new Set<string>();
  #looking: NodeJS.Timeout | undefined;

  private constructor(libc: Libc, namespace: NetworkNamespace, busDaemon: Bus, discovery: RealDiscovery) {
    this.libc = libc;
    this.discovery = discovery;
    this.#namespace = namespace;
    this.busDaemon = busDaemon;
    this.storage = new RealStorage(namespace);
    this.manager = new RealServiceManager(libc);
    const log = new RealLog({ style: "journal", threshold: "debug" });
    const watcher = new FdWatcher(libc);
    const { deliver } = this;
    openUevents({ libc, watcher, deliver, log });
    const vault = new SecretVault();
    const handles = new HandleTable();
    this.ports = {
      clock: new RealClock(deliver),
      sysfs: new RealSysfs({ handles, deliver }),
      fabrics: new RealFabrics({ handles, deliver, vault, libc }),
      network: new RealNetwork({ libc, watcher, deliver, log }),
      store: new RealStore(deliver, vault, { config: "/etc/stas", run: "/run" }),
      system: new RealSystem({
        libc,
        log,
        deliver,
        environment: this.manager.environment,
        exit: (status) => {
          throw new Error(`the process exited with status ${String(status)}`);
        },
      }),
      log,
      mdns: new RealMdns({ libc, deliver, log }),
      dnssd: discovery.dnssd(deliver, log),
    };
  }

  static async open(): Promise<RealWorld> {
    mkdirSync(FOLDER, { recursive: true });
    const namespace = new NetworkNamespace();
    const [own, link] = INTERFACES;
    dummy(own.name, `${own.address}/${String(own.prefix)}`);
    const farEnd = { name: FAR_END, address: `${PLACES.far.traddr}/${String(link.prefix)}` };
    cable({ name: link.name, address: `${link.address}/${String(link.prefix)}` }, farEnd, namespace);
    await openPeers();
    await openNameServer();
    const loaded = loadLibc();
    if (!loaded.ok) throw new Error(loaded.because);
    const discovery = await RealDiscovery.open(`${FOLDER}/discovery`);
    return new RealWorld(loaded.libc, namespace, await Bus.start(`${FOLDER}/dbus`), discovery);
  }

  readonly deliver = (event: CoreEvent): void => {
    const delivered = { at: this.now(), event };
    this.#follow(event);
    for (const listener of this.#listeners) listener(delivered);
    this.#waiting.tell(this.now());
  };

  /** Calls `listener` for every event until the returned function is called. */
  listen(listener: (delivered: Delivered) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  now(): Milliseconds {
    return Milliseconds(Math.floor(performance.now()));
  }

  async until<T>(what: string, find: () => T | undefined, limit: Milliseconds): Promise<T> {
    const found = this.#waiting.add(what, find, this.now() + limit);
    this.#look();
    return await found;
  }

  /** Every line of the log so far. */
  logLines(): readonly LogLine[] {
    return readFileSync("/proc/self/fd/2", "utf8").split("\n").slice(0, -1).map(parseLine);
  }

  readonly network: HostNetwork = {
    wire: (state) => {
      setLink(FAR_END, state === "up" ? "up" : "down", this.#namespace);
    },
    addInterface: (name, address) => {
      dummy(name, address);
    },
    removeInterface: (name) => {
      removeLink(name);
    },
  };

  readonly files: HostFiles = {
    put: (path, content) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    },
    look: (path) => {
      if (!exists(path)) return undefined;
      return { text: readFileSync(path, "utf8"), mode: statSync(path).mode & PERMISSION_BITS };
    },
    names: (directory) => readdirSync(directory).sort(),
  };

  reset(device: string): void {
    // The answer does not matter: the events that follow show the result.
    void command(device, "reset_controller");
  }

  /** Deletes every controller and restores the storage. */
  async clear(): Promise<void> {
    this.network.wire("up");
    this.storage.restore();
    await Promise.all(controllers().map(({ name }) => command(name, "delete_controller")));
    const isClear = (): boolean => controllers().length === 0 && this.#present.size === 0;
    await this.until("every controller to go", () => (isClear() ? true : undefined), Milliseconds(90_000));
    await pause(TARGET_FORGETS_IN);
  }

  /** Follows controllers' uevents, so that `clear` can wait: no uevent of one behaviour may reach the next. */
  #follow(event: CoreEvent): void {
    const name = event.kind === "uevent" ? ueventName(event.message) : undefined;
    const [action = "", device = ""] = name?.split(" ") ?? [];
    if (action === "add") this.#present.add(device);
    if (action === "remove") this.#present.delete(device);
  }

  async close(): Promise<void> {
    await this.clear();
    this.storage.close();
    await this.busDaemon.kill();
    await this.discovery.close();
    this.#namespace.close();
    for (const { name } of INTERFACES) removeLink(name);
    rmSync(FOLDER, { recursive: true, force: true });
  }

  #look(): void {
    if (this.#looking !== undefined || !this.#waiting.someone) return;
    this.#looking = setTimeout(() => {
      this.#looking = undefined;
      this.#waiting.tell(this.now());
      this.#look();
    }, LOOK_EVERY);
  }
}

function exists(path: string): boolean {
  try {
    closeSync(openSync(path, "r"));
    return true;
  } catch {
    return false;
  }
}

const LEVELS: readonly LogLine["level"][] = ["error", "warning", "notice", "info", "debug"];
const PRIORITY_OF_ERROR = 3;

/** Parses a log line. A line without a known priority counts as an error with that text. */
function parseLine(line: string): LogLine {
  const match = /^<(\d)>(.*)$/.exec(line);
  const level = LEVELS[Number(match?.[1] ?? PRIORITY_OF_ERROR) - PRIORITY_OF_ERROR];
  return { level: level ?? "error", text: match?.[2] ?? line };
}

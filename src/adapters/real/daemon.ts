/** The daemon: one core behind the real ports. */
import { Core } from "../../core/core.js";
import type { Ports } from "../../core/ports/index.js";
import type { CoreLogPort, LogLevel } from "../../core/ports/log.js";
import type { ServiceName } from "../../core/ports/bus.js";
import type { CoreServices } from "../../core/state/state.js";
import { SecretVault } from "../shared/secrets.js";
import { RealDnssd } from "./avahi/port.js";
import { AVAHI } from "./avahi/wire.js";
import { RealBus } from "./bus/port.js";
import { RealClock } from "./clock.js";
import type { Deliver } from "./deliver.js";
import { RealFabrics } from "./fabrics.js";
import { HandleTable } from "./handles.js";
import { loadLibc, type Libc } from "./libc.js";
import { detectStyle, RealLog } from "./log.js";
import { EventLoop } from "./loop.js";
import { RealMdns } from "./mdns/port.js";
import { RealNetwork } from "./network/port.js";
import { RealStore, type StoreRoots } from "./store.js";
import { RealSysfs } from "./sysfs.js";
import { RealSystem } from "./system.js";
import { openUevents } from "./uevents.js";
import { FdWatcher } from "./watcher.js";
import { rivalText, type Rival } from "./rivals.js";
import { RunLocks } from "./run-lock.js";

export interface DaemonOptions {
  readonly services: CoreServices;
  readonly roots: StoreRoots;
  /** D-Bus address; `undefined`: the system bus. */
  readonly bus: string | undefined;
  /** The least important level that is logged. */
  readonly threshold: LogLevel;
}

/** Exit statuses other than 0, from sysexits.h where it has one. */
export const EXIT = { failed: 1, usage: 64, internalError: 70, running: 75 } as const;

export function servicesOf(services: CoreServices): readonly ServiceName[] {
  return services === "both" ? ["staf", "stac"] : [services];
}

/** How long a start waits for another daemon that is ending: a killed one is gone within a few milliseconds. */
const RIVAL_PATIENCE_MS = 3_000;

/**
 * Opens the ports, then starts the core. The core ends the process. Beside another daemon of the same service it touches nothing:
 * it says so and sets the exit status.
 */
export async function startDaemon(options: DaemonOptions): Promise<void> {
  const style = detectStyle(process.env["JOURNAL_STREAM"], process.stderr.isTTY);
  const log = new RealLog({ style, threshold: options.threshold });
  const loaded = loadLibc();
  const libc = loaded.ok ? loaded.libc : undefined;
  let status: number | undefined;
  let leave = (): void => undefined;
  const end = (given: number): void => {
    loop.stop();
    leave();
    afterTurns(TURNS_TO_LEAVE, () => {
      endProcess(libc, status ?? given);
    });
  };
  const loop = new EventLoop({
    crashed: (error) => {
      status = EXIT.internalError;
      log.write({ level: "error", text: `a bug of stas: please report it with this trace: ${traceOf(error)}` });
    },
    gaveUp: () => {
      end(EXIT.internalError);
    },
  });
  process.on("uncaughtException", (error) => {
    loop.fail(error);
  });
  if (libc === undefined) log.write({ level: "error", text: WITHOUT_NATIVE_CALLS });
  const claimed = await claimServices(options, { libc, log, deliver: loop.deliver });
  if (!claimed.ok) {
    for (const rival of claimed.rivals)
      log.write({ level: "error", text: `this daemon does not start: ${rivalText(rival)}` });
    process.exitCode = EXIT.running;
    return;
  }
  const { bus, locks } = claimed;
  const opened = openPorts(options, { libc, log, deliver: loop.deliver, end, bus });
  leave = () => {
    opened.leave();
    locks.release();
  };
  loop.start(new Core(opened.ports, options.services));
}

type Claimed =
  | { readonly ok: true; readonly bus: RealBus; readonly locks: RunLocks }
  | { readonly ok: false; readonly rivals: readonly Rival[] };

/** Makes this process the only one that serves its services: first by the locks, which need no bus, then by the names. */
async function claimServices(
  options: DaemonOptions,
  { libc, log, deliver }: Omit<PortParts, "end" | "bus">,
): Promise<Claimed> {
  const services = servicesOf(options.services);
  const locks = new RunLocks({ libc, runDir: options.roots.run, services }, log);
  const holder = await locks.take(RIVAL_PATIENCE_MS);
  if (holder !== undefined) return { ok: false, rivals: [holder] };
  const bus = new RealBus({ deliver, log, services, address: options.bus });
  const rivals = await bus.claim(RIVAL_PATIENCE_MS);
  if (rivals.length === 0) return { ok: true, bus, locks };
  bus.close();
  locks.release();
  return { ok: false, rivals };
}

/** Turns of the event loop that a closing socket needs to shut down. */
const TURNS_TO_LEAVE = 2;

function afterTurns(turns: number, then: () => void): void {
  setImmediate(() => {
    if (turns > 1) afterTurns(turns - 1, then);
    else then();
  });
}

const WITHOUT_NATIVE_CALLS =
  "koffi does not load on this machine: log pages cannot be read, kernel events come through udevadm, and silent peers are not probed. Install the koffi package for this architecture with: npm ci";

interface PortParts {
  readonly libc: Libc | undefined;
  readonly log: CoreLogPort;
  readonly deliver: Deliver;
  readonly end: (status: number) => void;
  readonly bus: RealBus;
}

interface OpenedPorts {
  readonly ports: Ports;
  /**
   * Releases everything that other processes see of this one. The end of the process does that only when the kernel releases its
   * last thread, and a child outlives the process. The next daemon must find the bus names free and no second `udevadm monitor`.
   */
  readonly leave: () => void;
}

/** Opens the socket of kernel events first, so that it holds what happens during the scan of sysfs. */
function openPorts(options: DaemonOptions, { libc, log, deliver, end, bus }: PortParts): OpenedPorts {
  const watcher = libc === undefined ? undefined : new FdWatcher(libc);
  const uevents = openUevents({ libc, watcher, deliver, log });
  const vault = new SecretVault();
  const handles = new HandleTable();
  const system = new RealSystem({ libc, log, deliver, environment: process.env, exit: end });
  system.listen();
  const mdns = new RealMdns({ libc, deliver, log });
  const ports = {
    clock: new RealClock(deliver),
    sysfs: new RealSysfs({ handles, deliver }),
    fabrics: new RealFabrics({ handles, deliver, vault, libc }),
    network: new RealNetwork({ libc, watcher, deliver, log }),
    store: new RealStore(deliver, vault, options.roots),
    bus,
    system,
    log,
    mdns,
    dnssd: new RealDnssd({ avahi: bus.foreign(AVAHI), deliver, log }),
  };
  const leave = (): void => {
    // The core has done this already, unless it crashed.
    if (options.services !== "stac") system.removeUdevOverride();
    uevents.close();
    mdns.close();
    bus.close();
  };
  return { ports, leave };
}

/** Ends the process at once: `process.exit` waits for pool threads, and one may be blocked in the kernel for a minute. */
function endProcess(libc: Libc | undefined, status: number): void {
  if (libc === undefined) process.exit(status);
  libc.exitNow(status);
}

/** The stack of our own bug. */
function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : "a value that is not an Error was thrown";
}

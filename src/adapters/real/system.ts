import { spawn } from "node:child_process";
import { unlinkSync } from "node:fs";
import { errnoName, ERRNO } from "../../core/domain/errno.js";
import type { LogPort } from "../../core/ports/log.js";
import type { SystemPort, SystemState } from "../../core/ports/system.js";
import { UDEV_OVERRIDE_PATH, UDEV_OVERRIDE_TEXT } from "../shared/udev-override.js";
import type { Deliver } from "./deliver.js";
import { replaceFileNow } from "./files.js";
import { helperEnvironment } from "./helper-environment.js";
import { Lane } from "./lane.js";
import type { Libc } from "./libc.js";
import { attempt } from "./os-error.js";
import { notifyAddress, sdNotify, watchdogInterval, type WatchdogEnvironment } from "./sd-notify.js";

/** A helper command that takes longer is killed. */
const COMMAND_LIMIT_MS = 10_000;

interface SystemEnvironment extends WatchdogEnvironment {
  readonly NOTIFY_SOCKET?: string | undefined;
}

interface SystemParts {
  readonly libc: Libc | undefined;
  readonly log: LogPort;
  readonly deliver: Deliver;
  readonly environment: SystemEnvironment;
  /** Ends the process: it does not return to the core. */
  readonly exit: (status: number) => void;
}

/** The service manager, and the signals by which it and the operator ask for things. */
export class RealSystem implements SystemPort {
  readonly #parts: SystemParts;
  readonly #notifyAddress: Buffer | undefined;
  /** Commands in the order in which they were asked for. */
  readonly #jobs = new Lane(1);
  #watchdog: NodeJS.Timeout | undefined;

  constructor(parts: SystemParts) {
    this.#parts = parts;
    this.#notifyAddress = notifyAddress(parts.environment.NOTIFY_SOCKET);
  }

  /** SIGTERM and SIGINT stop, SIGHUP reloads. */
  listen(): void {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => {
        this.#parts.deliver({ kind: "control", action: "stop" });
      });
    }
    process.on("SIGHUP", () => {
      this.#parts.deliver({ kind: "control", action: "reload" });
    });
  }

  notify(state: SystemState): void {
    switch (state) {
      case "ready":
        this.#send("READY=1");
        this.#feedWatchdog();
        return;
      case "reloading":
        this.#send(`RELOADING=1\nMONOTONIC_USEC=${String(process.hrtime.bigint() / 1000n)}`);
        return;
      case "stopping":
        this.#send("STOPPING=1");
        return;
    }
  }

  restartUnit(unit: string): void {
    this.#command("systemctl", ["--quiet", "--no-block", "restart", unit]);
  }

  writeUdevOverride(): void {
    const written = replaceFileNow({ path: UDEV_OVERRIDE_PATH, text: UDEV_OVERRIDE_TEXT, mode: 0o644 });
    if (!written.ok) this.#complain(`${UDEV_OVERRIDE_PATH} cannot be written (${errnoName(written.errno)})`);
    this.#reloadRules();
  }

  removeUdevOverride(): void {
    const removed = attempt(() => {
      unlinkSync(UDEV_OVERRIDE_PATH);
    });
    if (!removed.ok && removed.errno === ERRNO.ENOENT) return;
    if (!removed.ok) this.#complain(`${UDEV_OVERRIDE_PATH} cannot be removed (${errnoName(removed.errno)})`);
    this.#reloadRules();
  }

  exit(status: number): void {
    this.#parts.exit(status);
  }

  /** At once, where it would else see within 3 s by itself that the folder has changed. */
  #reloadRules(): void {
    this.#command("udevadm", ["control", "--reload"]);
  }

  #send(state: string): void {
    const { libc } = this.#parts;
    if (libc !== undefined && this.#notifyAddress !== undefined) sdNotify(libc, this.#notifyAddress, state);
  }

  /** From this loop and no other thread: a daemon that handles no events must not look alive. */
  #feedWatchdog(): void {
    const interval = watchdogInterval(this.#parts.environment, process.pid);
    if (interval === undefined || this.#watchdog !== undefined) return;
    this.#watchdog = setInterval(() => {
      this.#send("WATCHDOG=1");
    }, interval);
  }

  #command(name: string, args: readonly string[]): void {
    this.#jobs.run(
      () =>
        new Promise((resolve) => {
          const child = spawn(name, args, { stdio: "ignore", timeout: COMMAND_LIMIT_MS, env: helperEnvironment() });
          const end = (problem: string | undefined): void => {
            if (problem !== undefined) this.#complain(`${name} ${args.join(" ")}: ${problem}`);
            resolve();
          };
          child.once("error", () => {
            end("it cannot be run");
          });
          child.once("exit", (status) => {
            end(status === 0 ? undefined : status === null ? "it took too long" : `status ${String(status)}`);
          });
        }),
    );
  }

  #complain(text: string): void {
    this.#parts.log.write({ level: "warning", text });
  }
}

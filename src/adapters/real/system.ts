import { spawn } from "node:child_process";
import { errnoName } from "../../core/domain/errno.js";
import type { LogPort } from "../../core/ports/log.js";
import type { SystemPort, SystemState } from "../../core/ports/system.js";
import { UDEV_OVERRIDE_PATH } from "../shared/udev-override.js";
import type { Deliver } from "./deliver.js";
import { helperEnvironment } from "./helper-environment.js";
import { Lane } from "./lane.js";
import type { Libc } from "./libc.js";
import { errnoOf } from "../shared/os-error.js";
import { notifyAddress, sdNotify, watchdogInterval, type WatchdogEnvironment } from "./sd-notify.js";
import { UdevOverride } from "./udev-override.js";

/** Kills a helper command that takes longer. */
const COMMAND_LIMIT_MS = 10_000;

interface SystemEnvironment extends WatchdogEnvironment {
  readonly NOTIFY_SOCKET?: string | undefined;
}

interface SystemParts {
  readonly libc: Libc | undefined;
  readonly log: LogPort;
  readonly deliver: Deliver;
  readonly environment: SystemEnvironment;
  /** Ends the process. The core runs no more events after it. */
  readonly exit: (status: number) => void;
}

/** The system port: the service manager, helper commands, and the signals of the manager and the operator. */
export class RealSystem implements SystemPort {
  readonly #parts: SystemParts;
  readonly #notifyAddress: Buffer | undefined;
  readonly #override: UdevOverride;
  /** Runs commands one at a time, in order. */
  readonly #jobs = new Lane(1);
  #watchdog: NodeJS.Timeout | undefined;

  constructor(parts: SystemParts) {
    this.#parts = parts;
    this.#notifyAddress = notifyAddress(parts.environment.NOTIFY_SOCKET);
    this.#override = new UdevOverride(parts.libc, UDEV_OVERRIDE_PATH);
  }

  /** SIGTERM and SIGINT stop the core, SIGHUP reloads the configuration. */
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
    const written = this.#override.write();
    if (written.ok) this.#reloadRules();
    else if (written.because === "errno")
      this.#complain(
        `${UDEV_OVERRIDE_PATH} cannot be written (${errnoName(written.errno)}), so nvme-cli's udev rule may connect the same controllers: let the service write to /run/udev/rules.d`,
      );
    else if (written.because === "foreign")
      this.#complain(
        `${UDEV_OVERRIDE_PATH} is not from stas and stays as it is. It takes the place of nvme-cli's udev rule: if nvme-stas left it behind, remove it and restart this service`,
      );
    else
      this.#complain(
        `${UDEV_OVERRIDE_PATH} belongs to another stas-daemon that runs, and stays as it is: stop one of the two`,
      );
  }

  removeUdevOverride(): void {
    const done = this.#override.remove();
    if (done.ok && done.removed) this.#reloadRules();
    if (!done.ok && done.because === "errno")
      this.#complain(
        `${UDEV_OVERRIDE_PATH} cannot be removed (${errnoName(done.errno)}), so nvme-cli's udev rule stays masked: remove the file by hand`,
      );
  }

  exit(status: number): void {
    this.#parts.exit(status);
  }

  /** Makes udev reload at once. By itself it notices a changed folder within 3 s. */
  #reloadRules(): void {
    this.#command("udevadm", ["control", "--reload"]);
  }

  #send(state: string): void {
    const { libc } = this.#parts;
    if (libc !== undefined && this.#notifyAddress !== undefined) sdNotify(libc, this.#notifyAddress, state);
  }

  /** Feeds from this event loop, not from another thread: a daemon that handles no events must not look alive. */
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
            if (problem !== undefined) this.#complain(`${name} ${args.join(" ")} failed: ${problem}`);
            resolve();
          };
          child.once("error", (error) => {
            end(`it cannot be started (${errnoName(errnoOf(error))}): check that it is installed`);
          });
          child.once("exit", (status, signal) => {
            if (status === 0) end(undefined);
            else if (status !== null) end(`exit status ${String(status)}`);
            else end(`it was ended by ${String(signal)} (limit: ${String(COMMAND_LIMIT_MS / 1_000)} s)`);
          });
        }),
    );
  }

  #complain(text: string): void {
    this.#parts.log.write({ level: "warning", text });
  }
}

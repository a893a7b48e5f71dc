/** The states reported to the service manager (sd_notify). */
export type SystemState = "ready" | "reloading" | "stopping";

export interface SystemPort {
  notify(state: SystemState): void;
  /** `systemctl --quiet --no-block restart UNIT`. */
  restartUnit(unit: string): void;
  /**
   * Overrides nvme-cli's udev rule while staf runs. On return the file exists, or the failure has been logged. A file that stas did
   * not write stays as it is, and so does that of another daemon that runs.
   */
  writeUdevOverride(): void;
  /** Removes the override before it returns, if it is ours or a killed daemon left it behind. */
  removeUdevOverride(): void;
  /** Ends the process once all pending work is finished. 0 is a clean stop. */
  exit(status: number): void;
}

/** A request from the operator or the service manager. `start` comes first, once. */
export interface ControlEvent {
  readonly kind: "control";
  readonly action: "start" | "reload" | "stop";
}

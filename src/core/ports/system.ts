/** What the service manager is told (sd_notify). */
export type SystemState = "ready" | "reloading" | "stopping";

export interface SystemPort {
  notify(state: SystemState): void;
  /** `systemctl --quiet --no-block restart UNIT`. */
  restartUnit(unit: string): void;
  /** Overrides nvme-cli's udev rule while staf runs. The file is there (or complained about) when this returns. */
  writeUdevOverride(): void;
  /** Takes the override away, if it is there, before this returns. */
  removeUdevOverride(): void;
  /** Ends the process, once everything that was to be finished is. 0 is a clean stop. */
  exit(status: number): void;
}

/** What the operator or the service manager asks for. `start` comes first, once. */
export interface ControlEvent {
  readonly kind: "control";
  readonly action: "start" | "reload" | "stop";
}

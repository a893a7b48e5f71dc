import { Milliseconds } from "../../core/domain/units.js";
import type { SystemPort, SystemState } from "../../core/ports/system.js";
import { isOverrideOfStas, UDEV_OVERRIDE_PATH, UDEV_OVERRIDE_TEXT } from "../shared/udev-override.js";
import type { SimClock } from "./clock.js";
import type { WorldObservation } from "./observation.js";
import type { SimProcess } from "./process.js";
import type { SimDisk } from "./store.js";

/** How long a unit's job takes unless the timeline says otherwise. Nominal, not measured. */
const JOB_TAKES = Milliseconds(50);

/** Hears what a process reports of itself. */
export interface ProcessManager {
  notified(process: SimProcess, phase: "ready" | "reloading"): void;
  exited(process: SimProcess, status: number): void;
}

/** Sets how long the jobs of a unit take from now on. */
export interface UnitAction {
  readonly kind: "unit";
  readonly name: string;
  readonly takes: Milliseconds;
}

/** Whose each of these actions is: see `TARGETS`. */
export const UNIT_ACTIONS: Readonly<Record<UnitAction["kind"], "units">> = { unit: "units" };

interface Unit {
  takes: Milliseconds;
  running: boolean;
  /** A restart waits for the running job. More restarts merge into it. */
  queued: boolean;
}

/**
 * Jobs of systemd units, which take time. A start is lost while a job of the unit runs (nvme-stas 2.3). A restart waits
 * and runs afterwards.
 */
export class UnitJobs {
  readonly #clock: SimClock;
  readonly #observe: (observation: WorldObservation) => void;
  readonly #units = new Map<string, Unit>();
  readonly #begun: (unit: string) => void;

  /** `begun`: does the unit's work when its job begins. */
  constructor(
    clock: SimClock,
    observe: (observation: WorldObservation) => void,
    begun: (unit: string) => void = () => undefined,
  ) {
    this.#clock = clock;
    this.#observe = observe;
    this.#begun = begun;
  }

  apply({ name, takes }: UnitAction): undefined {
    this.#unit(name).takes = takes;
  }

  /** `systemctl --no-block start` */
  start(name: string): void {
    const unit = this.#unit(name);
    if (unit.running) this.#observe({ kind: "unit-job", unit: name, job: "start", fate: "lost" });
    else this.#run(name, unit, "start");
  }

  /** `systemctl --no-block restart` */
  restart(name: string): void {
    const unit = this.#unit(name);
    if (!unit.running) {
      this.#run(name, unit, "restart");
      return;
    }
    unit.queued = true;
    this.#observe({ kind: "unit-job", unit: name, job: "restart", fate: "queued" });
  }

  #unit(name: string): Unit {
    const known = this.#units.get(name);
    if (known !== undefined) return known;
    const unit: Unit = { takes: JOB_TAKES, running: false, queued: false };
    this.#units.set(name, unit);
    return unit;
  }

  #run(name: string, unit: Unit, job: "start" | "restart"): void {
    unit.running = true;
    this.#observe({ kind: "unit-job", unit: name, job, fate: "run" });
    this.#begun(name);
    this.#clock.after(unit.takes, () => {
      unit.running = false;
      if (!unit.queued) return;
      unit.queued = false;
      this.#run(name, unit, "restart");
    });
  }
}

/** The service manager as one process sees it. `manager.exited` must end the process. */
export class SimSystem implements SystemPort {
  readonly #process: SimProcess;
  readonly #units: UnitJobs;
  readonly #disk: SimDisk;
  readonly #manager: ProcessManager;

  constructor(process: SimProcess, units: UnitJobs, disk: SimDisk, manager: ProcessManager) {
    this.#process = process;
    this.#units = units;
    this.#disk = disk;
    this.#manager = manager;
  }

  /** Does not report `stopping`: the step that asked for the stop has done so. */
  notify(state: SystemState): void {
    if (this.#process.alive && state !== "stopping") this.#manager.notified(this.#process, state);
  }

  restartUnit(unit: string): void {
    if (this.#process.alive) this.#units.restart(unit);
  }

  writeUdevOverride(): void {
    if (this.#process.alive && this.#mayReplaceOverride())
      this.#disk.replace(this.#process.name, UDEV_OVERRIDE_PATH, UDEV_OVERRIDE_TEXT);
  }

  removeUdevOverride(): void {
    if (this.#process.alive && this.#mayReplaceOverride()) this.#disk.remove(UDEV_OVERRIDE_PATH);
  }

  /** A file that stas did not write stays, as on Linux. */
  #mayReplaceOverride(): boolean {
    const found = this.#disk.read(UDEV_OVERRIDE_PATH);
    return !found.ok || isOverrideOfStas(found.value);
  }

  exit(status: number): void {
    if (this.#process.alive) this.#manager.exited(this.#process, status);
  }
}

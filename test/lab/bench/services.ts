/** The measured daemon: one process with both services, or one process each, on a bus. */
import { Milliseconds, Seconds } from "../../../src/core/domain/units.js";
import { RECONCILE_SOAK } from "../../../src/core/domain/limits.js";
import { listed, type BusClient, type Peer } from "../checks/steps/bus-client.js";
import { homeFiles } from "../checks/steps/configuration.js";
import { STOP_LIMIT } from "../checks/steps/timing.js";
import type { Bus } from "../guest/bus.js";
import type { Daemon } from "../guest/daemon.js";
import type { Lab } from "../guest/lab.js";
import type { Figures } from "./figures.js";
import { pause, until } from "./wait.js";

const KNOWN_LIMIT = Seconds(60);
const EVERY = Milliseconds(10);

/** A reconcile follows one soak after a controller becomes live. */
const SETTLED_AFTER = Milliseconds(RECONCILE_SOAK + 500);

/** The log line for each connection that existed before the daemon. */
const IN_USE = /: uses the existing connection nvme\d+ \(live\)$/;

export interface ServicesParts {
  readonly lab: Lab;
  readonly processes: Figures["processes"];
  readonly bus: Bus;
  readonly client: BusClient;
}

export class Services {
  readonly #parts: ServicesParts;
  /** The process of stac is last. */
  #running: readonly Daemon[];

  private constructor(parts: ServicesParts, running: readonly Daemon[]) {
    this.#parts = parts;
    this.#running = running;
  }

  /** Spawns the processes, each with its own empty folders. */
  static start(parts: ServicesParts): Services {
    const { lab, processes, bus } = parts;
    const roles = processes === 1 ? (["both"] as const) : (["staf", "stac"] as const);
    const options = { bus: bus.address, files: homeFiles() };
    return new Services(
      parts,
      roles.map((service) => lab.daemon({ service, ...options })),
    );
  }

  get running(): readonly Daemon[] {
    return this.#running;
  }

  get stac(): Daemon {
    const last = this.#running.at(-1);
    if (last === undefined) throw new Error("no daemon was started");
    return last;
  }

  /** Resolves at the first line of the log: the configuration is read, and the discovery controller is wanted. */
  async untilUp(): Promise<void> {
    const [first] = this.#running;
    await until({
      what: "the first line of the log",
      limit: KNOWN_LIMIT,
      every: EVERY,
      look: () => first?.lines[0],
      seen: () => "none",
    });
  }

  async stop(): Promise<void> {
    for (const daemon of this.#running) await daemon.end("SIGTERM", STOP_LIMIT);
  }

  /** Ends stac's process with this signal, and spawns it again with the same records. */
  async restart(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const { stac } = this;
    await stac.end(signal, STOP_LIMIT);
    const { lab, processes, bus } = this.#parts;
    const service = processes === 1 ? "both" : "stac";
    const next = lab.daemon({ service, bus: bus.address, folders: stac.folders });
    this.#running = [...this.#running.slice(0, -1), next];
  }

  /** Resolves once stac uses all the connections that existed before it, and lists each volume with its device. */
  async untilKnown(volumes: number): Promise<void> {
    const { lines } = this.stac;
    const wanted = volumes + (this.#parts.processes === 1 ? 1 : 0);
    let read = 0;
    let used = 0;
    await until({
      what: `${wanted} connections to be adopted again`,
      limit: KNOWN_LIMIT,
      every: EVERY,
      look() {
        for (; read < lines.length; read += 1) used += IN_USE.test(lines[read] ?? "") ? 1 : 0;
        return used >= wanted || undefined;
      },
      seen: () => `${used}`,
    });
    const stac = await this.ask();
    const devices = listed(await stac.ask("list_controllers", [false])).filter((line) => / nvme\d+$/.test(line));
    this.#parts.lab.expect.equal("controllers that stac lists with a device", devices.length, volumes);
  }

  /** Looks stac up on the bus. */
  ask(): Promise<Peer> {
    const { client } = this.#parts;
    let reason = "";
    return until({
      what: "stac's name on the bus",
      limit: KNOWN_LIMIT,
      every: EVERY,
      look: () =>
        client.peer("stac").catch((error: unknown) => {
          reason = String(error);
          return undefined;
        }),
      seen: () => reason,
    });
  }

  /** Waits until the follow-up of a change is over, so that the next change does not find a running soak. */
  settle(): Promise<void> {
    return pause(SETTLED_AFTER);
  }
}

/** The tools of a check: the target, assertions, and helpers whose effects are undone when the check ends. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { Seconds } from "../../../src/core/domain/units.js";
import { KERNELS, type KernelName } from "../check.js";
import { Bus } from "./bus.js";
import { note, payload } from "./channel.js";
import { Daemon, type DaemonOptions } from "./daemon.js";
import { Expect } from "./expect.js";
import { command, controllers } from "./fabrics.js";
import { NetworkNamespace, removeLink } from "./network.js";
import { Service } from "./service.js";
import { Target } from "./target.js";
import { waitFor } from "./wait.js";

/** A live controller with a dead link takes the kernel 63 s to delete. */
const DELETE_LIMIT = Seconds(75);

/** Deletes that take longer finish only once the target is gone. */
const PROMPT_DELETE_MS = 3000;

const INTERFACES = "/sys/class/net";

function kernelRunning(): KernelName {
  const [version = ""] = /^\d+\.\d+/.exec(release()) ?? [];
  const name = release().includes("-cloud-") ? version : `${version}-generic`;
  const running = KERNELS.find((one) => one === name);
  if (running === undefined) throw new Error(`the lab does not support kernel ${release()}`);
  return running;
}

export class Lab {
  readonly target = new Target();
  readonly expect = new Expect();
  /** The settings given to the host with `--set NAME=VALUE`. */
  readonly settings: Readonly<Record<string, string>>;
  /** The running kernel: behaviour may differ between kernels. */
  readonly kernel: KernelName;
  readonly #services: Service[] = [];
  readonly #cleanups: (() => Promise<void> | void)[] = [];
  readonly #folder: string;
  readonly #interfaces: ReadonlySet<string>;

  constructor(settings: Readonly<Record<string, string>>) {
    this.settings = settings;
    this.kernel = kernelRunning();
    mkdirSync("/tmp/lab", { recursive: true });
    this.#folder = mkdtempSync("/tmp/lab/");
    this.#interfaces = new Set(readdirSync(INTERFACES));
  }

  /** Makes a new empty folder. */
  folder(): string {
    return mkdtempSync(join(this.#folder, "f"));
  }

  /** Starts the daemon. The end of the check kills it and deletes its controllers. */
  daemon(options: DaemonOptions = {}): Daemon {
    return this.#keep(new Daemon(this.folder(), options));
  }

  /** Starts any program beside the check. */
  service(what: string, program: string, args: readonly string[]): Service {
    return this.#keep(new Service(what, program, args));
  }

  async bus(): Promise<Bus> {
    const bus = await Bus.start(this.folder());
    this.after(() => bus.kill());
    return bus;
  }

  /** Starts systemd's udev daemon with its default rules. Resolves once it listens. */
  async udev(): Promise<void> {
    this.service("udev", "/sbin/systemd-udevd", []);
    await waitFor("udev's control socket", Seconds(20), async () => {
      const ping = new Service("udevadm", "/bin/udevadm", ["control", "--ping", "--timeout=10"]);
      return (await waitFor("udevadm to end", Seconds(20), () => ping.ended)).status === 0;
    });
  }

  namespace(): NetworkNamespace {
    const namespace = new NetworkNamespace();
    this.after(() => namespace.close());
    return namespace;
  }

  /** Runs `cleanup` when the check is over, in reverse order of the calls. */
  after(cleanup: () => Promise<void> | void): void {
    this.#cleanups.push(cleanup);
  }

  /** Sends a line for a person at the host to read. */
  note(text: string): void {
    note(text);
  }

  /** Sends a value to the host (`--payloads FOLDER` writes it as NAME.json). */
  payload(name: string, value: unknown): void {
    payload(name, value);
  }

  /** The last lines of every service, for a failed check. */
  evidence(lines: number): readonly string[] {
    return this.#services.flatMap((service) => service.lines.slice(-lines).map((line) => `${service.what}: ${line}`));
  }

  /** Removes the check's controllers, target, services and interfaces. */
  async clean(): Promise<void> {
    for (const service of this.#services) await service.kill();
    // Delete while the target is alive: each delete then takes milliseconds.
    const deletes = Promise.all(controllers().map(({ name }) => command(name, "delete_controller")));
    await Promise.race([deletes, new Promise((resolve) => setTimeout(resolve, PROMPT_DELETE_MS))]);
    this.target.reset();
    for (const cleanup of this.#cleanups.reverse()) await cleanup();
    for (const name of readdirSync(INTERFACES)) if (!this.#interfaces.has(name)) removeLink(name);
    await waitFor("every controller to be deleted", DELETE_LIMIT, () => controllers().length === 0);
    await deletes;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #keep<Kind extends Service>(service: Kind): Kind {
    this.#services.push(service);
    return service;
  }
}

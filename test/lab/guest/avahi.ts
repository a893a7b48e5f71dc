/** An avahi-daemon in one of the guest's networks, with a separate bus, and the services that it announces. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Seconds } from "../../../src/core/domain/units.js";
import type { Bus } from "./bus.js";
import type { NetworkNamespace } from "./network.js";
import { Service } from "./service.js";

const START_LIMIT = Seconds(30);

/** Where avahi-daemon reads services and keeps its process id. Each daemon mounts its own folders here. */
const SERVICES = "/etc/avahi/services";
const RUN = "/run/avahi-daemon";
const SCRIPT = `mount --bind "$1" ${SERVICES} && mount -t tmpfs tmpfs ${RUN} && exec /usr/sbin/avahi-daemon -f "$2" --no-drop-root --no-chroot --no-rlimits`;

/** Provides a folder and a bus, and cleans up afterwards. */
export interface Surroundings {
  folder(): string;
  bus(): Promise<Bus>;
  after(cleanup: () => Promise<void>): void;
}

/** A service to announce. */
export interface Announced {
  readonly name: string;
  readonly type?: string;
  readonly port?: number;
  readonly txt?: readonly string[];
}

export class Avahi {
  readonly bus: Bus;
  readonly #around: Surroundings;
  readonly #folder: string;
  readonly #namespace: NetworkNamespace | undefined;
  #daemon: Service | undefined;

  private constructor(around: Surroundings, bus: Bus, namespace: NetworkNamespace | undefined) {
    this.#around = around;
    this.bus = bus;
    this.#folder = around.folder();
    this.#namespace = namespace;
  }

  /** Prepares a daemon without starting it. Default network: the guest's own. */
  static async prepare(around: Surroundings, hostName: string, namespace?: NetworkNamespace): Promise<Avahi> {
    const avahi = new Avahi(around, await around.bus(), namespace);
    for (const folder of [SERVICES, RUN, avahi.#services]) mkdirSync(folder, { recursive: true });
    writeFileSync(
      avahi.#configuration,
      `[server]\nhost-name=${hostName}\nuse-ipv4=yes\nuse-ipv6=yes\n[publish]\npublish-workstation=no\npublish-hinfo=no\n`,
    );
    return avahi;
  }

  static async start(around: Surroundings, hostName: string, namespace?: NetworkNamespace): Promise<Avahi> {
    const avahi = await Avahi.prepare(around, hostName, namespace);
    await avahi.start();
    return avahi;
  }

  async start(): Promise<void> {
    this.#daemon = this.#run("avahi-daemon", "unshare", [
      "-m",
      "sh",
      "-c",
      SCRIPT,
      "avahi",
      this.#services,
      this.#configuration,
    ]);
    await this.#daemon.says(/Server startup complete/, START_LIMIT);
  }

  /** Kills the daemon, so it sends no goodbye. */
  async kill(): Promise<void> {
    await this.#daemon?.kill();
  }

  /** Announces a service while the returned process lives. When that process is ended, Avahi sends a goodbye. */
  publish({ name, type = "_nvme-disc._tcp", port = 8009, txt = ["p=tcp"] }: Announced): Service {
    return this.#run(`the publisher of ${name}`, "/usr/bin/avahi-publish-service", [name, type, String(port), ...txt]);
  }

  /** Replaces the announced services, all at once. */
  announce(services: readonly Announced[]): void {
    for (const file of readdirSync(this.#services)) rmSync(join(this.#services, file));
    for (const service of services)
      writeFileSync(join(this.#services, `${service.name}.service`), serviceFile(service));
    this.#daemon?.signal("SIGHUP");
  }

  get #services(): string {
    return join(this.#folder, "services");
  }

  get #configuration(): string {
    return join(this.#folder, "avahi-daemon.conf");
  }

  #run(what: string, program: string, args: readonly string[]): Service {
    const within = this.#namespace === undefined ? [] : ["nsenter", "-t", String(this.#namespace.pid), "-n"];
    const [command = program, ...rest] = [...within, program, ...args];
    const service = new Service(what, command, rest, { DBUS_SYSTEM_BUS_ADDRESS: this.bus.address });
    this.#around.after(() => service.kill());
    return service;
  }
}

/** avahi.service(5). */
function serviceFile({ name, type = "_nvme-disc._tcp", port = 8009, txt = ["p=tcp"] }: Announced): string {
  const records = txt.map((one) => `<txt-record>${one}</txt-record>`).join("");
  return (
    '<?xml version="1.0" standalone="no"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">' +
    `<service-group><name>${name}</name><service><type>${type}</type><port>${port}</port>${records}</service></service-group>\n`
  );
}

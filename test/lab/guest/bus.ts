/** A D-Bus daemon for one check. Every call and every name is allowed. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { Seconds } from "../../../src/core/domain/units.js";
import { Service } from "./service.js";
import { waitFor } from "./wait.js";

const START_LIMIT = Seconds(20);

const CONFIGURATION = (
  socket: string,
): string => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="false"/>
    <allow send_type="signal"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
`;

export class Bus {
  readonly #folder: string;
  #service: Service;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#service = this.#spawn();
  }

  /** Starts a bus with its socket in `folder`. */
  static async start(folder: string): Promise<Bus> {
    mkdirSync(folder, { recursive: true });
    const bus = new Bus(folder);
    await bus.#up();
    return bus;
  }

  /** The address for `--bus`. */
  get address(): string {
    return `unix:path=${this.#socket}`;
  }

  /** Kills the bus; its clients lose their connections. */
  async kill(): Promise<void> {
    await this.#service.kill();
  }

  /** Starts a new bus at the same address. */
  async restart(): Promise<void> {
    await this.kill();
    this.#service = this.#spawn();
    await this.#up();
  }

  get #socket(): string {
    return `${this.#folder}/bus`;
  }

  #spawn(): Service {
    rmSync(this.#socket, { force: true });
    writeFileSync(`${this.#folder}/bus.conf`, CONFIGURATION(this.#socket));
    return new Service("the bus", "/usr/bin/dbus-daemon", [
      `--config-file=${this.#folder}/bus.conf`,
      "--nofork",
      "--nopidfile",
    ]);
  }

  async #up(): Promise<void> {
    await waitFor(
      "the bus to accept connections",
      START_LIMIT,
      () => existsSync(this.#socket) && accepts(this.#socket),
      () => this.#service.lines.join(" "),
    );
  }
}

function accepts(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.on("connect", () => {
      connection.destroy();
      resolve(true);
    });
    connection.on("error", () => resolve(false));
  });
}

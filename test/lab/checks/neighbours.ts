/** The daemon beside nvme-cli: the udev override, events passed on to nvme-cli's unit, and rivals that connect first. */
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UDEV_OVERRIDE_PATH, UDEV_OVERRIDE_TEXT } from "../../../src/adapters/shared/udev-override.js";
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import { Seconds } from "../../../src/core/domain/units.js";
import type { Check } from "../check.js";
import type { Daemon, DaemonOptions } from "../guest/daemon.js";
import { command, connectMeanwhile } from "../guest/fabrics.js";
import type { Lab } from "../guest/lab.js";
import { pass, waitFor } from "../guest/wait.js";
import { homeFiles } from "./steps/configuration.js";
import { stallingPeer } from "./steps/peers.js";
import {
  allLive,
  connectByHand,
  HOME,
  HOME_ID,
  IDENTITY,
  liveDcs,
  OTHER_IDENTITY,
  type Place,
  serve,
  volume,
  volumes,
} from "./steps/storage.js";
import { CLEAN, LIVE_LIMIT, STOP_LIMIT } from "./steps/timing.js";

/** Longer than passing an event on takes, and longer than the shortest time between two events of one device. */
const A_WHILE = Seconds(3);

/** Stand-in commands that record their arguments. */
class Commands {
  readonly environment: Readonly<Record<string, string>>;
  readonly #asked: string;

  constructor(lab: Lab) {
    const folder = lab.folder();
    this.#asked = join(folder, "asked");
    writeFileSync(this.#asked, "");
    for (const name of ["systemctl", "udevadm"]) {
      writeFileSync(join(folder, name), `#!/bin/sh\necho "${name} $*" >>${this.#asked}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    this.environment = { PATH: `${folder}:${process.env["PATH"] ?? ""}` };
  }

  asked(name: "systemctl" | "udevadm"): readonly string[] {
    return readFileSync(this.#asked, "utf8")
      .split("\n")
      .filter((line) => line.startsWith(`${name} `));
  }
}

const STALLING: Place = { traddr: "127.0.0.1", trsvcid: "8010" };

function addressed({ traddr, trsvcid }: Place): string {
  return `transport=tcp,traddr=${traddr},trsvcid=${trsvcid},nr_io_queues=1,${IDENTITY}`;
}

function complaints(daemon: Daemon): readonly string[] {
  return daemon.lines.filter((line) => / (warning|error) +/.test(line));
}

const override: Check = {
  name: "the udev override exists while staf runs, remains only after a kill, and is removed by --cleanup or the next stop",
  guest: "services",
  async run(lab) {
    const { expect } = lab;
    lab.after(() => {
      rmSync(UDEV_OVERRIDE_PATH, { force: true });
    });
    const commands = new Commands(lab);
    const bus = await lab.bus();
    const options: DaemonOptions = { bus: bus.address, files: homeFiles(), environment: commands.environment };
    const isThere = (): boolean => existsSync(UDEV_OVERRIDE_PATH);
    const start = async (more: DaemonOptions = {}): Promise<Daemon> => {
      const daemon = lab.daemon({ ...options, ...more });
      await daemon.says(/: wanted: /, LIVE_LIMIT);
      return daemon;
    };
    const clean = async (service: "stac" | "both" = "both") => {
      const run = lab.daemon({ ...options, service, arguments: ["--cleanup"] });
      const { status } = await waitFor("the clean-up to end", LIVE_LIMIT, () => run.ended);
      return { status, lines: run.lines.filter((line) => line !== "") };
    };

    const first = await start();
    expect.equal("the override of a running daemon", readFileSync(UDEV_OVERRIDE_PATH, "utf8"), UDEV_OVERRIDE_TEXT);
    const refusal = (service: "stac" | "both") =>
      waitFor("the clean-up to see the daemon", LIVE_LIMIT, async () => {
        const run = await clean(service);
        return run.status === 75 ? run.lines.join(" ") : undefined;
      });
    expect.matches("the refusal", await refusal("both"), /nothing is removed: .*org\.nvmexpress\.staf/);
    expect.that(isThere(), "the clean-up removed a running daemon's override");
    await refusesToStart(lab, options, first);
    expect.that(isThere(), "the second daemon removed the first one's override");
    expect.equal("its exit", await first.end("SIGTERM", STOP_LIMIT), CLEAN);
    expect.that(!isThere(), "the override remains after a clean stop");
    expect.that(commands.asked("udevadm").length >= 2, `udevadm calls: ${commands.asked("udevadm").join(" | ")}`);

    const killed = await start();
    await killed.kill();
    expect.that(isThere(), "the override is gone after SIGKILL");
    const after = await clean();
    expect.equal("the clean-up after a kill", after, { status: 0, lines: [`removed ${UDEV_OVERRIDE_PATH}`] });
    expect.that(!isThere(), "the override remains after --cleanup");
    expect.equal("the clean-up of a clean host", await clean(), { status: 0, lines: ["nothing was left behind"] });

    await (await start()).kill();
    const next = await start();
    expect.equal("the exit after a kill", await next.end("SIGTERM", STOP_LIMIT), CLEAN);
    expect.that(!isThere(), "the override remains after kill, start and stop");

    const alone = lab.daemon({ ...options, service: "stac" });
    expect.matches("a clean-up beside stac", await refusal("stac"), /nothing is removed: .*org\.nvmexpress\.stac/);
    expect.that(!isThere(), "stac alone wrote the override");
    expect.equal("the exit of stac", await alone.end("SIGTERM", STOP_LIMIT), CLEAN);

    const bug = "--import=data:text/javascript,setTimeout(()=>{throw(Error(1))},12000)";
    const broken = await start({ environment: { ...commands.environment, NODE_OPTIONS: bug } });
    expect.that(isThere(), "the override is missing");
    await broken.says(/a bug of stas: please report it/, LIVE_LIMIT);
    const { status } = await waitFor("the end after an internal error", STOP_LIMIT, () => broken.ended);
    expect.equal("the status after an internal error", status, 70);
    expect.that(!isThere(), "the override remains after an internal error");
  },
};

/** Beside a daemon that runs, a second one refuses: with its records or its own, with the bus and without. */
async function refusesToStart(lab: Lab, options: DaemonOptions, first: Daemon): Promise<void> {
  const { expect } = lab;
  const { folders } = first;
  const before = first.lines.length;
  const run = async (more: DaemonOptions): Promise<string> => {
    const daemon = lab.daemon({ ...options, ...more });
    const { status } = await waitFor("the second daemon to refuse", LIVE_LIMIT, () => daemon.ended);
    return `${String(status)}: ${daemon.lines.join(" ")}`;
  };
  const lock = /^75: .*does not start: another daemon \(pid \d+\) holds the lock .*staf\.lock/;
  expect.matches("the second daemon", await run({ folders }), lock);
  expect.matches("the second daemon without a bus", await run({ folders, bus: "unix:path=/nowhere" }), lock);
  const name = /^75: .*does not start: another daemon \(pid \d+\) owns org\.nvmexpress\.staf on D-Bus/;
  expect.matches("the second daemon with other records", await run({}), name);
  const check = await run({ folders, arguments: ["--check"] });
  expect.matches("--check", check, /^1: .*error +another daemon \(pid \d+\) holds the lock/);
  const about = first.lines.slice(before).filter((line) => /D-Bus|lock|udev/.test(line));
  expect.equal("what the first daemon said about it", about, []);
}

const handedOn: Check = {
  name: "events of a foreign discovery controller restart nvme-cli's unit; `connected` and a managed controller's events do not",
  guest: "services",
  async run(lab) {
    const { target, expect } = lab;
    serve(target, volumes(1, 1), volumes(2, 3));
    const commands = new Commands(lab);
    const bus = await lab.bus();
    const daemon = lab.daemon({ bus: bus.address, files: homeFiles(), environment: commands.environment });
    await allLive(volumes(1, 1), LIVE_LIMIT);
    const [managed] = liveDcs();
    const foreign = connectByHand(
      WELL_KNOWN_DISCOVERY_NQN,
      HOME,
      ",host_traddr=127.0.0.1,host_iface=lo",
      OTHER_IDENTITY,
    );
    await pass(A_WHILE, "`connected` of the foreign controller is not passed on");
    expect.equal("units after `connected`", commands.asked("systemctl"), []);

    const options = String.raw`--device\x3d${foreign}\x09--host-traddr\x3d127.0.0.1\x09--host-iface\x3dlo`;
    const restart = `systemctl --quiet --no-block restart nvmf-connect@${options}.service`;
    target.link(HOME_ID, volume(2));
    await allLive(volumes(1, 2), LIVE_LIMIT);
    await waitFor("the AEN to be passed on", LIVE_LIMIT, () => commands.asked("systemctl").length > 0);
    await pass(A_WHILE, "nothing more is passed on");
    expect.equal("units after the AEN", commands.asked("systemctl"), [restart]);

    expect.equal("the reset of the foreign controller", await command(foreign, "reset_controller"), 0);
    await waitFor("`rediscover` to be passed on", LIVE_LIMIT, () => commands.asked("systemctl").length > 1);
    expect.equal("the reset of the managed controller", await command(managed?.name ?? "", "reset_controller"), 0);
    await pass(A_WHILE, "nothing more is passed on");
    expect.equal("units after both resets", commands.asked("systemctl"), [restart, restart]);
    expect.equal("its exit", await daemon.end("SIGTERM", STOP_LIMIT), CLEAN);
    expect.equal("warnings and errors", complaints(daemon), []);
  },
};

const rivals: Check = {
  name: "the daemon uses the connection of a rival that is first, without an error or a warning in the log",
  guest: "services",
  async run(lab) {
    const { target, expect } = lab;
    serve(target, volumes(1, 1), volumes(2, 3));
    const bus = await lab.bus();
    const daemon = lab.daemon({
      bus: bus.address,
      files: homeFiles(),
      environment: new Commands(lab).environment,
      arguments: ["--tron"],
    });
    await allLive(volumes(1, 1), LIVE_LIMIT);

    // Before the daemon can learn of it.
    daemon.signal("SIGSTOP");
    target.link(HOME_ID, volume(2));
    const theirs = connectByHand(volume(2), HOME);
    daemon.signal("SIGCONT");
    await daemon.says(new RegExp(`volume-2: uses the existing connection ${theirs} `), LIVE_LIMIT);

    // Into the kernel's queue ahead of the daemon, behind a slow connect.
    const peer = await stallingPeer(lab, STALLING);
    const slow = connectMeanwhile(`nqn=${volume(1)},${addressed(STALLING)}`);
    await waitFor("the kernel to be busy", LIVE_LIMIT, () => peer.waiting > 0);
    const rival = connectMeanwhile(`nqn=${volume(3)},${addressed(HOME)}`);
    target.link(HOME_ID, volume(3));
    await daemon.says(/volume-3: connecting/, LIVE_LIMIT);
    peer.release();
    const made = await rival;
    expect.that(made.ok, "the rival was not first");
    await daemon.says(/volume-3: uses the existing connection /, LIVE_LIMIT);
    expect.that(!(await slow).ok, "the slow connect succeeded");
    await allLive(volumes(1, 3), LIVE_LIMIT);
    await pass(A_WHILE, "the daemon does not try again");
    expect.equal("its exit", await daemon.end("SIGTERM", STOP_LIMIT), CLEAN);
    expect.equal("warnings and errors", complaints(daemon), []);
  },
};

export const neighboursChecks: readonly Check[] = [override, handedOn, rivals];

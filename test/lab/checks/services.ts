/** The daemon as a service of its host: two processes on a bus, the service manager, and a machine without koffi. */
import { Seconds } from "../../../src/core/domain/units.js";
import type { Check } from "../check.js";
import type { Daemon } from "../guest/daemon.js";
import { command } from "../guest/fabrics.js";
import { run } from "../guest/run.js";
import { pass, waitFor } from "../guest/wait.js";
import { busClient, listed } from "./steps/bus-client.js";
import { at, homeFiles } from "./steps/configuration.js";
import { NotifySocket } from "./steps/notify-socket.js";
import { allLive, deviceFor, HOME, HOME_ID, instances, serve, volume, volumes } from "./steps/storage.js";
import { CLEAN, LIVE_LIMIT, STOP_LIMIT } from "./steps/timing.js";

const twoProcesses: Check = {
  name: "staf and stac in two processes: stac keeps every connection while staf or the bus is down, and learns of changes afterwards",
  guest: "services",
  async run(lab) {
    const { target, expect } = lab;
    serve(target, volumes(1, 3), volumes(4, 6));
    const bus = await lab.bus();
    const start = (service: "staf" | "stac", from?: Daemon): Daemon =>
      lab.daemon({
        service,
        bus: bus.address,
        ...(from === undefined ? { files: homeFiles() } : { folders: from.folders }),
      });
    let staf = start("staf");
    const stac = start("stac");
    await allLive(volumes(1, 3), LIVE_LIMIT);
    const before = instances();

    /** Takes staf or the bus down for longer than stac's soak. Afterwards, only the changed volume is connected. */
    const without = async (what: string, gone: () => Promise<void>, back: () => Promise<void>, fresh: number) => {
      const from = stac.lines.length;
      await gone();
      await stac.says(/connections stay as they are until staf answers again/, LIVE_LIMIT, from);
      await pass(Seconds(2), "longer than stac's soak");
      await back();
      target.link(HOME_ID, volume(fresh));
      await allLive(volumes(1, fresh), LIVE_LIMIT);
      const added = volumes(4, fresh).map(deviceFor);
      const others = Object.entries(instances()).filter(([name]) => !added.includes(name));
      expect.equal(`connections after ${what}`, Object.fromEntries(others), before);
    };
    const staffed = (): Promise<void> => {
      staf = start("staf", staf);
      return Promise.resolve();
    };
    await without("staf was killed", () => staf.kill(), staffed, 4);
    const stopped = async (): Promise<void> =>
      expect.equal("the exit of staf", await staf.end("SIGTERM", STOP_LIMIT), CLEAN);
    await without("staf was stopped", stopped, staffed, 5);
    await without(
      "the bus was killed",
      () => bus.kill(),
      () => bus.restart(),
      6,
    );

    const client = await busClient(lab, bus.address);
    const connected = volumes(1, 6).map((nqn) => `${nqn} ${deviceFor(nqn) ?? ""}`);
    const asked = (): Promise<unknown> => client.ask("stac", "list_controllers", [false]);
    await waitFor("stac's name on the bus", LIVE_LIMIT, () =>
      asked().then(
        () => true,
        () => false,
      ),
    );
    expect.equal("what stac lists", listed(await asked()), connected);
  },
};

const serviceManager: Check = {
  name: "the service manager is notified of start, reload, life and stop",
  guest: "services",
  async run(lab) {
    const { target, expect } = lab;
    serve(target, volumes(1, 1));
    const socket = new NotifySocket(lab);
    const daemon = lab.daemon({
      files: homeFiles(),
      environment: { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: "1000000" },
    });
    const hears = (message: string, from: number): Promise<true> =>
      waitFor(
        message,
        LIVE_LIMIT,
        () => socket.messages.slice(from).includes(message) || undefined,
        () => socket.messages.join(" | "),
      );
    await hears("READY=1", 0);
    await hears("WATCHDOG=1", 1);
    expect.equal("the first message", socket.messages[0], "READY=1");

    const reloading = socket.messages.length;
    const asked = process.hrtime.bigint() / 1000n;
    daemon.signal("SIGHUP");
    await hears("READY=1", reloading);
    const told = socket.messages.slice(reloading).filter((message) => message !== "WATCHDOG=1");
    const at = BigInt(/^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(told[0] ?? "")?.[1] ?? 0);
    expect.that(
      at >= asked && at <= process.hrtime.bigint() / 1000n,
      `the reload was notified as ${JSON.stringify(told)}`,
    );
    expect.equal("what follows the reload", told.slice(1), ["READY=1"]);

    const fed = socket.messages.length;
    await pass(Seconds(2), "the watchdog is fed twice within its limit");
    const meals = socket.messages.slice(fed).filter((message) => message === "WATCHDOG=1").length;
    expect.that(meals >= 3 && meals <= 5, `the watchdog of 1 s was fed ${meals} times in 2 s`);

    const stopping = socket.messages.length;
    expect.equal("its exit", await daemon.end("SIGTERM", STOP_LIMIT), CLEAN);
    expect.equal("the last message", socket.messages.slice(stopping).at(-1), "STOPPING=1");
  },
};

const withoutKoffi: Check = {
  name: "without koffi's binary the daemon says so once, receives events through udevadm, and connects configured controllers",
  guest: "services",
  async run(lab) {
    const { target, expect } = lab;
    serve(target, volumes(1, 2));
    const configured = volumes(1, 2).map((nqn) => `${at(HOME)};nqn=${nqn}`);
    const daemon = lab.daemon({
      service: "stac",
      files: homeFiles({}, { controllers: configured }),
      environment: { NODE_OPTIONS: `--import=${import.meta.resolve("./steps/without-koffi.js")}` },
    });
    await allLive(volumes(1, 2), LIVE_LIMIT);
    const said = (pattern: RegExp): number => daemon.lines.filter((line) => pattern.test(line)).length;
    await waitFor("the daemon to know both", LIVE_LIMIT, () => said(/: connected as nvme/) === 2);
    expect.equal("log lines about koffi", said(/error +koffi does not load on this machine/), 1);
    expect.equal("log lines about udevadm", said(/kernel events are read by udevadm monitor/), 1);

    const device = deviceFor(volume(1)) ?? "";
    expect.equal("the answer to a delete by hand", await command(device, "delete_controller"), 0);
    await daemon.says(new RegExp(`the kernel removed ${device}`), LIVE_LIMIT);
    await allLive(volumes(1, 2), LIVE_LIMIT);
    expect.equal("its exit", await daemon.end("SIGTERM", STOP_LIMIT), CLEAN);
    expect.equal("monitors left behind", run("ps", ["-o", "args"]).match(/udevadm monitor.*/g) ?? [], []);
  },
};

export const servicesChecks: readonly Check[] = [twoProcesses, serviceManager, withoutKoffi];

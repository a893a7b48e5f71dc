/** An unfit host, and secrets that must stay secret. */
import { readFileSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { Seconds } from "../../../src/core/domain/units.js";
import type { Check } from "../check.js";
import { FABRICS_DEVICE } from "../guest/fabrics.js";
import type { Lab } from "../guest/lab.js";
import { pass, waitFor } from "../guest/wait.js";
import { busClient } from "./steps/bus-client.js";
import { at, homeFiles } from "./steps/configuration.js";
import { deviceFor, HOME, serve, volume, volumes } from "./steps/storage.js";
import { CLEAN, LIVE_LIMIT, STOP_LIMIT } from "./steps/timing.js";

const NOBODY = { NODE_OPTIONS: "--import=data:text/javascript,process.setuid(65534)" };

interface Run {
  readonly status: number | null;
  readonly lines: readonly string[];
}

/** Runs the daemon until it exits. */
async function runs(lab: Lab, options: Parameters<Lab["daemon"]>[0]): Promise<Run> {
  const daemon = lab.daemon(options);
  const { status } = await waitFor("the daemon to exit", LIVE_LIMIT, () => daemon.ended);
  return { status, lines: daemon.lines.filter((line) => line !== "") };
}

/** Removes /dev/nvme-fabrics during an action. */
async function withoutFabrics<T>(act: () => Promise<T>): Promise<T> {
  renameSync(FABRICS_DEVICE, `${FABRICS_DEVICE}.away`);
  try {
    return await act();
  } finally {
    renameSync(`${FABRICS_DEVICE}.away`, FABRICS_DEVICE);
  }
}

const BAD_IDENTITY = { ...homeFiles(), "sys.conf": "[Host]\nnqn=hello\nid=11111111-2222-3333-4444-555555555555\n" };

const unfit: Check = {
  name: "without root, without /dev/nvme-fabrics, or with a bad host NQN: one clear line each, and status 1",
  guest: "services",
  async run(lab) {
    const { expect } = lab;
    const noDevice = await withoutFabrics(() => runs(lab, { files: homeFiles() }));
    expect.equal("without the device", noDevice, {
      status: 1,
      lines: [
        `stas-daemon: ${FABRICS_DEVICE} does not exist: the kernel's NVMe over Fabrics modules are not loaded. Load them with: modprobe nvme-tcp`,
      ],
    });
    const nobody = await runs(lab, { files: homeFiles(), environment: NOBODY });
    expect.equal("the status for user nobody", nobody.status, 1);
    expect.matches(
      "for user nobody",
      nobody.lines[0] ?? "",
      /^stas-daemon: this process runs as user 65534, but connecting storage requires root/,
    );
    const badNqn = await runs(lab, { files: BAD_IDENTITY });
    expect.equal("the status with a bad host NQN", badNqn.status, 1);
    const errors = badNqn.lines.filter((line) => / error +/.test(line));
    expect.equal("errors with a bad host NQN", errors.length, 1);
    expect.matches("with a bad host NQN", errors[0] ?? "", /error +nothing can be connected: .*host NQN/);
  },
};

const checked: Check = {
  name: "--check: status 0 on a fit host, otherwise status 1 and each problem with file and line",
  guest: "services",
  async run(lab) {
    const { expect } = lab;
    const bus = await lab.bus();
    const check = (options: Parameters<Lab["daemon"]>[0]): Promise<Run> =>
      runs(lab, { bus: bus.address, arguments: ["--check"], ...options });
    const fit = await check({ files: homeFiles() });
    expect.equal("the status on a fit host", fit.status, 0);
    expect.equal("problems on a fit host", problemsIn(fit), []);
    expect.that(fit.lines.length >= 6, `it says only ${fit.lines.join(" | ")}`);

    const files = { ...homeFiles(), "stacd.conf": "[Global]\nqueue-size = 5\n[Contrllers]\n" };
    const wrong = problemsIn(await check({ files }));
    expect.that(
      wrong.some((line) => /^warning +.*stacd\.conf line 2: queue-size: "5"/.test(line)) &&
        wrong.some((line) => /^error +.*stacd\.conf line 3/.test(line)),
      `it says ${wrong.join(" | ")}`,
    );
    const broken = await check({ files: { ...homeFiles(), "stafd.conf": "controller\n" } });
    expect.equal("the status with a broken file", broken.status, 1);
    const identity = await check({ files: BAD_IDENTITY });
    expect.equal("the status with a bad host NQN", identity.status, 1);
    const noDevice = await withoutFabrics(() => check({ files: homeFiles() }));
    expect.equal("the status without the device", noDevice.status, 1);
    expect.matches("without the device", problemsIn(noDevice).join(), /^error +\/dev\/nvme-fabrics does not exist/);
    const noBus = await check({ files: homeFiles(), bus: "unix:path=/nowhere" });
    expect.equal("the status without a bus", noBus.status, 0);
    expect.matches("without a bus", problemsIn(noBus).join(), /^warning +no D-Bus: .*\(ENOENT\)/);
  },
};

function problemsIn({ lines }: Run): readonly string[] {
  return lines.filter((line) => !line.startsWith("ok "));
}

const SECRET = "DHHC-1:00:ZZZZsecretZZZZsecretZZZZsecretZZZZsecretZZZZ:";

const secrets: Check = {
  name: "a DH-HMAC-CHAP secret appears in no log, record, command line or bus answer",
  guest: "services",
  async run(lab) {
    const { target, expect } = lab;
    serve(target, volumes(1, 2));
    const bus = await lab.bus();
    const secret = `dhchap-secret=${SECRET}`;
    const daemon = lab.daemon({
      bus: bus.address,
      files: homeFiles({}, { controllers: [`${at(HOME)};nqn=${volume(1)};${secret}`] }),
      arguments: ["--tron"],
    });
    await waitFor("the other volume", LIVE_LIMIT, () => deviceFor(volume(2)));
    // 6.1 has no authentication, so the daemon leaves the option out there and connects the volume.
    await daemon.says(/volume-1: (connected as|cannot be connected)/, LIVE_LIMIT);
    await pass(Seconds(4), "the daemon tries the connect again");
    const client = await busClient(lab, bus.address);
    const answers = [
      await client.ask("stac", "list_controllers", [true]),
      await client.ask("staf", "get_all_log_pages", [true]),
    ];
    const commandLine = readFileSync(`/proc/${daemon.pid}/cmdline`, "utf8");
    expect.equal("its exit", await daemon.end("SIGTERM", STOP_LIMIT), CLEAN);
    const records = ["stafd", "stacd"].flatMap((folder) =>
      readdirSync(join(daemon.folders.run, folder)).map((name) =>
        readFileSync(join(daemon.folders.run, folder, name), "utf8"),
      ),
    );
    expect.equal("records", records.length, 2);
    const texts = [...daemon.lines, ...records, commandLine, JSON.stringify(answers)];
    expect.that(texts.length > 10, "there are too few texts to search");
    const leaks = texts.filter((text) => text.includes("ZZZZsecret") || text.includes("DHHC-1"));
    expect.equal("texts with the secret", leaks, []);
  },
};

export const fitnessChecks: readonly Check[] = [unfit, checked, secrets];

/** The command line of `stas-daemon`: parses arguments, checks the requirements of the host, starts the daemon. */
import { Command, CommanderError, Option } from "commander";
import type { CoreServices } from "../core/state/state.js";
import { checkThisHost } from "../adapters/real/check-host.js";
import { findOwners } from "../adapters/real/bus/try.js";
import { cleanUpThisHost } from "../adapters/real/cleanup.js";
import { EXIT, servicesOf, startDaemon, type DaemonOptions } from "../adapters/real/daemon.js";
import { missingRequirements } from "../adapters/real/requirements.js";
import { CONFIG_ROOT, RealStore, RUN_ROOT } from "../adapters/real/store.js";
import { SecretVault } from "../adapters/shared/secrets.js";

interface Flags {
  readonly service: CoreServices;
  readonly confDir: string;
  readonly runDir: string;
  readonly bus?: string;
  readonly tron?: boolean;
  readonly check?: boolean;
  readonly cleanup?: boolean;
}

const SERVICES: readonly CoreServices[] = ["staf", "stac", "both"];

function commandLine(run: (flags: Flags) => Promise<void>): Command {
  return new Command("stas-daemon")
    .description(
      "Finds NVMe over Fabrics discovery controllers (staf) and connects to the I/O controllers they list (stac).",
    )
    .addOption(new Option("--service <name>", "which services this process runs").choices(SERVICES).default("both"))
    .option("--conf-dir <dir>", "folder of stafd.conf, stacd.conf and sys.conf", CONFIG_ROOT)
    .option("--run-dir <dir>", "folder of stafd/ and stacd/, which hold the records", RUN_ROOT)
    .option("--bus <address>", "D-Bus address (default: the system bus)")
    .option("--tron", "log debug messages")
    .option("--check", "check the configuration and this host, say how to fix what is wrong, and exit")
    .addOption(
      new Option("--cleanup", "remove what a killed daemon left behind, say what was removed, and exit").conflicts(
        "check",
      ),
    )
    .allowExcessArguments(false)
    .showHelpAfterError("Run stas-daemon --help to see the options.")
    .exitOverride()
    .action(run);
}

/** Runs until the core ends the process. Sets the exit status if the core never starts. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await commandLine(run).parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage;
  }
}

async function run(flags: Flags): Promise<void> {
  const options: DaemonOptions = {
    services: flags.service,
    roots: { config: flags.confDir, run: flags.runDir },
    bus: flags.bus,
    threshold: flags.tron === true ? "debug" : "info",
  };
  if (flags.check === true) {
    process.exitCode = await check(options);
    return;
  }
  if (flags.cleanup === true) {
    process.exitCode = await cleanup(options);
    return;
  }
  const missing = missingRequirements();
  for (const line of missing) process.stderr.write(`stas-daemon: ${line}\n`);
  if (missing.length > 0) process.exitCode = EXIT.failed;
  else await startDaemon(options);
}

/** Prints the findings, errors last. Returns 1 if there is an error. */
async function check(options: DaemonOptions): Promise<number> {
  const findings = await checkThisHost(options);
  const order = ["ok", "warning", "error"] as const;
  for (const level of order) {
    for (const finding of findings.filter((one) => one.level === level))
      process.stdout.write(`${level.padEnd(8)} ${finding.text}\n`);
  }
  return findings.some(({ level }) => level === "error") ? EXIT.failed : 0;
}

/** Returns 1 if something could not be removed, 75 if a daemon is running. */
async function cleanup({ services, roots, bus }: DaemonOptions): Promise<number> {
  const names = servicesOf(services);
  const store = new RealStore(() => undefined, new SecretVault(), roots);
  const owners = await findOwners(bus, names);
  const { outcome, lines } = cleanUpThisHost({
    services: names,
    locate: (path) => store.locate(path),
    runDir: roots.run,
    owners: owners.known ? owners.rivals : [],
  });
  for (const line of lines) process.stdout.write(`${line}\n`);
  return { clean: 0, failed: EXIT.failed, running: EXIT.running }[outcome];
}

/** Runs one guest in qemu from start to end, and forwards its output. */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Seconds } from "../../../src/core/domain/units.js";
import { follow } from "./follow.js";
import type { Kernel } from "./kernel.js";
import type { Userland } from "./userland.js";

/** A guest's machine. */
export interface Machine {
  readonly kernel: Kernel;
  readonly initrd: string;
  /** Receives the kernel's console output. */
  readonly consoleFile: string;
  /** Receives the guest's records. */
  readonly resultsFile: string;
  readonly memoryMib: number;
  readonly cpus: number;
  readonly clock: Clock;
}

/**
 * A guest's clock. `virtual` advances with the instructions executed, and jumps while all processors are idle. So a busy
 * host slows a guest down without changing what the guest sees, and waits cost nothing. `host` is the host's own time, for
 * measurements; the guest then runs on the host's processor if possible.
 */
export type Clock = "virtual" | "host";

/** With more than one, qemu lets a busy processor starve the others (6.1 then hangs while starting them). */
export const VIRTUAL_CPUS = 1;

/** A virtual processor executes 500 million instructions per second (2^1 ns each), about as fast as emulation. */
const VIRTUAL = ["-accel", "tcg,thread=single", "-icount", "shift=1,sleep=off", "-rtc", "base=utc,clock=vm"];

/** How a guest ended: stopped by the listener, powered off, killed at its limit, or failed. */
export type GuestEnd =
  | { readonly kind: "stopped" }
  | { readonly kind: "powered-off" }
  | { readonly kind: "killed"; readonly after: Seconds }
  | { readonly kind: "failed"; readonly reason: string };

/** No probing, no mitigations, no random layout: halves the kernel's boot time. */
const COMMAND_LINE =
  "console=ttyS0 quiet panic=-1 oops=panic reboot=t tsc=reliable no_timer_check nokaslr mitigations=off audit=0 cryptomgr.notests";

/** qemu runs with a loader other than the system's, so it needs the path to its modules. */
function environment(userland: Userland): NodeJS.ProcessEnv {
  return { ...process.env, QEMU_MODULE_DIR: join(userland.root, "usr/lib/x86_64-linux-gnu/qemu") };
}

/** The running guests. They end with this process. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Boots the machine and resolves when it is off. Kills it after `limit`. `onLine` gets each record and may stop it. */
export async function runGuest(
  userland: Userland,
  machine: Machine,
  limit: Seconds,
  onLine: (line: string) => "go on" | "stop",
): Promise<GuestEnd> {
  const [loader = "", ...args] = qemuCommand(userland, machine);
  const child = spawn(
    loader,
    [...args, "-serial", `file:${machine.consoleFile}`, "-serial", `file:${machine.resultsFile}`],
    {
      stdio: ["ignore", "ignore", "pipe"],
      env: environment(userland),
    },
  );
  running.add(child);
  let stopped = false;
  const unfollow = follow(machine.resultsFile, (line) => {
    if (onLine(line) === "go on") return;
    stopped = true;
    child.kill("SIGKILL");
  });
  let complaint = "";
  child.stderr.on("data", (bytes: Buffer) => (complaint += bytes.toString("utf8")));
  let killed = false;
  const timer = setTimeout(() => {
    killed = true;
    child.kill("SIGKILL");
  }, limit * 1000);
  const status = await new Promise<number | null>((resolve) => {
    child.on("error", () => resolve(null));
    child.on("close", (code) => resolve(code));
  });
  clearTimeout(timer);
  unfollow();
  running.delete(child);
  if (stopped) return { kind: "stopped" };
  if (killed) return { kind: "killed", after: limit };
  if (status === 0) return { kind: "powered-off" };
  return { kind: "failed", reason: `qemu ended with status ${String(status)}: ${complaint.trim()}` };
}

/** Boots the machine with this terminal as its console. */
export async function runShell(userland: Userland, machine: Machine): Promise<void> {
  const [loader = "", ...args] = qemuCommand(userland, machine, "lab.shell=1");
  const child = spawn(loader, [...args, "-serial", "mon:stdio", "-serial", "null"], {
    stdio: "inherit",
    env: environment(userland),
  });
  running.add(child);
  await new Promise((resolve) => child.on("close", resolve));
  running.delete(child);
}

/** Whether the guest can run on the host's processor, or needs an emulated one. */
function acceleration(): "kvm" | "tcg" {
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
  } catch {
    return "tcg";
  }
  return /^flags\s*:.*\b(?:vmx|svm)\b/m.test(readFileSync("/proc/cpuinfo", "utf8")) ? "kvm" : "tcg";
}

/** qemu uses the second accelerator if the first does not start. */
function hostClock(): readonly string[] {
  const emulated = ["-accel", "tcg,thread=multi"];
  return acceleration() === "kvm" ? ["-accel", "kvm", ...emulated] : emulated;
}

function qemuCommand(userland: Userland, machine: Machine, ...more: readonly string[]): readonly string[] {
  const share = join(userland.root, "usr/share");
  return [
    ...userland.command("usr/bin/qemu-system-x86_64"),
    ...["-L", join(share, "qemu"), "-L", join(share, "seabios")],
    ...["-machine", "pc", "-cpu", "max"],
    ...(machine.clock === "virtual" ? VIRTUAL : hostClock()),
    ...["-smp", String(machine.cpus), "-m", String(machine.memoryMib)],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-kernel", machine.kernel.vmlinux, "-initrd", machine.initrd],
    ...["-append", [COMMAND_LINE, ...more].join(" ")],
  ];
}

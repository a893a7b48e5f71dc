/** Runs one guest in qemu from its start to its end, and hands on what it says. */
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
  /** The kernel's console is written there. */
  readonly consoleFile: string;
  /** What the guest says to the host. */
  readonly resultsFile: string;
  readonly memoryMib: number;
  readonly cpus: number;
  readonly clock: Clock;
}

/**
 * What a guest's time is. `virtual`: it advances with the instructions executed, and jumps where all processors are
 * idle. So a busy host slows a guest down without changing what the guest sees, and waits cost nothing. `host`: the
 * host's own time, to measure; the processor is then lent by the host where it can be.
 */
export type Clock = "virtual" | "host";

/** With more, qemu lets a busy processor starve the others of a guest (6.1 then hangs while it starts them). */
export const VIRTUAL_CPUS = 1;

/** A virtual processor executes 500 million instructions a second (2^1 ns each), about what emulation reaches. */
const VIRTUAL = ["-accel", "tcg,thread=single", "-icount", "shift=1,sleep=off", "-rtc", "base=utc,clock=vm"];

/** How a guest ended: by itself, by the wish of whoever listened to it, at its limit, or otherwise. */
export type GuestEnd =
  | { readonly kind: "stopped" }
  | { readonly kind: "powered-off" }
  | { readonly kind: "killed"; readonly after: Seconds }
  | { readonly kind: "failed"; readonly reason: string };

/** No probing, no mitigations, no random layout: the kernel starts in half the time. */
const COMMAND_LINE =
  "console=ttyS0 quiet panic=-1 oops=panic reboot=t tsc=reliable no_timer_check nokaslr mitigations=off audit=0 cryptomgr.notests";

/** Run by a loader that is not the system's, qemu does not find its own parts. */
function environment(userland: Userland): NodeJS.ProcessEnv {
  return { ...process.env, QEMU_MODULE_DIR: join(userland.root, "usr/lib/x86_64-linux-gnu/qemu") };
}

/** Guests that run now: they end with this process. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Boots the machine and resolves when it is off; after `limit` it is killed. Each line of the result channel goes to `onLine`, which may end it. */
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

/** Whether the host can lend its processor, or one must be emulated. */
function acceleration(): "kvm" | "tcg" {
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
  } catch {
    return "tcg";
  }
  return /^flags\s*:.*\b(?:vmx|svm)\b/m.test(readFileSync("/proc/cpuinfo", "utf8")) ? "kvm" : "tcg";
}

/** The second is taken where the first does not start after all. */
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

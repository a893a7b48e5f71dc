/** Interfaces and network namespaces of the guest. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readlinkSync } from "node:fs";
import { run } from "./run.js";

/** A network namespace. A sleeping process keeps it alive. */
export class NetworkNamespace {
  readonly #holder: ChildProcess;
  readonly #pid: number;

  constructor() {
    this.#holder = spawn("unshare", ["-n", "sleep", "1000000"], { stdio: "ignore" });
    if (this.#holder.pid === undefined) throw new Error("unshare does not start");
    this.#pid = this.#holder.pid;
    waitUntilApart(this.#pid);
    this.run("ip", ["link", "set", "lo", "up"]);
  }

  get pid(): number {
    return this.#pid;
  }

  /** Runs a command in the namespace. */
  run(command: string, args: readonly string[]): string {
    return run("nsenter", ["-t", String(this.#pid), "-n", command, ...args]);
  }

  /** Ends the namespace. Its interfaces and their peers go with it. */
  close(): void {
    this.#holder.kill("SIGKILL");
  }
}

/** One end of a virtual cable. */
interface CableEnd {
  readonly name: string;
  /** With its prefix, such as `10.99.0.1/24`. */
  readonly address: string;
}

/** Adds a pair of interfaces, both up: `here` in the guest's own network, `there` in the namespace. */
export function cable(here: CableEnd, there: CableEnd, namespace: NetworkNamespace): void {
  run("ip", ["link", "add", here.name, "type", "veth", "peer", "name", there.name, "netns", String(namespace.pid)]);
  run("ip", addressArgs(here));
  run("ip", ["link", "set", here.name, "up"]);
  namespace.run("ip", addressArgs(there));
  namespace.run("ip", ["link", "set", there.name, "up"]);
}

/** Adds an interface with one of this host's addresses. It drops everything that is sent through it. */
export function dummy(name: string, address: string): void {
  run("ip", ["link", "add", name, "type", "dummy"]);
  run("ip", addressArgs({ name, address }));
  run("ip", ["link", "set", name, "up"]);
}

export function setLink(name: string, state: "up" | "down", namespace?: NetworkNamespace): void {
  const args = ["link", "set", name, state];
  if (namespace === undefined) run("ip", args);
  else namespace.run("ip", args);
}

/** Removes an interface. The kernel may remove it first, along with its peer's namespace. */
export function removeLink(name: string): void {
  const present = (): boolean => existsSync(`/sys/class/net/${name}`);
  try {
    if (present()) run("ip", ["link", "delete", name]);
  } catch (error) {
    if (present()) throw error;
  }
}

/** An IPv6 address is usable at once only without duplicate address detection. */
function addressArgs({ name, address }: CableEnd): readonly string[] {
  return ["address", "add", address, "dev", name, ...(address.includes(":") ? ["nodad"] : [])];
}

/** Waits until `unshare` has entered its new namespace, as its link in /proc shows. */
function waitUntilApart(pid: number): void {
  const own = readlinkSync("/proc/self/ns/net");
  const until = performance.now() + 5000;
  while (readlinkSync(`/proc/${pid}/ns/net`) === own) {
    if (performance.now() > until) throw new Error("unshare did not leave this network namespace in 5 s");
    run("sleep", ["0.02"]);
  }
}

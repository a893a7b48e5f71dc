/** Interfaces and network namespaces of the guest. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readlinkSync } from "node:fs";
import { run } from "./run.js";

/** A network namespace, kept alive by a process that sleeps in it. */
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

  /** Runs a command within. */
  run(command: string, args: readonly string[]): string {
    return run("nsenter", ["-t", String(this.#pid), "-n", command, ...args]);
  }

  /** Ends it: its interfaces go, and with them their peers. */
  close(): void {
    this.#holder.kill("SIGKILL");
  }
}

/** One end of a virtual cable. */
interface CableEnd {
  readonly name: string;
  /** With its prefix, as `10.99.0.1/24`. */
  readonly address: string;
}

/** A pair of interfaces: `here` in the guest's own network, `there` in the namespace. Both are up. */
export function cable(here: CableEnd, there: CableEnd, namespace: NetworkNamespace): void {
  run("ip", ["link", "add", here.name, "type", "veth", "peer", "name", there.name, "netns", String(namespace.pid)]);
  run("ip", addressArgs(here));
  run("ip", ["link", "set", here.name, "up"]);
  namespace.run("ip", addressArgs(there));
  namespace.run("ip", ["link", "set", there.name, "up"]);
}

/** An interface that swallows what is sent, with an address of this host. */
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

/** Removes an interface; the kernel may take it away meanwhile, with the namespace of its peer. */
export function removeLink(name: string): void {
  const present = (): boolean => existsSync(`/sys/class/net/${name}`);
  try {
    if (present()) run("ip", ["link", "delete", name]);
  } catch (error) {
    if (present()) throw error;
  }
}

/** An IPv6 address is usable at once only without the search for duplicates. */
function addressArgs({ name, address }: CableEnd): readonly string[] {
  return ["address", "add", address, "dev", name, ...(address.includes(":") ? ["nodad"] : [])];
}

/** `unshare` is another process until it has left: its namespace is told by the link in /proc. */
function waitUntilApart(pid: number): void {
  const own = readlinkSync("/proc/self/ns/net");
  const until = performance.now() + 5000;
  while (readlinkSync(`/proc/${pid}/ns/net`) === own) {
    if (performance.now() > until) throw new Error("unshare did not leave this network namespace in 5 s");
    run("sleep", ["0.02"]);
  }
}

/** The kernel as a host, driven directly by a check: admin commands on its controllers, and its uevents. */
import { promises } from "node:fs";
import { getLogPage } from "../../../../src/core/codec/admin.js";
import { decodeUevent } from "../../../../src/core/codec/uevent.js";
import type { AdminCommand } from "../../../../src/core/ports/fabrics.js";
import { Milliseconds } from "../../../../src/core/domain/units.js";
import { sendAdmin } from "../../../../src/adapters/real/admin.js";
import { type Libc, loadLibc } from "../../../../src/adapters/real/libc.js";
import { NetlinkUevents } from "../../../../src/adapters/real/netlink.js";
import { FdWatcher } from "../../../../src/adapters/real/watcher.js";
import type { Lab } from "../../guest/lab.js";

const TIMEOUT = Milliseconds(20_000);

/** The result of an admin command. `errno` is 0 if the controller answered. */
interface AdminOutcome {
  readonly errno: number;
  readonly status: number;
  readonly value: number;
  readonly bytes: Buffer;
}

export interface KernelHost {
  /** Sends a command through /dev/nvmeN. */
  admin(device: string, command: AdminCommand): Promise<AdminOutcome>;
  /** Reads a part of a log page. */
  logPage(
    device: string,
    lid: number,
    length: number,
    more?: { readonly lsp?: number; readonly rae?: "retain" | "clear"; readonly offset?: number },
  ): Promise<AdminOutcome>;
  /** Sends a Discovery Information Management command. */
  register(device: string, task: number, data: Uint8Array): Promise<AdminOutcome>;
  /** NVMe uevents since the start, one line each: `change nvme0 NVME_EVENT=connected`. */
  readonly announced: readonly string[];
}

/** Starts listening for uevents. The end of the check stops it. */
export function kernelHost(lab: Lab): KernelHost {
  const loaded = loadLibc();
  if (!loaded.ok) throw new Error("koffi does not load");
  const { libc } = loaded;
  const announced = listen(lab, libc);
  const admin = async (device: string, command: AdminCommand): Promise<AdminOutcome> => {
    const file = await promises.open(`/dev/${device}`, "r");
    try {
      const result = await sendAdmin(libc, file.fd, command);
      if (!result.ok) return { errno: result.errno, status: 0, value: 0, bytes: Buffer.alloc(0) };
      return { errno: 0, status: result.status, value: result.value, bytes: Buffer.from(result.bytes) };
    } finally {
      await file.close();
    }
  };
  return {
    announced,
    admin,
    logPage: (device, lid, length, { lsp = 0, rae = "clear", offset = 0 } = {}) =>
      admin(device, getLogPage({ lid, lsp, rae, offset, length, timeout: TIMEOUT })),
    register: (device, task, bytes) => admin(device, registration(task, bytes)),
  };
}

function registration(task: number, bytes: Uint8Array): AdminCommand {
  const data = { direction: "to-controller", bytes } as const;
  return {
    opcode: 0x21,
    nsid: 0,
    cdw10: task,
    cdw11: 0,
    cdw12: 0,
    cdw13: 0,
    cdw14: 0,
    cdw15: 0,
    data,
    timeout: TIMEOUT,
  };
}

function listen(lab: Lab, libc: Libc): readonly string[] {
  const announced: string[] = [];
  const opened = NetlinkUevents.open({
    libc,
    watcher: new FdWatcher(libc),
    deliver: (event) => {
      if (event.kind === "uevent") announced.push(lineOf(event.message));
    },
    log: { write: ({ text }) => lab.note(text) },
    overflow: () => announced.push("overflow"),
    broken: () => announced.push("broken"),
  });
  if (!opened.ok) throw new Error(`no netlink socket: errno ${opened.errno}`);
  lab.after(() => opened.uevents.close());
  return announced;
}

function lineOf(bytes: Uint8Array): string {
  const { action, devpath, properties } = decodeUevent(bytes);
  const name = devpath.split("/").at(-1) ?? "";
  const what = ["NVME_EVENT", "NVME_AEN"].map((key) => `${key}=${properties.get(key) ?? ""}`);
  return [action, name, ...what.filter((text) => !text.endsWith("="))].join(" ");
}

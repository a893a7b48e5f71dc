/** Controllers of the guest's kernel: connected and deleted by hand, as an administrator would, and read from sysfs. */
import { closeSync, existsSync, openSync, promises, readFileSync, readSync, readdirSync, writeSync } from "node:fs";

export const FABRICS_DEVICE = "/dev/nvme-fabrics";
const CLASS = "/sys/class/nvme";

/** What sysfs shows of a controller. A field is empty if the kernel lacks it or the controller went away meanwhile. */
export interface ControllerView {
  /** `nvme0`. */
  readonly name: string;
  readonly state: string;
  readonly nqn: string;
  readonly transport: string;
  readonly address: string;
  readonly hostNqn: string;
  /** `discovery` or `io`; empty on kernels before 5.18. */
  readonly type: string;
}

/** The result of a connect. `errno` is the kernel's errno as a positive number. */
type ConnectResult =
  | { readonly ok: true; readonly name: string; readonly cntlid: number; readonly reply: string }
  | { readonly ok: false; readonly errno: number };

/** Connects with one write to /dev/nvme-fabrics. Blocks this process until the kernel answers. */
export function connect(options: string): ConnectResult {
  const device = openSync(FABRICS_DEVICE, "r+");
  try {
    writeSync(device, options);
    return connected(readReply(device));
  } catch (error) {
    return { ok: false, errno: errnoOf(error) };
  } finally {
    closeSync(device);
  }
}

/** The same without blocking this process. */
export async function connectMeanwhile(options: string): Promise<ConnectResult> {
  const device = await promises.open(FABRICS_DEVICE, "r+");
  try {
    await device.write(options);
    return connected(readReply(device.fd));
  } catch (error) {
    return { ok: false, errno: errnoOf(error) };
  } finally {
    await device.close();
  }
}

/** The options that this kernel accepts. */
export function optionLine(): string {
  return readFileSync(FABRICS_DEVICE, "utf8");
}

/** All controllers, ordered by number. */
export function controllers(): readonly ControllerView[] {
  if (!existsSync(CLASS)) return [];
  const names = readdirSync(CLASS).sort((one, other) => numberOf(one) - numberOf(other));
  return names.map(controller).filter((one) => one !== undefined);
}

/** One controller, or undefined if it does not exist. */
export function controller(name: string): ControllerView | undefined {
  const state = attribute(name, "state");
  if (state === undefined) return undefined;
  return {
    name,
    state,
    nqn: attribute(name, "subsysnqn") ?? "",
    transport: attribute(name, "transport") ?? "",
    address: attribute(name, "address") ?? "",
    hostNqn: attribute(name, "hostnqn") ?? "",
    type: attribute(name, "cntrltype") ?? "",
  };
}

/** One attribute without its newline; undefined if it cannot be read. */
export function attribute(name: string, which: string): string | undefined {
  try {
    return readFileSync(`${CLASS}/${name}/${which}`, "latin1").replace(/\n$/, "");
  } catch {
    return undefined;
  }
}

/** Writes `1` to one of a controller's commands. Returns 0, or the kernel's errno. */
export async function command(
  name: string,
  which: "delete_controller" | "reset_controller" | "rescan_controller",
): Promise<number> {
  try {
    await promises.writeFile(`${CLASS}/${name}/${which}`, "1");
    return 0;
  } catch (error) {
    return errnoOf(error);
  }
}

function readReply(device: number): string {
  const buffer = Buffer.alloc(4096);
  return buffer.toString("latin1", 0, readSync(device, buffer, 0, buffer.length, null));
}

function connected(reply: string): ConnectResult {
  const found = /^instance=(\d+),cntlid=(\d+)\n$/.exec(reply);
  if (found === null) throw new Error(`the lab cannot parse the reply to a connect: ${JSON.stringify(reply)}`);
  return { ok: true, name: `nvme${found[1] ?? ""}`, cntlid: Number(found[2]), reply };
}

/** Uses the number, because node has no name for some of the kernel's errnos (102, 126). */
function errnoOf(error: unknown): number {
  if (error instanceof Error && "errno" in error && typeof error.errno === "number") return Math.abs(error.errno);
  throw error;
}

function numberOf(name: string): number {
  return Number(/\d+/.exec(name)?.[0] ?? -1);
}

/** Controllers of the guest's kernel: made and removed by hand, as an administrator would, and as sysfs shows them. */
import { closeSync, existsSync, openSync, promises, readFileSync, readSync, readdirSync, writeSync } from "node:fs";

export const FABRICS_DEVICE = "/dev/nvme-fabrics";
const CLASS = "/sys/class/nvme";

/** What sysfs shows of a controller; absent where the kernel gives none (or it went while being read). */
export interface ControllerView {
  /** `nvme0`. */
  readonly name: string;
  readonly state: string;
  readonly nqn: string;
  readonly transport: string;
  readonly address: string;
  readonly hostNqn: string;
  /** `discovery` or `io`; kernels before 5.18 do not say. */
  readonly type: string;
}

/** A connect was refused: the errno as a positive number, as the kernel means it. */
type ConnectResult =
  | { readonly ok: true; readonly name: string; readonly cntlid: number; readonly reply: string }
  | { readonly ok: false; readonly errno: number };

/** Connects by one write to /dev/nvme-fabrics; blocks this process until the kernel has decided. */
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

/** The options that this kernel takes. */
export function optionLine(): string {
  return readFileSync(FABRICS_DEVICE, "utf8");
}

/** All controllers, ordered by number. */
export function controllers(): readonly ControllerView[] {
  if (!existsSync(CLASS)) return [];
  const names = readdirSync(CLASS).sort((one, other) => numberOf(one) - numberOf(other));
  return names.map(controller).filter((one) => one !== undefined);
}

/** One controller, or undefined once it has gone. */
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

/** One attribute without its newline; undefined where it cannot be read. */
export function attribute(name: string, which: string): string | undefined {
  try {
    return readFileSync(`${CLASS}/${name}/${which}`, "latin1").replace(/\n$/, "");
  } catch {
    return undefined;
  }
}

/** Writes `1` to one of a controller's commands. Returns 0, or the errno with which the kernel refused. */
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
  if (found === null) throw new Error(`a reply to a connect that the lab does not know: ${JSON.stringify(reply)}`);
  return { ok: true, name: `nvme${found[1] ?? ""}`, cntlid: Number(found[2]), reply };
}

/** Some of the kernel's errnos have no name in node (102, 126): the number tells. */
function errnoOf(error: unknown): number {
  if (error instanceof Error && "errno" in error && typeof error.errno === "number") return Math.abs(error.errno);
  throw error;
}

function numberOf(name: string): number {
  return Number(/\d+/.exec(name)?.[0] ?? -1);
}

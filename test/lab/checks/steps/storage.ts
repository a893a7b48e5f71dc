/** The storage of most checks, and the guest kernel's connections to it. */
import { readdirSync, statSync } from "node:fs";
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../../src/core/domain/transport-id.js";
import type { Seconds } from "../../../../src/core/domain/units.js";
import { HOST_ID, HOST_NQN } from "../../guest/daemon.js";
import { attribute, connect, controllers, type ControllerView } from "../../guest/fabrics.js";
import type { Lab } from "../../guest/lab.js";
import { cable, type NetworkNamespace } from "../../guest/network.js";
import type { Target } from "../../guest/target.js";
import { waitFor } from "../../guest/wait.js";

const CLASS = "/sys/class/nvme";

export interface Place {
  readonly traddr: string;
  readonly trsvcid: string;
}

/** Port 1 of the target, with its discovery controller and the linked volumes. */
export const HOME: Place = { traddr: "127.0.0.1", trsvcid: "8009" };
export const HOME_ID = 1;

/** Port 2, in another network namespace, at the other end of a cable. */
export const FAR: Place = { traddr: "10.99.0.2", trsvcid: "8009" };
export const FAR_ID = 2;
/** The host's end of the cable. */
export const CABLE = "here";

export const IDENTITY = `hostnqn=${HOST_NQN},hostid=${HOST_ID}`;
const OTHER_UUID = "99999999-2222-3333-4444-555555555555";
export const OTHER_HOST_NQN = `nqn.2014-08.org.nvmexpress:uuid:${OTHER_UUID}`;
export const OTHER_IDENTITY = `hostnqn=${OTHER_HOST_NQN},hostid=${OTHER_UUID}`;

/** The NQN of a volume: a subsystem without namespaces, which is enough for a connection. */
export function volume(number: number): string {
  return `nqn.2024-01.io.stas.lab:volume-${number}`;
}

/** The NQNs of volumes `first` to `last`. */
export function volumes(first: number, last: number): readonly string[] {
  return Array.from({ length: last - first + 1 }, (_, at) => volume(first + at));
}

/** Opens the home port and links the `shown` volumes to it. Makes the `hidden` volumes without linking them. */
export function serve(target: Target, shown: readonly string[], hidden: readonly string[] = []): void {
  target.port({ id: HOME_ID, traddr: HOME.traddr, trsvcid: Number(HOME.trsvcid) });
  for (const nqn of [...shown, ...hidden]) target.subsystem(nqn);
  for (const nqn of shown) target.link(HOME_ID, nqn);
}

/** Lays the cable and serves volumes at its other end. Returns the namespace there. */
export function serveFar(lab: Lab, shown: readonly string[]): NetworkNamespace {
  const there = lab.namespace();
  cable({ name: CABLE, address: "10.99.0.1/24" }, { name: "there", address: `${FAR.traddr}/24` }, there);
  lab.target.port({ id: FAR_ID, traddr: FAR.traddr, trsvcid: Number(FAR.trsvcid) });
  for (const nqn of shown) {
    lab.target.subsystem(nqn);
    lab.target.link(FAR_ID, nqn, there);
  }
  return there;
}

/** Connects by hand, as an administrator would, and returns the device. */
export function connectByHand(nqn: string, { traddr, trsvcid }: Place, more = "", identity = IDENTITY): string {
  const place = `transport=tcp,traddr=${traddr},trsvcid=${trsvcid}`;
  const kato = nqn === WELL_KNOWN_DISCOVERY_NQN ? ",keep_alive_tmo=30" : "";
  const made = connect(`nqn=${nqn},${place},nr_io_queues=1,${identity}${kato}${more}`);
  if (!made.ok) throw new Error(`a connection by hand to ${nqn} failed with errno ${made.errno}`);
  return made.name;
}

/** The live connections to volumes. */
export function liveVolumes(): readonly ControllerView[] {
  return controllers().filter(({ state, nqn }) => state === "live" && nqn !== WELL_KNOWN_DISCOVERY_NQN);
}

/** The live connections to discovery controllers. */
export function liveDcs(): readonly ControllerView[] {
  return controllers().filter(({ state, nqn }) => state === "live" && nqn === WELL_KNOWN_DISCOVERY_NQN);
}

/** The device of the only connection to a subsystem; `undefined` if it has none or several. */
export function deviceFor(nqn: string): string | undefined {
  const found = controllers().filter((one) => one.nqn === nqn);
  return found.length === 1 ? found[0]?.name : undefined;
}

/** Waits until exactly these volumes have one live connection each. */
export async function allLive(nqns: readonly string[], limit: Seconds): Promise<void> {
  const wanted = [...nqns].sort().join(" ");
  const live = (): string =>
    liveVolumes()
      .map(({ nqn }) => nqn)
      .sort()
      .join(" ");
  // Names first: reading every state costs an emulated processor more than the daemon itself does.
  await waitFor(
    `the expected volumes to be live (${nqns.length})`,
    limit,
    () => deviceNames().length >= nqns.length && live() === wanted,
    () => `${deviceNames().length} controllers; live volumes: ${live()}`,
  );
}

export function deviceNames(): readonly string[] {
  return readdirSync(CLASS);
}

/** Every controller by name, with its sysfs inode, which distinguishes it from an earlier controller with the same name. */
export function instances(): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of [...deviceNames()].sort()) {
    if (attribute(name, "state") === undefined) continue;
    found[name] = String(statSync(`${CLASS}/${name}`, { bigint: true }).ino);
  }
  return found;
}

/** Default values of a scenario. */
import type { InterfaceSpec } from "../../adapters/sim/spec.js";
import { Milliseconds } from "../../core/domain/units.js";

export const DEFAULT_SEED = 1;

export const DEFAULT_HOST_ID = "8f2a6c1e-0b57-4d3c-9a41-5e7d90c2b618";

export const DEFAULT_HOST_NQN = `nqn.2014-08.org.nvmexpress:uuid:${DEFAULT_HOST_ID}`;

export const DEFAULT_HOST_NAME = "host1";

export const DEFAULT_INTERFACES: readonly InterfaceSpec[] = [
  { name: "eth0", mac: "02:00:00:00:00:01", addresses: ["192.168.1.10/24"] },
];

export const DEFAULT_KERNEL_VERSION = "6.12";

/** Uevents of a few hundred bytes that fit an 8 MiB receive buffer: of a burst of 5,000, none was lost. */
export const DEFAULT_UEVENT_BUFFER = 5_000;

export const DEFAULT_NAMESPACES = 1;

/** Port of a discovery controller (IANA). */
export const DISCOVERY_PORT = 8009;

/** Time to live of the PTR, SRV and TXT records of a service (RFC 6762, 10). */
export const DEFAULT_TTL = Milliseconds(75 * 60_000);

/** How long a run continues after the last time that the scenario mentions. */
export const UNTIL_MARGIN = Milliseconds(60_000);

/** MAC address of the host's n-th interface (0-based), locally administered. */
export function defaultMac(index: number): string {
  const number = index + 1;
  const bytes = [0x02, 0, 0, 0, (number >> 8) & 0xff, number & 0xff];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

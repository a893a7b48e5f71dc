/** Every behaviour of the contract suite. */
import { ADMIN } from "./admin.js";
import { type Behaviour, type PortName } from "./behaviour.js";
import { BUS } from "./bus.js";
import { CLOCK } from "./clock.js";
import { DNSSD } from "./dnssd.js";
import { FABRICS } from "./fabrics.js";
import { LOG } from "./log.js";
import { LOSS } from "./loss.js";
import { MDNS } from "./mdns.js";
import { NETWORK } from "./network.js";
import { REFUSALS } from "./refusals.js";
import { STORE } from "./store.js";
import { SYSFS } from "./sysfs.js";
import { SYSTEM } from "./system.js";
import { UDEV } from "./udev.js";

export const BEHAVIOURS: readonly Behaviour[] = [
  ...FABRICS,
  ...REFUSALS,
  ...ADMIN,
  ...SYSFS,
  ...LOSS,
  ...UDEV,
  ...NETWORK,
  ...MDNS,
  ...DNSSD,
  ...CLOCK,
  ...STORE,
  ...BUS,
  ...SYSTEM,
  ...LOG,
];

/** Ports whose adapters share nothing with the kernel's controllers. Their behaviours may run in parallel with others. */
export const APART: ReadonlySet<PortName> = new Set<PortName>([
  "network",
  "mdns",
  "dnssd",
  "clock",
  "store",
  "bus",
  "system",
  "log",
]);

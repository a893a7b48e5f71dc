/**
 * What was measured on real kernels, line by line, and where the simulation proves that it does the same. A fact that is
 * not modelled says why. A test counts them, and checks that each test named here exists.
 */
import type { Fact } from "./fact.js";
import { CONNECT_ERRORS, FABRICS_DEVICE, SYSFS } from "./facts-connect.js";
import { ADMIN, LOSS, UEVENTS, UNMEASURED } from "./facts-life.js";

export { testPath } from "./fact.js";

/** Every fact, in the order in which they were written down. */
export const KERNEL_FACTS: readonly Fact[] = [
  ...FABRICS_DEVICE,
  ...CONNECT_ERRORS,
  ...SYSFS,
  ...ADMIN,
  ...UEVENTS,
  ...LOSS,
  ...UNMEASURED,
];

/**
 * The facts that were measured on real kernels, and the tests that prove the same of the simulation. A fact that is not
 * modelled has a reason. A test counts the facts, and checks that each test named here exists.
 */
import type { Fact } from "./fact.js";
import { CONNECT_ERRORS, FABRICS_DEVICE, SYSFS } from "./facts-connect.js";
import { ADMIN, LOSS, UEVENTS, UNMEASURED } from "./facts-life.js";

export { testPath } from "./fact.js";

/** Every fact, by area. */
export const KERNEL_FACTS: readonly Fact[] = [
  ...FABRICS_DEVICE,
  ...CONNECT_ERRORS,
  ...SYSFS,
  ...ADMIN,
  ...UEVENTS,
  ...LOSS,
  ...UNMEASURED,
];

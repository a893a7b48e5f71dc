/** The contract suite on the simulated adapters. The lab runs it on the real ones. */
import { describe, expect, test } from "vitest";
import { expectedOn, observe, runsOn } from "./behaviour.js";
import { MEASURED_KERNELS } from "./host.js";
import { SimContractHost } from "./sim-host.js";
import { BEHAVIOURS } from "./suites.js";

describe.each(MEASURED_KERNELS)("kernel %s", (kernel) => {
  test.each(BEHAVIOURS.filter((behaviour) => runsOn(behaviour, kernel)))("$port: $name", async (behaviour) => {
    const { observed } = await observe(behaviour, new SimContractHost(kernel));
    expect(observed).toEqual(expectedOn(behaviour.differs?.simulated ?? behaviour.expected, kernel));
  });
});

/** The type of a measured fact. */
import type { KernelVersion } from "../../../../src/adapters/sim/spec.js";

/** The kernels that showed a fact: every profile, or these. */
type FactKernels = "all" | readonly KernelVersion[];

type FactStatus =
  | { readonly kind: "modelled"; readonly file: TestFile; readonly test: string }
  | { readonly kind: "not-modelled"; readonly reason: string };

type TestFile = "connect" | "uevents" | "lifecycle" | "admin" | "sysfs" | "network";

export interface Fact {
  /** Area and number. Never changes, because other texts refer to it. */
  readonly id: string;
  readonly statement: string;
  readonly kernels: FactKernels;
  readonly status: FactStatus;
}

/** The path of a test file, from the root of the repository. */
export function testPath(file: TestFile): string {
  return `test/unit/sim/kernel-${file}.test.ts`;
}

/** A fact that a test proves. */
export function fact(id: string, statement: string, file: TestFile, test: string, kernels: FactKernels = "all"): Fact {
  return { id, statement, kernels, status: { kind: "modelled", file, test } };
}

/** A fact that the simulation leaves out. */
export function missing(id: string, statement: string, reason: string, kernels: FactKernels = "all"): Fact {
  return { id, statement, kernels, status: { kind: "not-modelled", reason } };
}

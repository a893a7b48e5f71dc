import { BaseSequencer } from "vitest/node";

/** Test files that take seconds, the slowest first. */
const SLOW = [
  "test/mutants/mutants.test.ts",
  "test/scenarios/mdns.test.ts",
  "test/scenarios/bugs.test.ts",
  "test/mutants/runner.test.ts",
  "test/scenarios/others.test.ts",
  "test/unit/harness/scenario-write.test.ts",
  "test/unit/harness/scenario-fuzz.test.ts",
  "test/property/mdns-providers.test.ts",
  "test/property/nbft.test.ts",
];

/**
 * Starts slow files first, so that two workers end together; then the others by name. vitest's own order depends on what
 * earlier runs took: then two runs of the same tree would differ.
 */
export class SlowFirst extends BaseSequencer {
  /**
   * @override
   * @param {import("vitest/node").TestSpecification[]} files
   * @returns {Promise<import("vitest/node").TestSpecification[]>}
   */
  sort(files) {
    /** @param {import("vitest/node").TestSpecification} file */
    const rank = ({ moduleId }) => {
      const at = SLOW.findIndex((path) => moduleId.endsWith(`/${path}`));
      return at < 0 ? SLOW.length : at;
    };
    return Promise.resolve(
      [...files].sort((a, b) => rank(a) - rank(b) || (a.moduleId < b.moduleId ? -1 : a.moduleId > b.moduleId ? 1 : 0)),
    );
  }
}

/** @typedef {import("vitest/node").Reporter} Reporter */

/**
 * Ends a vitest run with `N passed, N failed` alone on a line, for readers that are programs.
 * @implements {Reporter}
 */
export class CountsReporter {
  /**
   * @param {ReadonlyArray<import("vitest/node").TestModule>} modules
   * @param {ReadonlyArray<unknown>} unhandledErrors
   * @returns {void}
   */
  onTestRunEnd(modules, unhandledErrors) {
    let passed = 0;
    // What failed outside any test counts too: a file that does not load, an error nobody caught.
    let failed = unhandledErrors.length;
    let skipped = 0;
    for (const module of modules) {
      if (module.errors().length > 0) failed += 1;
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) failed += 1;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") passed += 1;
        else if (state === "failed") failed += 1;
        else skipped += 1;
      }
    }
    if (skipped > 0) process.stdout.write(`${String(skipped)} skipped\n`);
    process.stdout.write(`${String(passed)} passed, ${String(failed)} failed\n`);
  }
}

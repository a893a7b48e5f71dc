import { configDefaults, defineConfig } from "vitest/config";
import { CountsReporter } from "./scripts/counts-reporter.js";
import { SlowFirst } from "./scripts/slow-first.js";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
    exclude: [...configDefaults.exclude, "test/fixtures/**", "test/lab/**"],
    // Two cores: one worker each; within a file, two at a time of what runs child processes.
    pool: "threads",
    maxWorkers: 2,
    maxConcurrency: 2,
    // The files of a worker share its modules, which saves half of the time. test/setup.ts fails a file that leaves traces.
    isolate: false,
    sequence: { sequencer: SlowFirst },
    testTimeout: 20_000,
    // No module imports a scenario: `npm run watch` has to be told who reads it.
    watchTriggerPatterns: [
      {
        pattern: /\/sim\/scenarios\/.+\.yaml$/,
        testsToRun: () => ["mdns", "bugs", "others"].map((name) => `test/scenarios/${name}.test.ts`),
      },
    ],
    slowTestThreshold: 1_000,
    reporters: ["default", new CountsReporter()],
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text", "html"],
      reportsDirectory: "coverage",
    },
  },
});

#!/usr/bin/env node
/**
 * `stas-daemon`. CommonJS, because it must set the pool size before Node's thread pool starts, and loading an ES module starts it.
 * Calls that block in the kernel for seconds must leave threads for everything else.
 */
/** Equals `POOL_THREADS` in src/adapters/real/lane.ts, which says why. A test compares the two. */
process.env["UV_THREADPOOL_SIZE"] = "128";

void import("./stas-daemon-main.js").then(({ main }) => main(process.argv.slice(2)));

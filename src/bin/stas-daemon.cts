#!/usr/bin/env node
/**
 * `stas-daemon`. CommonJS, because it must speak before Node's thread pool starts, which loading an ES module does: calls
 * that block in the kernel for seconds are to leave threads for everything else.
 */
/** `POOL_THREADS` of src/adapters/real/lane.ts, which says why; a test holds them together. */
process.env["UV_THREADPOOL_SIZE"] = "128";

void import("./stas-daemon-main.js").then(({ main }) => main(process.argv.slice(2)));

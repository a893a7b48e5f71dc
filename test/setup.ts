/** Properties draw from a fixed seed, so that a test run can be repeated. FAST_CHECK_SEED=N sets another seed. */
import fc from "fast-check";

const DEFAULT_SEED = 20_261_122;

fc.configureGlobal({ seed: Number(process.env["FAST_CHECK_SEED"] ?? DEFAULT_SEED) });

/** Properties draw from one seed, so that a run of the tests can be had again. FAST_CHECK_SEED=N draws from another. */
import fc from "fast-check";

const DEFAULT_SEED = 20_261_122;

fc.configureGlobal({ seed: Number(process.env["FAST_CHECK_SEED"] ?? DEFAULT_SEED) });

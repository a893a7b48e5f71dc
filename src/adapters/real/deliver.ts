import type { CoreEvent } from "../../core/ports/index.js";

/** Puts an event into the inbox. It reaches the core later, never inside this call. */
export type Deliver = (event: CoreEvent) => void;

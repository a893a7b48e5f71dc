import type { CoreEvent } from "../../core/ports/index.js";

/** Puts an event into the inbox of the process. It enters the core later, never inside the call. */
export type Deliver = (event: CoreEvent) => void;

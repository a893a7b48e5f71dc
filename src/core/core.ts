import type { CoreEvent, Ports } from "./ports/index.js";

/** Which services this core carries out: both in one process, or one of two processes. */
export type CoreServices = "both" | "staf" | "stac";

/** The whole state of a core: a plain, versioned, JSON-safe value. */
export interface CoreSnapshot {
  readonly version: 1;
  readonly services: CoreServices;
  readonly state: unknown;
}

/** The decisions. `dispatch` is the only way in, the ports are the only way out. */
export class Core {
  constructor(_ports: Ports, _services: CoreServices) {}

  dispatch(_event: CoreEvent): void {}

  snapshot(): CoreSnapshot {
    return { version: 1, services: "both", state: undefined };
  }

  static restore(ports: Ports, snapshot: CoreSnapshot): Core {
    return new Core(ports, snapshot.services);
  }
}

/** What a core starts with. */
import { emptyIndex } from "./kernel/device-index.js";
import { initialStac } from "./stac/service.js";
import { initialStaf } from "./staf/service.js";
import { emptyLines } from "./state/controller.js";
import { initialMdns } from "./state/mdns.js";
import type { CoreServices, CoreState } from "./state/state.js";

export function initialState(services: CoreServices): CoreState {
  return {
    services,
    phase: "new",
    nextRequest: 1,
    nextController: 1,
    requests: new Map(),
    timers: new Map(),
    identity: undefined,
    interfaces: [],
    bootTables: new Map(),
    fabricsOptions: "not-asked",
    kernel: emptyIndex(),
    controllers: new Map(),
    byKey: new Map(),
    byPlace: new Map(),
    lines: emptyLines(),
    queue: { alive: new Set() },
    names: new Map(),
    handOns: new Map(),
    mdns: initialMdns(),
    staf: services === "stac" ? undefined : initialStaf(),
    stac: services === "staf" ? undefined : initialStac(),
    said: new Set(),
  };
}

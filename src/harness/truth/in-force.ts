/** The configuration in force: a file counts from a start or reload on. A file that is not valid changes nothing. */
import type { ProcessName } from "../../adapters/sim/observation.js";
import { parseStacConfig } from "../../core/config/stacd.js";
import { parseStafConfig } from "../../core/config/stafd.js";
import type { CommonConfig, StacConfig, StafConfig } from "../../core/config/types.js";
import type { Milliseconds } from "../../core/domain/units.js";
import { SYS_CONFIG } from "../../core/identity.js";
import type { ServiceName } from "../../core/ports/bus.js";
import type { CoreEvent } from "../../core/ports/index.js";
import { STAC_CONFIG } from "../../core/stac/service.js";
import { STAF_CONFIG } from "../../core/staf/service.js";
import type { RunFacts } from "../observers/run-facts.js";

/** Whether a process runs a service. */
export function runs(process: ProcessName, service: ServiceName): boolean {
  return process === "stas" || process === service;
}

/** The options that connections are made with under a configuration: other options allow to make one again. */
function optionsText({ connection, controllers }: CommonConfig, system: string): string {
  return JSON.stringify([connection, controllers.map(({ options }) => options), system]);
}

/** The configuration of both services, as their processes last read it. */
export class InForce {
  readonly #view: Pick<RunFacts, "readFile" | "now">;
  readonly #options = new Map<ServiceName, { readonly text: string; readonly since: Milliseconds }>();
  #staf: StafConfig | undefined;
  #stac: StacConfig | undefined;

  constructor(view: Pick<RunFacts, "readFile" | "now">) {
    this.#view = view;
  }

  /** staf's; `undefined` while no valid file was read. */
  get staf(): StafConfig | undefined {
    return this.#staf;
  }

  /** stac's; `undefined` while no valid file was read. */
  get stac(): StacConfig | undefined {
    return this.#stac;
  }

  /** When the options of a service's connections last changed; `undefined` if they never did. */
  optionsSince(service: ServiceName): Milliseconds | undefined {
    return this.#options.get(service)?.since;
  }

  /** An event is about to enter a core. */
  dispatched(process: ProcessName, event: CoreEvent): void {
    if (event.kind !== "control" || event.action === "stop") return;
    if (runs(process, "staf")) {
      const parsed = parseStafConfig(STAF_CONFIG, this.#view.readFile(STAF_CONFIG) ?? "");
      if (parsed.ok) this.#staf = this.#took("staf", parsed.value);
    }
    if (runs(process, "stac")) {
      const parsed = parseStacConfig(STAC_CONFIG, this.#view.readFile(STAC_CONFIG) ?? "");
      if (parsed.ok) this.#stac = this.#took("stac", parsed.value);
    }
  }

  #took<Config extends CommonConfig>(service: ServiceName, config: Config): Config {
    const text = optionsText(config, this.#view.readFile(SYS_CONFIG) ?? "");
    if (this.#options.get(service)?.text !== text) this.#options.set(service, { text, since: this.#view.now() });
    return config;
  }
}

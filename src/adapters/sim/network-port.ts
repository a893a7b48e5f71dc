import type { HostInfo, NetworkInterface, NetworkPort, ProbedEvent, ProbeTarget } from "../../core/ports/network.js";
import type { RequestId } from "../../core/ports/request.js";
import type { SimClock } from "./clock.js";
import type { NetworkModel } from "./net/paths.js";
import type { SimProcess } from "./process.js";
import type { SimResolver } from "./resolver.js";
import type { HostSpec } from "./spec.js";

/** The os-release of the simulated host. */
const OS = { osName: "Debian GNU/Linux", osVersion: "12" };

/** The network as one process sees it. */
export class SimNetworkPort implements NetworkPort {
  readonly #process: SimProcess;
  readonly #clock: SimClock;
  readonly #network: NetworkModel;
  readonly #resolver: SimResolver;
  readonly #hostInfo: HostInfo;

  constructor(process: SimProcess, clock: SimClock, network: NetworkModel, resolver: SimResolver, host: HostSpec) {
    this.#process = process;
    this.#clock = clock;
    this.#network = network;
    this.#resolver = resolver;
    this.#hostInfo = { hostName: host.name, kernel: `Linux ${host.kernel.version}`, ...OS };
  }

  interfaces(): readonly NetworkInterface[] {
    return this.#process.alive ? this.#network.interfaces() : [];
  }

  hostInfo(): HostInfo {
    return this.#hostInfo;
  }

  resolve(request: RequestId, name: string): void {
    if (!this.#process.alive) return;
    this.#resolver.resolve(name, (result) => {
      this.#process.deliver({ kind: "resolved", request, result });
    });
  }

  /** The outcome is fixed at the time of the call: a probe takes milliseconds, or gets no answer at all. */
  probe(request: RequestId, target: ProbeTarget): void {
    if (!this.#process.alive) return;
    const outcome = this.#network.probe(target);
    const result: ProbedEvent["result"] = outcome.ok ? { ok: true } : { ok: false, errno: outcome.errno };
    this.#clock.after(outcome.after, () => {
      this.#process.deliver({ kind: "probed", request, result });
    });
  }
}

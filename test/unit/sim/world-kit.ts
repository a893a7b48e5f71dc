/** A small world for tests: one discovery controller, no subsystem, and cores with a behaviour per test. */
import type { ProcessName, TimedObservation, WorldObservation } from "../../../src/adapters/sim/observation.js";
import type { HostSpec, NetworkSpec, WorldSpec } from "../../../src/adapters/sim/spec.js";
import { createHeapClock } from "../../../src/adapters/sim/heap-clock.js";
import type { SimClock } from "../../../src/adapters/sim/clock.js";
import { createWorld } from "../../../src/adapters/sim/world.js";
import type { SimulatedWorld } from "../../../src/adapters/sim/world-api.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { CoreEvent, Ports } from "../../../src/core/ports/index.js";
import type { RequestId } from "../../../src/core/ports/request.js";

export const ms = Milliseconds;

/** A request number. */
export function request(number: number): RequestId {
  return number as RequestId;
}

interface SpecParts {
  readonly host?: Partial<HostSpec>;
  readonly network?: Partial<NetworkSpec>;
  readonly ueventBuffer?: number;
}

export const DC_ADDRESS = "192.168.1.20";

/** The daemon's connect string for `dc1`. */
export const CONNECT_DC = `transport=tcp,traddr=${DC_ADDRESS},trsvcid=8009,nqn=nqn.2014-08.org.nvmexpress.discovery,hostnqn=nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555,hostid=11111111-2222-3333-4444-555555555555`;

export function makeSpec({ host, network, ueventBuffer }: SpecParts = {}): WorldSpec {
  return {
    seed: 1,
    host: {
      kernel: {
        version: "6.12",
        controllers: [],
        ueventBuffer: ueventBuffer ?? 100,
        attributesAfter: ms(0),
        jitter: 0,
      },
      nqn: "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555",
      id: "11111111-2222-3333-4444-555555555555",
      name: "host1",
      processes: "one",
      nvmeCli: "absent",
      interfaces: [{ name: "eth0", mac: "02:00:00:00:00:01", addresses: ["192.168.1.10/24"] }],
      files: {},
      binaryFiles: {},
      ...host,
    },
    network: { links: [], routes: [], names: {}, responders: [], avahi: "up", ...network },
    fabric: {
      discoveryControllers: [
        {
          id: "dc1",
          kind: "plain",
          listen: [{ transport: "tcp", traddr: DC_ADDRESS, trsvcid: "8009", state: "up" }],
          entries: [],
          answers: [],
          pleo: false,
          extdlpes: false,
          padding: "nul",
        },
      ],
      subsystems: [],
    },
  };
}

/** What a core does with an event. Nothing by default. */
type Behaviour = (event: CoreEvent, ports: Ports) => void;

/** An event that a core received. */
interface Given {
  readonly at: number;
  readonly process: ProcessName;
  readonly event: CoreEvent;
}

/** A world, with all its events and observations. */
export class TestBed {
  readonly world: SimulatedWorld;
  readonly given: Given[] = [];
  readonly seen: TimedObservation[] = [];
  readonly crashes: { readonly process: ProcessName; readonly error: unknown }[] = [];
  /** The ports of the latest life of each process. */
  readonly ports = new Map<ProcessName, Ports>();
  /** A test may set this to act on observations. */
  onSeen: (observation: WorldObservation) => void = () => undefined;

  constructor(spec: WorldSpec, behaviour: Behaviour = () => undefined, clock: SimClock = createHeapClock()) {
    this.world = createWorld(
      spec,
      {
        boot: (process, ports) => {
          this.ports.set(process, ports);
          return {
            dispatch: (event) => {
              this.given.push({ at: this.world.now(), process, event });
              behaviour(event, ports);
            },
          };
        },
        observe: (at, observation) => {
          this.seen.push({ at, observation });
          this.onSeen(observation);
        },
        crashed: (process, error) => this.crashes.push({ process, error }),
      },
      clock,
    );
  }

  start(): this {
    this.world.apply({ kind: "start", process: "both" });
    return this;
  }

  /** Runs for so many milliseconds. */
  run(forMs: number): this {
    this.world.runUntil(ms(this.world.now() + forMs));
    return this;
  }

  kinds(): readonly string[] {
    return this.given.map(({ event }) => event.kind);
  }

  events<K extends CoreEvent["kind"]>(kind: K): readonly Extract<CoreEvent, { kind: K }>[] {
    const isOfKind = (event: CoreEvent): event is Extract<CoreEvent, { kind: K }> => event.kind === kind;
    return this.given.map(({ event }) => event).filter(isOfKind);
  }

  observations<K extends WorldObservation["kind"]>(kind: K): readonly Extract<WorldObservation, { kind: K }>[] {
    const isOfKind = (seen: WorldObservation): seen is Extract<WorldObservation, { kind: K }> => seen.kind === kind;
    return this.seen.map(({ observation }) => observation).filter(isOfKind);
  }

  portsOf(process: ProcessName): Ports {
    const ports = this.ports.get(process);
    if (ports === undefined) throw new Error(`${process} never started`);
    return ports;
  }
}

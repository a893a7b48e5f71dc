/** The world of the recorded logs: a host, and the kernel's own target with four ports, two subsystems and a private one. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { encodeLatin1 } from "../../../src/core/codec/text.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import { createHeapClock } from "../../../src/adapters/sim/heap-clock.js";
import { FabricModel } from "../../../src/adapters/sim/fabric/fabric.js";
import type { FabricsResult, KernelHandle } from "../../../src/adapters/sim/kernel/kernel.js";
import { KernelModel } from "../../../src/adapters/sim/kernel/kernel.js";
import { KERNEL_PROFILES } from "../../../src/adapters/sim/kernel/profiles.js";
import { NetworkModel } from "../../../src/adapters/sim/net/paths.js";
import type { WorldObservation } from "../../../src/adapters/sim/observation.js";
import { randomStream } from "../../../src/adapters/sim/random.js";
import { carryOut, type Models, type WorldAction } from "../../../src/adapters/sim/actions.js";
import type {
  DiscoveryControllerSpec,
  FabricSpec,
  InterfaceSpec,
  KernelSpec,
  KernelVersion,
  ListenSpec,
  NetworkSpec,
  SubsystemSpec,
} from "../../../src/adapters/sim/spec.js";

export const HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555";
export const HOST_ID = "11111111-2222-3333-4444-555555555555";
export const HOST = `hostnqn=${HOST_NQN},hostid=${HOST_ID}`;
export const WELL_KNOWN = "nqn.2014-08.org.nvmexpress.discovery";
export const NQN_A = "nqn.2024-01.io.lab:subsys-a";
export const NQN_B = "nqn.2024-01.io.lab:subsys-b";

export function tcp(traddr: string, trsvcid: string, state: ListenSpec["state"] = "up"): ListenSpec {
  return { transport: "tcp", traddr, trsvcid, state };
}

export function discoveryController(
  id: string,
  listen: readonly ListenSpec[],
  more: Partial<DiscoveryControllerSpec> = {},
): DiscoveryControllerSpec {
  return {
    id,
    kind: "plain",
    listen,
    entries: [],
    answers: [],
    pleo: false,
    extdlpes: false,
    padding: "nul",
    ...more,
  };
}

export function subsystem(
  id: string,
  nqn: string,
  listen: readonly ListenSpec[],
  more: Partial<SubsystemSpec> = {},
): SubsystemSpec {
  return { id, nqn, listen, namespaces: 1, ...more };
}

/** Ports 1 to 4 of the logs. */
export const LAB_FABRIC: FabricSpec = {
  discoveryControllers: [
    discoveryController("port1", [tcp("127.0.0.1", "8009")], {
      entries: [
        { kind: "subsystem", id: "a", ncc: false, listen: 0 },
        { kind: "subsystem", id: "b", ncc: false, listen: 0 },
      ],
    }),
    discoveryController("port2", [tcp("192.168.77.1", "8009")], {
      entries: [{ kind: "subsystem", id: "a", ncc: false, listen: 1 }],
    }),
    discoveryController("port4", [tcp("::1", "8009")]),
    discoveryController("silent", [tcp("127.0.0.1", "5555", "silent")]),
    discoveryController("closes", [tcp("127.0.0.1", "5556", "closes")]),
    discoveryController("garbage", [tcp("127.0.0.1", "5557", "garbage")]),
    discoveryController("far", [tcp("10.99.0.2", "8009")]),
  ],
  subsystems: [
    subsystem("a", NQN_A, [
      tcp("127.0.0.1", "8009"),
      tcp("192.168.77.1", "8009"),
      tcp("127.0.0.1", "4420"),
      tcp("::1", "8009"),
      tcp("10.99.0.2", "4420"),
      tcp("10.99.0.2", "8009"),
    ]),
    subsystem("b", NQN_B, [tcp("127.0.0.1", "8009"), tcp("127.0.0.1", "4420")]),
    subsystem("private", "nqn.2024-01.io.lab:private", [tcp("127.0.0.1", "4420")], { allowedHosts: [] }),
  ],
};

const LAB_INTERFACES: readonly InterfaceSpec[] = [
  { name: "dummy0", mac: "d2:4d:a6:4c:c1:8f", addresses: ["192.168.77.1/24"] },
  { name: "vh", mac: "96:13:b9:34:e6:6b", addresses: ["10.99.0.1/24"] },
];

const NO_MODEL = { apply: () => "no model" };

const NO_MODELS: Models = {
  kernel: NO_MODEL,
  uevents: NO_MODEL,
  fabric: NO_MODEL,
  network: NO_MODEL,
  names: NO_MODEL,
  mdns: NO_MODEL,
  avahi: NO_MODEL,
  files: NO_MODEL,
  processes: NO_MODEL,
  bus: NO_MODEL,
  units: NO_MODEL,
  clock: NO_MODEL,
};

const LAB_NETWORK: NetworkSpec = { links: [], routes: [], names: {}, responders: [], avahi: "absent" };

interface LabSetup {
  readonly version?: KernelVersion;
  readonly kernel?: Partial<KernelSpec>;
  readonly fabric?: FabricSpec;
  readonly network?: Partial<NetworkSpec>;
  readonly interfaces?: readonly InterfaceSpec[];
  readonly seed?: number;
}

interface Sent {
  readonly at: number;
  readonly header: string;
  readonly message: Uint8Array;
}

export class Lab {
  readonly clock = createHeapClock();
  readonly network: NetworkModel;
  readonly fabric: FabricModel;
  readonly kernel: KernelModel;
  readonly uevents: Sent[] = [];
  readonly observed: { readonly at: number; readonly what: WorldObservation }[] = [];

  constructor(setup: LabSetup = {}) {
    const version = setup.version ?? "6.12";
    this.network = new NetworkModel({ ...LAB_NETWORK, ...setup.network }, setup.interfaces ?? LAB_INTERFACES);
    this.fabric = new FabricModel(setup.fabric ?? LAB_FABRIC, this.network, KERNEL_PROFILES[version].firmware);
    this.kernel = new KernelModel({
      clock: this.clock,
      random: (label) => randomStream(setup.seed ?? 1, label),
      network: this.network,
      fabric: this.fabric,
      spec: {
        version,
        controllers: [],
        ueventBuffer: 1000,
        attributesAfter: Milliseconds(0),
        jitter: 0,
        ...setup.kernel,
      },
      host: { nqn: HOST_NQN, id: HOST_ID },
      stepWall: () => undefined,
      observe: (what) => this.observed.push({ at: this.clock.now(), what }),
    });
    this.kernel.onUevent((message, header) => this.uevents.push({ at: this.clock.now(), header, message }));
    this.kernel.boot();
  }

  now(): number {
    return this.clock.now();
  }

  /** Runs for `ms`. Returns the number of clock events. */
  run(ms: number): number {
    const until = Milliseconds(this.clock.now() + ms);
    let steps = 0;
    for (let at = this.clock.nextAt(); at !== undefined && at <= until; at = this.clock.nextAt()) {
      this.clock.step();
      steps++;
    }
    this.clock.advanceTo(until);
    return steps;
  }

  /** Runs until `value` returns something, at most 10 minutes. */
  until<T>(value: () => T | undefined): T {
    const end = this.clock.now() + 600_000;
    for (;;) {
      const found = value();
      if (found !== undefined) return found;
      const next = this.clock.nextAt();
      if (next === undefined || next > end) throw new Error("it never happened");
      this.clock.step();
    }
  }

  /** Throws if the action's target does not exist, or the lab has no model for it. */
  apply(action: WorldAction): void {
    if (!this.offer(action)) throw new Error(`the action ${action.kind} found no target`);
  }

  /** Whether the action's target exists. */
  offer(action: WorldAction): boolean {
    const { kernel, fabric, network } = this;
    return carryOut({ ...NO_MODELS, kernel, fabric, network }, action) === undefined;
  }

  /** Begins a connect. The returned box gets the result later. */
  begin(text: string): { result: FabricsResult | undefined; took: number } {
    const box: { result: FabricsResult | undefined; took: number } = { result: undefined, took: 0 };
    const from = this.clock.now();
    this.kernel.connect("administrator", "administrator", text, (result) => {
      box.result = result;
      box.took = this.clock.now() - from;
    });
    return box;
  }

  connect(text: string): { readonly result: FabricsResult; readonly took: number } {
    const box = this.begin(text);
    const result = this.until(() => box.result);
    return { result, took: box.took };
  }

  /** Connects. Returns the device name. Throws if the connect fails. */
  connected(text: string): string {
    const { result } = this.connect(text);
    if (!result.ok) throw new Error(`errno ${String(result.errno)}`);
    return `nvme${/instance=(\d+)/.exec(result.text)?.[1] ?? "?"}`;
  }

  handle(name: string, purpose: "admin" | "delete"): KernelHandle {
    const opened = this.kernel.openHandle(name, purpose);
    if (!opened.ok) throw new Error(`errno ${String(opened.errno)}`);
    return opened.handle;
  }

  /** Writes to `delete_controller`, and runs until the write returns. */
  delete(name: string): { readonly errno: number; readonly took: number } {
    const from = this.clock.now();
    let errno: number | undefined;
    this.kernel.deleteThrough("administrator", this.handle(name, "delete"), (result) => {
      errno = result.ok ? 0 : result.errno;
    });
    const ended = this.until(() => errno);
    return { errno: ended, took: this.clock.now() - from };
  }

  /** The state changes of a device since the start. */
  states(name: string): { readonly to: string; readonly at: number }[] {
    return this.observed.flatMap(({ at, what }) =>
      what.kind === "controller-state" && what.name === name ? [{ to: what.to, at }] : [],
    );
  }

  headers(): string[] {
    return this.uevents.map(({ header }) => header);
  }

  attribute(name: string, attribute: string): string | undefined {
    return this.kernel.attributes().get(name)?.get(attribute);
  }

  state(name: string): string | undefined {
    return this.attribute(name, "state")?.trim();
  }
}

/** The lines of a uevent, as the logs show them. */
export function linesOf(message: Uint8Array): string[] {
  const text = Buffer.from(message).toString("latin1");
  if (!text.endsWith("\0")) throw new Error("no trailing NUL");
  return text.slice(0, -1).split("\0");
}

const UEVENTS = z.object({ messages: z.array(z.object({ len: z.number(), lines: z.array(z.string()) })) });

/** The recorded uevents of a log, as bytes. */
export function recordedUevents(log: string): Uint8Array[] {
  const parsed = UEVENTS.parse(fixture(`uevents/${log}.json`));
  return parsed.messages.map(({ len, lines }) => {
    const bytes = encodeLatin1(`${lines.join("\0")}\0`);
    if (bytes.length !== len) throw new Error("a fixture lacks bytes");
    return bytes;
  });
}

/** A file of test/fixtures, parsed as JSON. */
export function fixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), "utf8"));
}

/**
 * A central discovery controller in user space, for the lab and the tests: NVMe/TCP, with what the kernel's own target
 * lacks. A real kernel connects to it. What it is and what happens to it is told as plain data (schema.ts), what it saw is
 * read as plain data (journal.ts), so that one in a process of its own (process.ts) is used in the same way.
 *
 * ```ts
 * const cdc = await Cdc.start({ kind: "cdc", entries: [subsystem("nqn.2024-01.io.example:vol1", "10.0.0.1", 4420)] });
 * await cdc.change({ do: "rule", rule: { when: { opcode: 0x21 }, deed: { kind: "reject", status: 0x4002 }, times: 1 } });
 * const { registrations } = await cdc.seen();
 * ```
 */
import type { Seen } from "./journal.js";
import { Model } from "./model.js";
import {
  type BuiltEntry,
  type Change,
  type Entry,
  type Options,
  type ResolvedChange,
  changeSchema,
  optionsSchema,
} from "./schema.js";
import { CdcServer, type Port } from "./server.js";

export type { Seen } from "./journal.js";
export type { Change, Entry, Options } from "./schema.js";
export type { Port } from "./server.js";

/** A CDC, wherever it runs. */
export interface CdcControl {
  /** Where it listens, in the order of the options, with the port numbers that were drawn. */
  readonly ports: readonly Port[];
  /** Done when it resolves; rejects where the change makes no sense, and changes nothing then. */
  change(change: Change): Promise<void>;
  seen(): Promise<Seen>;
  /** Ends it with its connections. */
  close(): Promise<void>;
}

/** An NVM subsystem on tcp. */
export function subsystem(subnqn: string, traddr: string, trsvcid: number, more: BuiltEntry = {}): Entry {
  return { subtype: "nvme", subnqn, traddr, trsvcid: String(trsvcid), ...more };
}

/** A referral to another discovery controller on tcp. */
export function referral(traddr: string, trsvcid: number, more: BuiltEntry = {}): Entry {
  return { subtype: "referral", traddr, trsvcid: String(trsvcid), ...more };
}

/** The entry of a discovery controller for itself. */
export function itself({ address, port, portid }: Port, more: BuiltEntry = {}): Entry {
  return { subtype: "current-discovery", traddr: address, trsvcid: String(port), portid, ...more };
}

/** A CDC in this process. It answers only while this process does not block: a blocking connect to it hangs until it times out. */
export class Cdc implements CdcControl {
  readonly #model: Model;
  readonly #server: CdcServer;

  /** Rejects with zod's error for options that make no sense, with the system's where it cannot listen. */
  static async start(options: Options = {}): Promise<Cdc> {
    const resolved = optionsSchema.parse(options);
    const model = new Model(resolved);
    const server = new CdcServer(model, resolved.listen);
    await server.listen();
    return new Cdc(model, server);
  }

  private constructor(model: Model, server: CdcServer) {
    this.#model = model;
    this.#server = server;
  }

  get ports(): readonly Port[] {
    return this.#server.ports;
  }

  async change(change: Change): Promise<void> {
    await this.#apply(changeSchema.parse(change));
  }

  async seen(): Promise<Seen> {
    return this.#model.journal.seen(this.#server.associations.map(({ seen }) => seen));
  }

  async close(): Promise<void> {
    this.#server.close();
  }

  async #apply(change: ResolvedChange): Promise<void> {
    const model = this.#model;
    switch (change.do) {
      case "entries":
        this.#setEntries(change);
        return;
      case "genctr":
        model.turn(change.value);
        return;
      case "header":
        model.header = change;
        return;
      case "identity":
        model.identify(change);
        return;
      case "hosts":
        model.access = change;
        return;
      case "aen":
        for (const { controller } of this.#server.associations) controller?.raise(change.event, change.mask);
        return;
      case "rule":
        if (!model.addRule(change.rule)) throw new Error("too many rules");
        return;
      case "forget-rules":
        model.forgetRules();
        return;
      case "manner":
        model.manner = change.manner;
        return;
      case "stall":
      case "resume":
        model.stalled = change.do === "stall";
        this.#server.stall();
        return;
      case "drop":
        this.#server.drop(change.how, change.hostnqn);
        return;
      case "unlisten":
        this.#server.unlisten();
        return;
      case "listen":
        return this.#server.listen();
      case "forget":
        model.journal.forget();
        return;
    }
  }

  /** A host is told where it sees a difference. */
  #setEntries({ entries, announce }: Extract<ResolvedChange, { do: "entries" }>): void {
    const readers = this.#server.associations.flatMap(({ controller }) => controller ?? []);
    const before = readers.map((controller) => controller.visible());
    this.#model.setEntries(entries);
    if (announce === "quiet") return;
    readers.forEach((controller, index) => {
      if (Buffer.compare(controller.visible(), before[index] ?? NO_BYTES) !== 0)
        controller.raise(DISCOVERY_CHANGED, "kept");
    });
  }
}

const NO_BYTES = new Uint8Array(0);

/** Notice, discovery log page change, log page 0x70 (the kernel shows it as `NVME_AEN=0x70f002`). */
const DISCOVERY_CHANGED = 0x70f002;

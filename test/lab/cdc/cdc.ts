/**
 * A central discovery controller in user space, for the lab and the tests: NVMe/TCP, with the features that the kernel's own
 * target lacks. A real kernel connects to it. Options and changes are plain data (schema.ts), and so is what it saw
 * (journal.ts), so a CDC in a separate process (process.ts) works the same way.
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

/** A CDC, in this process or another. */
export interface CdcControl {
  /** Where it listens, in the order of the options, with the actual port numbers. */
  readonly ports: readonly Port[];
  /** Resolves when the change is done. Rejects an invalid change, and then changes nothing. */
  change(change: Change): Promise<void>;
  seen(): Promise<Seen>;
  /** Closes the CDC and its connections. */
  close(): Promise<void>;
}

/** An entry for an NVM subsystem over tcp. */
export function subsystem(subnqn: string, traddr: string, trsvcid: number, more: BuiltEntry = {}): Entry {
  return { subtype: "nvme", subnqn, traddr, trsvcid: String(trsvcid), ...more };
}

/** A referral to another discovery controller over tcp. */
export function referral(traddr: string, trsvcid: number, more: BuiltEntry = {}): Entry {
  return { subtype: "referral", traddr, trsvcid: String(trsvcid), ...more };
}

/** A discovery controller's entry for itself. */
export function itself({ address, port, portid }: Port, more: BuiltEntry = {}): Entry {
  return { subtype: "current-discovery", traddr: address, trsvcid: String(port), portid, ...more };
}

/** A CDC in this process. It cannot answer while this process blocks: a blocking connect to it hangs until it times out. */
export class Cdc implements CdcControl {
  readonly #model: Model;
  readonly #server: CdcServer;

  /** Rejects with zod's error for invalid options, or with the system's error if it cannot listen. */
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

  /** Notifies the hosts that see a difference. */
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

/** A notice, discovery log page changed, log page 0x70. The kernel shows it as `NVME_AEN=0x70f002`. */
const DISCOVERY_CHANGED = 0x70f002;

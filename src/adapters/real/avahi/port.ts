/** DNS-SD through Avahi, over D-Bus. Avahi and the bus may be missing, may go and may come back. */
import type { DnssdPort } from "../../../core/ports/dnssd.js";
import type { LogPort } from "../../../core/ports/log.js";
import type { ForeignService, Presence } from "../bus/foreign.js";
import type { Message } from "../bus/wire.js";
import type { Deliver } from "../deliver.js";
import { Lane } from "../lane.js";
import { interfaceName, SYS_CLASS_NET } from "../network/interfaces.js";
import { Browsing } from "./browsing.js";
import { readSignal } from "./wire.js";

/** Calls to Avahi in flight at once. */
const CALLS_MAX = 32;

interface RealDnssdOptions {
  /** The service `AVAHI` on the bus. */
  readonly avahi: ForeignService;
  readonly deliver: Deliver;
  readonly log: LogPort;
  /** Replaces /sys/class/net. */
  readonly sysClassNet?: string;
}

export class RealDnssd implements DnssdPort {
  readonly #options: RealDnssdOptions;
  readonly #lane = new Lane(CALLS_MAX);
  #followed = false;
  #types: readonly string[] = [];
  /** What the core was told about Avahi since the last browse. */
  #told: "nothing" | "up" | "down" = "nothing";
  #browsing: Browsing | undefined;
  /** Counts browses, so that a late answer to an earlier browse is ignored. */
  #browse = 0;
  #malformedTold = false;

  constructor(options: RealDnssdOptions) {
    this.#options = options;
  }

  /** Asks the bus to start Avahi if it is absent. Reports nothing until Avahi's presence is certain. */
  browse(types: readonly string[]): void {
    this.#browsing?.close();
    this.#browsing = undefined;
    this.#types = types;
    this.#told = "nothing";
    this.#browse += 1;
    if (types.length === 0) return;
    if (!this.#followed) this.#follow();
    this.#onPresence(this.#options.avahi.presence);
  }

  #follow(): void {
    this.#followed = true;
    this.#options.avahi.follow({
      presence: (presence) => {
        this.#onPresence(presence);
      },
      signal: (message) => {
        this.#onSignal(message);
      },
    });
  }

  #onPresence(presence: Presence): void {
    if (this.#types.length === 0) return;
    switch (presence) {
      case "unknown":
        return;
      case "there":
        if (this.#told !== "up") this.#open();
        return;
      case "absent":
        if (this.#told === "nothing") this.#activate();
        else this.#down();
        return;
      case "no-bus":
        this.#down();
        return;
    }
  }

  #open(): void {
    this.#tell("up");
    const { avahi, deliver, log, sysClassNet = SYS_CLASS_NET } = this.#options;
    const nameOf = (index: number): string | undefined => interfaceName(sysClassNet, index);
    const failed = (why: string): void => {
      if (this.#told === "down") return;
      log.write({ level: "warning", text: `Avahi does not browse (${why}): the daemon asks again later` });
      this.#browsing?.close();
      this.#browsing = undefined;
      this.#down();
    };
    this.#browsing = new Browsing({ avahi, lane: this.#lane, deliver, log, nameOf, failed }, this.#types);
  }

  #activate(): void {
    const { avahi } = this.#options;
    const browse = this.#browse;
    avahi.activate(() => {
      // If the bus started Avahi, it has been reported as up by now.
      if (browse === this.#browse && this.#told === "nothing") this.#down();
    });
  }

  #down(): void {
    this.#browsing?.forget();
    this.#browsing = undefined;
    if (this.#told !== "down") this.#tell("down");
  }

  #tell(state: "up" | "down"): void {
    this.#told = state;
    this.#options.deliver({ kind: "dnssd-daemon", up: state === "up" });
  }

  #onSignal(message: Message): void {
    if (this.#browsing === undefined) return;
    const signal = readSignal(message);
    this.#browsing.onSignal(signal);
    if (signal.kind !== "malformed" || this.#malformedTold) return;
    this.#malformedTold = true;
    const text = "a signal from Avahi cannot be parsed and is dropped; more like it are dropped without a log line";
    this.#options.log.write({ level: "warning", text });
  }
}

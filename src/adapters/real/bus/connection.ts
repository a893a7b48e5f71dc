/** Keeps a connection to the bus: whenever it is lost, connects again, without end. */
import { errnoName } from "../../../core/domain/errno.js";
import { formatDuration, Milliseconds } from "../../../core/domain/units.js";
import type { LogPort } from "../../../core/ports/log.js";
import type { BusAddress } from "./address.js";
import { Link, type LinkHandlers, type LinkLoss } from "./link.js";
import type { BusTiming } from "./limits.js";

interface ConnectionHandlers extends Omit<LinkHandlers, "down" | "unreadable"> {
  /** There is no bus: it was lost, or the first attempt found none. Called once until the next `up`. */
  down(): void;
}

interface ConnectionOptions {
  /** Each attempt tries them in order. */
  readonly addresses: readonly BusAddress[];
  readonly timing: BusTiming;
  readonly log: LogPort;
}

/** What the log says about the current outage so far. */
type Told = "nothing" | "down" | "back";

export class BusConnection {
  readonly #options: ConnectionOptions;
  readonly #handlers: ConnectionHandlers;
  /** The current connection or attempt. */
  #trying: Link | undefined;
  #link: Link | undefined;
  #state: "unknown" | "up" | "down" = "unknown";
  #told: Told = "nothing";
  #delay: Milliseconds;
  #timer: NodeJS.Timeout | undefined;
  #unreadableTold = false;

  constructor(options: ConnectionOptions, handlers: ConnectionHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#delay = options.timing.reconnectFirst;
  }

  /** The connection while it is up. */
  get link(): Link | undefined {
    return this.#link;
  }

  /** `unknown` until the first attempt ends. */
  get state(): "unknown" | "up" | "down" {
    return this.#state;
  }

  /** Starts to connect. Without any address there is no bus, and it makes no attempt. */
  open(): void {
    if (this.#options.addresses.length > 0) {
      this.#attempt(0);
      return;
    }
    this.#state = "down";
    this.#handlers.down();
  }

  /** Ends the connection for good. */
  close(): void {
    clearTimeout(this.#timer);
    this.#trying?.close();
    this.#link = undefined;
  }

  #attempt(index: number): void {
    const { addresses, timing } = this.#options;
    const address = addresses[index];
    if (address === undefined) return;
    const { call, tooLarge, signal } = this.#handlers;
    const handlers: LinkHandlers = {
      up: (link) => {
        this.#onUp(link);
      },
      down: (loss) => {
        const wasUp = this.#link !== undefined;
        this.#link = undefined;
        if (!wasUp && index + 1 < addresses.length) this.#attempt(index + 1);
        else this.#onDown(loss, wasUp ? "was up" : "was not up");
      },
      call,
      tooLarge,
      signal,
      unreadable: () => {
        this.#onUnreadable();
      },
    };
    this.#trying = new Link(address, handlers, timing);
  }

  #onUp(link: Link): void {
    const { timing, log } = this.#options;
    this.#link = link;
    this.#state = "up";
    if (this.#told === "down") {
      this.#told = "back";
      log.write({ level: "notice", text: "the D-Bus system bus is back" });
    }
    this.#timer = setTimeout(() => {
      this.#told = "nothing";
      this.#delay = timing.reconnectFirst;
    }, timing.stable);
    this.#handlers.up(link);
  }

  #onDown(loss: LinkLoss, before: "was up" | "was not up"): void {
    const { timing, log, addresses } = this.#options;
    clearTimeout(this.#timer);
    if (this.#told === "nothing") {
      this.#told = "down";
      const where = addresses.map(({ text }) => text).join(", ");
      const what = before === "was up" ? "lost the D-Bus system bus" : "there is no D-Bus system bus";
      log.write({
        level: "warning",
        text:
          `${what} at ${where} (${describeLoss(loss)}): the daemon keeps working, but no client can reach it; ` +
          `it looks for the bus again at least every ${formatDuration(timing.reconnectLongest)}`,
      });
    }
    const wasKnown = this.#state === "down";
    this.#state = "down";
    this.#timer = setTimeout(() => {
      this.#attempt(0);
    }, this.#delay);
    this.#delay = Milliseconds(Math.min(this.#delay * 2, timing.reconnectLongest));
    if (!wasKnown) this.#handlers.down();
  }

  #onUnreadable(): void {
    if (this.#unreadableTold) return;
    this.#unreadableTold = true;
    const text = "a message on the bus cannot be parsed and is dropped; more like it are dropped without a log line";
    this.#options.log.write({ level: "warning", text });
  }
}

function describeLoss(loss: LinkLoss): string {
  switch (loss.kind) {
    case "errno":
      return errnoName(loss.errno);
    case "closed":
      return "it closed the connection";
    case "refused":
      return "it refuses this user";
    case "silent":
      return "it does not answer";
    case "garbled":
      return "what it sends is not D-Bus";
    case "congested":
      return "it does not read what is sent";
  }
}

import { isCompletion, type CoreEvent } from "./ports/index.js";

/** The classes of waiting events, in the order in which they enter the core. */
const CLASSES = ["uevents", "completions", "timers", "bus calls", "control"] as const;

function classOf(event: CoreEvent): number {
  if (isCompletion(event)) return 1;
  switch (event.kind) {
    case "uevent":
    case "uevent-overflow":
      return 0;
    case "network-changed":
    case "mdns-datagram":
    case "dnssd-found":
    case "dnssd-lost":
    case "dnssd-daemon":
      return 1;
    case "timer":
      return 2;
    case "bus-call":
    case "bus-signal":
    case "bus-peer":
    case "bus-state":
      return 3;
    case "control":
      return 4;
  }
}

/** Holds events that wait for the core. Returns them one at a time: by class, then in the order they came. */
export class Inbox {
  readonly #queues: CoreEvent[][] = CLASSES.map(() => []);
  readonly #heads: number[] = CLASSES.map(() => 0);

  put(event: CoreEvent): void {
    this.#queues[classOf(event)]?.push(event);
  }

  take(): CoreEvent | undefined {
    for (let i = 0; i < this.#queues.length; i++) {
      const queue = this.#queues[i];
      const head = this.#heads[i] ?? 0;
      const event = queue?.[head];
      if (queue === undefined || event === undefined) continue;
      if (head + 1 === queue.length) {
        queue.length = 0;
        this.#heads[i] = 0;
      } else {
        this.#heads[i] = head + 1;
      }
      return event;
    }
    return undefined;
  }
}

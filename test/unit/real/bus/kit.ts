/** Real buses on a bus of the test, and what they deliver and log. */
import { onTestFinished } from "vitest";
import { BUS_TIMING, type BusTiming } from "../../../../src/adapters/real/bus/limits.js";
import { RealBus } from "../../../../src/adapters/real/bus/port.js";
import { Milliseconds } from "../../../../src/core/domain/units.js";
import type { BusCallEvent, BusReplyEvent, ServiceName } from "../../../../src/core/ports/bus.js";
import type { CoreEvent } from "../../../../src/core/ports/index.js";
import type { LogRecord } from "../../../../src/core/ports/log.js";
import { TestBus } from "./test-bus.js";

/** Attempts follow at once. What is not to happen in a test takes as long as ever. */
const TIMING: BusTiming = {
  ...BUS_TIMING,
  reconnectFirst: Milliseconds(1),
  reconnectLongest: Milliseconds(10),
  nameRetry: Milliseconds(1),
};

/** What grew so far, and may be waited for. */
export class Growing<T> {
  readonly all: T[] = [];
  readonly #waiting: { readonly test: (one: T) => boolean; readonly done: (one: T) => void }[] = [];
  #seen = 0;

  readonly add = (one: T): void => {
    this.all.push(one);
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.test(one)) waiting.done(one);
      else this.#waiting.push(waiting);
    }
  };

  /** The first that passes: among those that no earlier call has looked at, or that are still to come. */
  async next(test: (one: T) => boolean): Promise<T> {
    for (; this.#seen < this.all.length; this.#seen++) {
      const one = this.all[this.#seen] as T;
      if (test(one)) {
        this.#seen += 1;
        return one;
      }
    }
    const found = await new Promise<T>((done) => this.#waiting.push({ test, done }));
    this.#seen = this.all.lastIndexOf(found) + 1;
    return found;
  }
}

export interface Member {
  readonly bus: RealBus;
  readonly events: Growing<CoreEvent>;
  readonly log: Growing<LogRecord>;
}

/** A bus that runs, until the test is over. */
export async function startBus(): Promise<TestBus> {
  const bus = new TestBus();
  await bus.start();
  onTestFinished(() => bus.end());
  return bus;
}

/** A process with these services, until the test is over. */
export function join(address: string, services: readonly ServiceName[], timing: Partial<BusTiming> = {}): Member {
  const events = new Growing<CoreEvent>();
  const log = new Growing<LogRecord>();
  const bus = new RealBus({
    services,
    address,
    deliver: events.add,
    log: { write: log.add },
    timing: { ...TIMING, ...timing },
  });
  onTestFinished(() => bus.close());
  return { bus, events, log };
}

/** A process with these services, once it owns their names. */
export async function joined(
  bus: TestBus,
  services: readonly ServiceName[],
  timing?: Partial<BusTiming>,
): Promise<Member> {
  const member = join(bus.address, services, timing);
  await bus.until(() => services.every((service) => bus.ownerOf(`org.nvmexpress.${service}`) !== undefined));
  return member;
}

export async function nextCall({ events }: Member): Promise<BusCallEvent> {
  const event = await events.next(({ kind }) => kind === "bus-call");
  if (event.kind !== "bus-call") throw new Error("unreachable");
  return event;
}

export async function nextReply({ events }: Member): Promise<BusReplyEvent> {
  const event = await events.next(({ kind }) => kind === "bus-reply");
  if (event.kind !== "bus-reply") throw new Error("unreachable");
  return event;
}

export function lines(log: readonly LogRecord[]): readonly string[] {
  return log.map(({ level, text }) => `${level} ${text}`);
}

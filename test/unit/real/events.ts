/** The events and log records of a port, with a way to wait for events. */
import type { CoreEvent } from "../../../src/core/ports/index.js";
import type { LogPort, LogRecord } from "../../../src/core/ports/log.js";

export class Delivered {
  readonly events: CoreEvent[] = [];
  #wake: () => void = () => undefined;

  readonly deliver = (event: CoreEvent): void => {
    this.events.push(event);
    this.#wake();
  };

  /** The events, as soon as there are `count` of them. */
  async count(count: number): Promise<readonly CoreEvent[]> {
    while (this.events.length < count) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.events;
  }
}

export class Logged implements LogPort {
  readonly records: LogRecord[] = [];

  write(record: LogRecord): void {
    this.records.push(record);
  }
}

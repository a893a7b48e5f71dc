/** Feeds events to a core one at a time, on Node's event loop. */
import { Inbox } from "../../core/inbox.js";
import type { CoreEvent } from "../../core/ports/index.js";

/** Events dispatched per turn of the event loop, so that a flood starves no socket or timer. */
const EVENTS_PER_TURN = 256;

/** The receiver of the events: a core. */
interface EventSink {
  dispatch(event: CoreEvent): void;
}

/** What to do about our own bugs. */
interface CrashHooks {
  /** Code that must not throw did, so an event is half handled. The loop stops the core next. */
  crashed(error: unknown): void;
  /** It threw again: the process has to end. */
  gaveUp(): void;
}

const START: CoreEvent = { kind: "control", action: "start" };
const STOP: CoreEvent = { kind: "control", action: "stop" };

/** Every event reaches the core through `deliver`; none before `start` or after `stop`. */
export class EventLoop {
  readonly #inbox = new Inbox();
  readonly #hooks: CrashHooks;
  #sink: EventSink | undefined;
  #turn: NodeJS.Immediate | undefined;
  #crashed = false;

  constructor(hooks: CrashHooks) {
    this.#hooks = hooks;
  }

  readonly deliver = (event: CoreEvent): void => {
    this.#inbox.put(event);
    this.#schedule();
  };

  /** Dispatches the start event, then the events that waited for it. */
  start(sink: EventSink): void {
    this.#sink = sink;
    this.#dispatch(START);
    this.#schedule();
  }

  stop(): void {
    this.#sink = undefined;
  }

  /**
   * Handles our own bug, in the core or in an adapter. The first stops the core, so that it leaves connections as the configuration
   * says; the second ends it.
   */
  fail(error: unknown): void {
    this.#hooks.crashed(error);
    if (this.#crashed || this.#sink === undefined) {
      this.stop();
      this.#hooks.gaveUp();
      return;
    }
    this.#crashed = true;
    this.#dispatch(STOP);
  }

  #schedule(): void {
    if (this.#sink === undefined || this.#turn !== undefined) return;
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      this.#takeTurn();
    });
  }

  #takeTurn(): void {
    for (let count = 0; count < EVENTS_PER_TURN; count++) {
      if (this.#sink === undefined) return;
      const event = this.#inbox.take();
      if (event === undefined) return;
      this.#dispatch(event);
    }
    this.#schedule();
  }

  #dispatch(event: CoreEvent): void {
    try {
      this.#sink?.dispatch(event);
    } catch (error) {
      this.fail(error);
    }
  }
}

/** Feeds a core its events, one at a time, on Node's event loop. */
import { Inbox } from "../../core/inbox.js";
import type { CoreEvent } from "../../core/ports/index.js";

/** Events dispatched before the event loop gets its turn, so that a flood starves no socket and no timer. */
const EVENTS_PER_TURN = 256;

/** What takes the events: a core. */
interface EventSink {
  dispatch(event: CoreEvent): void;
}

/** What becomes of our own bugs. */
interface CrashHooks {
  /** Something threw that must not: an event is half handled. The core is told to stop, next. */
  crashed(error: unknown): void;
  /** It threw once more: nothing is left but to end. */
  gaveUp(): void;
}

const START: CoreEvent = { kind: "control", action: "start" };
const STOP: CoreEvent = { kind: "control", action: "stop" };

/** Everything that reaches the core goes through `deliver`; nothing enters before `start`, nor after `stop`. */
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

  /** Dispatches the start, then all that waited for it. */
  start(sink: EventSink): void {
    this.#sink = sink;
    this.#dispatch(START);
    this.#schedule();
  }

  stop(): void {
    this.#sink = undefined;
  }

  /**
   * Our own bug, in the core or in an adapter. The first makes the core stop, so that connections are left as the configuration
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

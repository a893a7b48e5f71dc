/** How decorated ports report what a core does, and how its calls leave it. */
import type { ProcessName } from "../../adapters/sim/observation.js";
import type { BusCallId } from "../../core/ports/bus.js";
import type { LogRecord } from "../../core/ports/log.js";
import type { ProbeTarget } from "../../core/ports/network.js";
import type { RequestId } from "../../core/ports/request.js";
import { setArmed } from "../tripwire.js";

/** A call of a core on a port, as triggers of a time line and counts see it. */
export interface PortCall {
  readonly process: ProcessName;
  /** `clock.arm`, `fabrics.connect`, `bus.reply` ... */
  readonly name: string;
  /** What it is about: connect options, a path, a bus method; empty if there is nothing to add. */
  readonly subject: string;
  readonly phase: "before" | "after";
  /** Set if an event answers the call. */
  readonly request: RequestId | undefined;
  /** Set for `bus.reply`. */
  readonly replyTo: BusCallId | undefined;
  /** Set for `network.probe`. */
  readonly probe: ProbeTarget | undefined;
  /** Set for `fabrics.admin` of a discovery log page: a read begins with the header and ends when the event is cleared. */
  readonly pageRead: { readonly device: string; readonly step: "begin" | "end" } | undefined;
}

/** What a call is about, besides its name. What does not apply is absent. */
export type CallDetails = Pick<PortCall, "subject"> &
  Partial<Pick<PortCall, "request" | "replyTo" | "probe" | "pageRead">>;

/** Where decorated ports report what a core does. */
export interface PortSink {
  /** Adds a record; `body` is the inside of a JSON object. */
  record(process: ProcessName, body: string): void;
  /** Called around each call that a scenario can wait for or count. Runs outside the core. */
  called(call: PortCall): void;
  /** Called for each log record, before it is passed on. */
  logged(process: ProcessName, record: LogRecord): void;
}

/** What a traced port needs: the sink, and the process it belongs to. */
export class Teller {
  readonly #sink: PortSink;
  readonly #process: ProcessName;

  constructor(sink: PortSink, process: ProcessName) {
    this.#sink = sink;
    this.#process = process;
  }

  /** Records a call without an answer, then makes it outside the core. */
  call(name: string, details: CallDetails, args: string, run: () => void): void {
    this.#sink.record(this.#process, `"call":"${name}"${args}`);
    const armed = setArmed(false);
    try {
      this.#sink.called(this.#portCall(name, "before", details));
      run();
      this.#sink.called(this.#portCall(name, "after", details));
    } finally {
      setArmed(armed);
    }
  }

  /** Records a hot call that nothing waits for, then makes it outside the core. */
  quick(body: string, run: () => void): void {
    this.#sink.record(this.#process, body);
    const armed = setArmed(false);
    try {
      run();
    } finally {
      setArmed(armed);
    }
  }

  /** Makes a call that answers at once, outside the core. Records it with its answer. */
  ask<T>(run: () => T, body: (answer: T) => string): T {
    const armed = setArmed(false);
    try {
      const answer = run();
      this.#sink.record(this.#process, body(answer));
      return answer;
    } finally {
      setArmed(armed);
    }
  }

  /** Makes a call without recording it: every record holds its answer. */
  silent<T>(run: () => T): T {
    const armed = setArmed(false);
    try {
      return run();
    } finally {
      setArmed(armed);
    }
  }

  /** Written out: to spread details of many shapes would cost as much as the call. */
  #portCall(name: string, phase: PortCall["phase"], details: CallDetails): PortCall {
    const { subject, request, replyTo, probe, pageRead } = details;
    return { process: this.#process, name, phase, subject, request, replyTo, probe, pageRead };
  }

  logged(record: LogRecord): void {
    this.#sink.logged(this.#process, record);
  }
}

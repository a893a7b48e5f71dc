import { ERRNO } from "../../core/domain/errno.js";
import { Milliseconds } from "../../core/domain/units.js";
import type { OsFailure } from "../../core/ports/request.js";
import type { SimClock } from "./clock.js";
import type { NameAnswer } from "./spec.js";

/** glibc waits for a silent name server twice, 5 s each (resolv.conf(5)). */
export const RESOLVER_TIMEOUT = Milliseconds(10_000);

/** An answer of a nearby name server. Nominal, not measured. */
const ANSWER_TAKES = Milliseconds(1);

/** Sets the answer for a name from now on. */
export interface NameAction {
  readonly kind: "name";
  readonly name: string;
  readonly answer: NameAnswer;
}

/** Whose each of these actions is: see `TARGETS`. */
export const NAME_ACTIONS: Readonly<Record<NameAction["kind"], "names">> = { name: "names" };

type Resolved = { readonly ok: true; readonly addresses: readonly string[] } | OsFailure;

/**
 * The name servers of a simulated host. ENOENT: the name does not exist. EAGAIN: the server failed. ETIMEDOUT: the
 * server was silent. The answer is the one that was set when the query came.
 */
export class SimResolver {
  readonly #clock: SimClock;
  readonly #answers: Map<string, NameAnswer>;
  /** How often each rotating name was answered. */
  readonly #turns = new Map<string, number>();

  constructor(clock: SimClock, names: Readonly<Record<string, NameAnswer>>) {
    this.#clock = clock;
    this.#answers = new Map(Object.entries(names));
  }

  apply({ name, answer }: NameAction): undefined {
    this.#answers.set(name, answer);
  }

  /** What the name server answers now; `undefined` if the name does not exist. */
  answerFor(name: string): NameAnswer | undefined {
    return this.#answers.get(name);
  }

  resolve(name: string, done: (result: Resolved) => void): void {
    const answer = this.#answers.get(name);
    if (answer === undefined) this.#finish(ANSWER_TAKES, { ok: false, errno: ERRNO.ENOENT }, done);
    else if (answer.kind === "silent") this.#finish(RESOLVER_TIMEOUT, { ok: false, errno: ERRNO.ETIMEDOUT }, done);
    else if (answer.kind === "fails") this.#finish(answer.after, { ok: false, errno: ERRNO.EAGAIN }, done);
    else this.#finish(answer.after, { ok: true, addresses: this.#turned(name, answer) }, done);
  }

  #finish(after: Milliseconds, result: Resolved, done: (result: Resolved) => void): void {
    this.#clock.after(after, () => {
      done(result);
    });
  }

  #turned(name: string, answer: Extract<NameAnswer, { kind: "addresses" }>): readonly string[] {
    const { addresses, rotate } = answer;
    if (!rotate || addresses.length < 2) return addresses;
    const turn = (this.#turns.get(name) ?? 0) % addresses.length;
    this.#turns.set(name, turn + 1);
    return [...addresses.slice(turn), ...addresses.slice(0, turn)];
  }
}

/** Bytes or text from outside that do not decode. The world's fault: never ours, never the user's. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
  /** What was decoded: `uevent`, `discovery log`. */
  readonly what: string;
  /** What was wrong: a sentence of ours that holds no bytes of the input. */
  readonly problem: string;

  constructor(what: string, problem: string) {
    super(`${what}: ${problem}`);
    this.what = what;
    this.problem = problem;
  }
}

/** A value that has no place in the encoding it was meant for, such as an NQN that holds a comma in a connect string. */
export class EncodeError extends Error {
  override readonly name = "EncodeError";
  /** What was to be encoded: `connect options`, `discovery log entry`. */
  readonly what: string;
  /** What was wrong: a sentence of ours that holds no part of the value. */
  readonly problem: string;

  constructor(what: string, problem: string) {
    super(`${what}: ${problem}`);
    this.what = what;
    this.problem = problem;
  }
}

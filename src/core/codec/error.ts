/** Bytes or text from outside that cannot be decoded. The sender is at fault, not this project and not the user. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
  /** What was decoded: `uevent`, `discovery log`. */
  readonly what: string;
  /** What was wrong: a sentence from this project that holds no bytes of the input. */
  readonly problem: string;

  constructor(what: string, problem: string) {
    super(`${what}: ${problem}`);
    this.what = what;
    this.problem = problem;
  }
}

/** A value that its encoding cannot hold, such as an NQN with a comma in a connect string. */
export class EncodeError extends Error {
  override readonly name = "EncodeError";
  /** What should have been encoded: `connect options`, `discovery log entry`. */
  readonly what: string;
  /** What was wrong: a sentence from this project that holds no part of the value. */
  readonly problem: string;

  constructor(what: string, problem: string) {
    super(`${what}: ${problem}`);
    this.what = what;
    this.problem = problem;
  }
}

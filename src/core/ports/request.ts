declare const requestBrand: unique symbol;

/** Identifies a call that takes time. The core assigns it and never reuses it. */
export type RequestId = number & { readonly [requestBrand]: "request" };

export function RequestId(number: number): RequestId {
  // The only place that makes a request id from a number.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion
  return number as RequestId;
}

/** The operating system's answer to a failed call: the errno as a positive number (114 for EALREADY). */
export interface OsFailure {
  readonly ok: false;
  readonly errno: number;
}

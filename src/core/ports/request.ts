declare const requestBrand: unique symbol;

/** Numbers a call that takes time. Given by the core, never used twice by one core. */
export type RequestId = number & { readonly [requestBrand]: "request" };

export function RequestId(number: number): RequestId {
  // The one place where a number becomes a request's.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion
  return number as RequestId;
}

/** What the operating system answered where a call failed: the errno as a positive number (114 for EALREADY). */
export interface OsFailure {
  readonly ok: false;
  readonly errno: number;
}

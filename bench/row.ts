/** One line of the bench's table. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  readonly budget: string;
  readonly met: boolean;
}

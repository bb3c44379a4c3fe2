/** Measures and waits for spans of time. */
export interface Timer {
  /** Returns the milliseconds since a fixed moment. Unlike a clock, it never goes back. */
  readonly measure: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

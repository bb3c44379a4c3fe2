interface CountedTime {
  /** Tests that are due in this time are counted, in milliseconds. */
  readonly began: number;
  readonly ends: number;
  /** In minutes. */
  readonly interval: number;
}

/**
 * How late each due test of a connection began, in milliseconds after the beginning of its minute. `undefined` for a test that never
 * happened before the next one was due.
 */
export const summarizeLateness = (
  testedAt: readonly number[],
  slotMinute: number,
  { began, ends, interval }: CountedTime,
): readonly (number | undefined)[] => {
  const step = interval * 60_000;
  const first = Math.ceil((began - slotMinute * 60_000) / step) * step + slotMinute * 60_000;
  return Array.from({ length: Math.max(0, Math.ceil((ends - first) / step)) }, (_, n) => {
    const due = first + n * step;
    const times = testedAt.filter((at) => at >= due && at < due + step);
    return times.length === 0 ? undefined : Math.min(...times) - due;
  });
};

export const toPercentile = (values: readonly number[], percent: number): number | undefined => {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))];
  return value === undefined ? undefined : Math.round(value);
};

/** The intervals of scheduled tests, in minutes. 0 means never. */
export const testIntervals = [0, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 10_080] as const;
export type TestInterval = (typeof testIntervals)[number];

/** Resolves a stored interval. Earlier releases stored any number of minutes: it becomes the next longer interval, or the longest. */
export const resolveTestInterval = (minutes: number): TestInterval =>
  testIntervals.find((interval) => interval >= minutes) ?? 10_080;

/** The tests that connected, and all tests, of one hour since the epoch. */
export interface HourCount {
  readonly hour: number;
  readonly connected: number;
  readonly total: number;
}

export const MAX_LATENCIES = 50;
export const HOUR_MS = 3_600_000;
export const COUNTED_HOURS = 24;

/** The largest number that two bytes hold. Larger latencies and counts are stored as this. */
const MAX_UINT16 = 0xffff;

/** Two bytes each. */
export const encodeLatencies = (latencies: readonly number[]): Uint8Array =>
  encodeNumbers(latencies.slice(-MAX_LATENCIES));

export const decodeLatencies = (bytes: Uint8Array): number[] => decodeNumbers(bytes);

/** Two counts of two bytes for each of the hours up to the newest one. */
export const encodeHourCounts = (hours: readonly HourCount[]): Uint8Array => {
  const newest = hours.at(-1)?.hour;
  const oldest = hours.find(({ hour }) => newest !== undefined && hour > newest - COUNTED_HOURS)?.hour;
  if (newest === undefined || oldest === undefined) return new Uint8Array();
  const counts = new Map(hours.map((count) => [count.hour, count]));
  return encodeNumbers(
    Array.from({ length: newest - oldest + 1 }, (_, at) => counts.get(oldest + at)).flatMap((count) => [
      count?.connected ?? 0,
      count?.total ?? 0,
    ]),
  );
};

export const decodeHourCounts = (bytes: Uint8Array, newest: number): HourCount[] => {
  const numbers = decodeNumbers(bytes);
  const size = Math.floor(numbers.length / 2);
  return Array.from({ length: size }, (_, at) => ({
    hour: newest - size + 1 + at,
    connected: numbers[2 * at] ?? 0,
    total: numbers[2 * at + 1] ?? 0,
  })).filter(({ total }) => total > 0);
};

/** Adds one test. Hours that are a day older than the newest one are forgotten, and so is a test of such an hour. */
export const addToHour = (
  hours: readonly HourCount[],
  time: number,
  connected: boolean,
): readonly HourCount[] => {
  const hour = Math.floor(time / HOUR_MS);
  const before = hours.find((count) => count.hour === hour) ?? { hour, connected: 0, total: 0 };
  if (before.total >= MAX_UINT16) return hours;
  const after = { hour, connected: before.connected + Number(connected), total: before.total + 1 };
  const all = [...hours.filter((count) => count.hour !== hour), after].toSorted((a, b) => a.hour - b.hour);
  const newest = all.at(-1)?.hour ?? hour;
  return all.filter((count) => count.hour > newest - COUNTED_HOURS);
};

/** The share of the tests of the last 24 hours that connected; `null` without tests. */
export const measureAvailability = (hours: readonly HourCount[], now: number): number | null => {
  const hour = Math.floor(now / HOUR_MS);
  const counted = hours.filter((count) => count.hour > hour - COUNTED_HOURS && count.hour <= hour);
  const total = counted.reduce((sum, count) => sum + count.total, 0);
  const connected = counted.reduce((sum, count) => sum + count.connected, 0);
  return total === 0 ? null : Math.round((connected / total) * 10_000) / 10_000;
};

/** The smallest value that at least this share of the values does not exceed. */
export const measurePercentile = (values: readonly number[], share: number): number | null =>
  values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? null;

const encodeNumbers = (values: readonly number[]): Uint8Array => {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [at, value] of values.entries())
    bytes.writeUInt16BE(Math.min(MAX_UINT16, Math.max(0, Math.round(value))), at * 2);
  return new Uint8Array(bytes);
};

const decodeNumbers = (bytes: Uint8Array): number[] => {
  const buffer = Buffer.from(bytes);
  return Array.from({ length: Math.floor(buffer.length / 2) }, (_, at) => buffer.readUInt16BE(at * 2));
};

import { expect, test } from '@jest/globals';
import { summarizeLateness, toPercentile } from './lateness.ts';

const minutes = (n: number) => n * 60_000;
const counted = { began: minutes(100), ends: minutes(115), interval: 5 };

test('each due test is as late as the first test after it', () => {
  const tested = [minutes(102) + 7, minutes(107) + 70_000, minutes(112)];
  expect(summarizeLateness(tested, 2, counted)).toEqual([7, 70_000, 0]);
});

test('a test that did not happen before the next one was due was missed', () => {
  expect(summarizeLateness([minutes(102), minutes(112)], 2, counted)).toEqual([0, undefined, 0]);
});

test('a percentile is a value that occurred', () => {
  expect(toPercentile([3, 1, 2], 50)).toBe(2);
  expect(toPercentile([3, 1, 2], 99)).toBe(3);
  expect(toPercentile([], 50)).toBeUndefined();
});

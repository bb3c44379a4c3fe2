import { expect, test } from '@jest/globals';
import { createBudget, isTooLarge, spend, tooLarge } from '../../shared/network/budget.ts';
import { Problem } from '../../shared/problem.ts';

const spent = expect.objectContaining({ code: 'source-too-large' });

test('an allowance gives what it has, and then throws what it was told to', () => {
  const shared = { left: 3 };
  spend(shared, 2);
  spend(shared);
  expect(() => spend(shared)).toThrow(spent);
  const told = { left: 0, spent: () => new Problem('protocol-mismatch') };
  expect(() => spend(told)).toThrow(expect.objectContaining({ code: 'protocol-mismatch' }));
});

test('a budget counts steps', () => {
  const budget = createBudget({ steps: 10, depth: 1 });
  budget.step();
  budget.step(9);
  expect(budget.taken()).toBe(10);
  expect(() => budget.step()).toThrow(spent);
});

test('a budget bounds how deep work stands in work, not how often', () => {
  const budget = createBudget({ steps: 0, depth: 2 });
  const nest = (depth: number): number => (depth === 0 ? 0 : budget.descend(() => 1 + nest(depth - 1)));
  for (let times = 0; times < 5; times += 1) {
    expect(nest(2)).toBe(2);
    expect(() => nest(3)).toThrow(spent);
  }
});

test('only a spent budget is one', () => {
  expect(isTooLarge(tooLarge('so large', 'Ask for less.'))).toBe(true);
  expect(isTooLarge(new Problem('timeout'))).toBe(false);
  expect(tooLarge('so large', 'Ask for less.').extras.remediation).toBe('Ask for less.');
});

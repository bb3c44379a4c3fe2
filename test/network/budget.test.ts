import { expect, test } from '@jest/globals';
import {
  createBudget,
  isTooLargeProblem,
  spendAllowance,
  createTooLargeProblem,
} from '../../shared/network/budget.ts';
import { Problem } from '../../shared/problem.ts';

const spent = expect.objectContaining({ code: 'source-too-large' });

test('an allowance throws its own problem once it is used up', () => {
  const shared = { left: 3 };
  spendAllowance(shared, 2);
  spendAllowance(shared);
  expect(() => spendAllowance(shared)).toThrow(spent);
  const told = { left: 0, spent: () => new Problem('protocol-mismatch') };
  expect(() => spendAllowance(told)).toThrow(expect.objectContaining({ code: 'protocol-mismatch' }));
});

test('a budget counts steps', () => {
  const budget = createBudget({ steps: 10, depth: 1 });
  budget.step();
  budget.step(9);
  expect(budget.countSteps()).toBe(10);
  expect(() => budget.step()).toThrow(spent);
});

test('a budget limits the depth of nested work, not how often work nests', () => {
  const budget = createBudget({ steps: 0, depth: 2 });
  const nest = (depth: number): number => (depth === 0 ? 0 : budget.descend(() => 1 + nest(depth - 1)));
  for (let times = 0; times < 5; times += 1) {
    expect(nest(2)).toBe(2);
    expect(() => nest(3)).toThrow(spent);
  }
});

test('isTooLargeProblem recognises only source-too-large problems', () => {
  expect(isTooLargeProblem(createTooLargeProblem('so large', 'Ask for less.'))).toBe(true);
  expect(isTooLargeProblem(new Problem('timeout'))).toBe(false);
  expect(createTooLargeProblem('so large', 'Ask for less.').extras.remediation).toBe('Ask for less.');
});

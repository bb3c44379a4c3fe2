import type { ReadAllowance } from '../../network/budget.ts';
import { Problem } from '../../problem.ts';

export type { ReadAllowance };

/** Limits the bytes that a server may send: 1 MB before the login, and then what `allow` sets. */
export const createByteMeter = () => {
  let allowance: ReadAllowance = { left: 2 ** 20 };
  return {
    count: (chunk: Buffer): void => {
      if ((allowance.left -= chunk.length) < 0) throw (allowance.spent ?? createEndlessAnswerProblem)();
    },
    allow: (given: number | ReadAllowance): void => {
      allowance = typeof given === 'number' ? { left: given } : given;
    },
  };
};

export const createEndlessAnswerProblem = () =>
  new Problem('protocol-mismatch', 'Expected an answer within the size limit');

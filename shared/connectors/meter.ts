import type { Allowance } from '../network/budget.ts';
import { Problem } from '../problem.ts';

export type { Allowance };

/** Limits the bytes that a server may send: 1 MB before the login, and then what `allow` sets. */
export const createMeter = () => {
  let allowance: Allowance = { left: 2 ** 20 };
  return {
    count: (chunk: Buffer): void => {
      if ((allowance.left -= chunk.length) < 0) throw (allowance.spent ?? tooMuch)();
    },
    allow: (given: number | Allowance): void => {
      allowance = typeof given === 'number' ? { left: given } : given;
    },
  };
};

export const tooMuch = () =>
  new Problem('protocol-mismatch', 'Expected a short answer; the server sends without end');

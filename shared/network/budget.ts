import { Problem } from '../problem.ts';

/** A count of bytes, items or steps that goes down as they are used. Several readers may share one. */
export interface ReadAllowance {
  left: number;
  /** Creates the problem to throw when nothing is left. Default: `source-too-large`. */
  readonly spent?: () => Problem;
}

/** Throws when less is left than `amount`. */
export const spendAllowance = (allowance: ReadAllowance, amount = 1): void => {
  if ((allowance.left -= amount) < 0) throw (allowance.spent ?? createTooLargeProblem)();
};

export interface BudgetLimits {
  /** Units of work: characters or bytes examined, values created. */
  readonly steps: number;
  /** The maximum nesting. */
  readonly depth: number;
}

/** Limits the work of reading one piece of foreign data, independent of the sizes that the data declares. */
export interface Budget {
  step(amount?: number): void;
  /** Runs the work one nesting level deeper. */
  descend<T>(work: () => T): T;
  /** Returns the number of steps taken so far. */
  countSteps(): number;
}

export const createBudget = ({ steps, depth }: BudgetLimits): Budget => {
  const work: ReadAllowance = { left: steps };
  const levels: ReadAllowance = { left: depth };
  let taken = 0;
  return {
    step: (amount = 1) => {
      taken += amount;
      spendAllowance(work, amount);
    },
    descend: (inner) => {
      try {
        spendAllowance(levels);
        return inner();
      } finally {
        levels.left += 1;
      }
    },
    countSteps: () => taken,
  };
};

/** Foreign data exceeds a limit of size, depth or work. */
export const createTooLargeProblem = (detail?: string, remediation?: string): Problem =>
  new Problem('source-too-large', detail, remediation === undefined ? {} : { remediation });

export const isTooLargeProblem = (error: unknown): error is Problem =>
  error instanceof Problem && error.code === 'source-too-large';

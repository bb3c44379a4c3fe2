import { Problem } from '../problem.ts';

/** Bytes, items or steps that are counted down; several readers may share one. */
export interface Allowance {
  left: number;
  /** What to throw when nothing is left; without it `source-too-large`. */
  readonly spent?: () => Problem;
}

/** Counts down; throws once there is less left than is asked for. */
export const spend = (allowance: Allowance, amount = 1): void => {
  if ((allowance.left -= amount) < 0) throw (allowance.spent ?? tooLarge)();
};

export interface Limits {
  /** Work: characters or bytes looked at, values made. */
  readonly steps: number;
  /** How far one thing may stand within another. */
  readonly depth: number;
}

/** What the reading of one piece of foreign data may cost, whatever that data claims about itself. */
export interface Budget {
  step(amount?: number): void;
  /** Does work one level further down. */
  descend<T>(work: () => T): T;
  /** How many steps were taken. */
  taken(): number;
}

export const createBudget = ({ steps, depth }: Limits): Budget => {
  const work: Allowance = { left: steps };
  const levels: Allowance = { left: depth };
  let taken = 0;
  return {
    step: (amount = 1) => {
      taken += amount;
      spend(work, amount);
    },
    descend: (inner) => {
      try {
        spend(levels);
        return inner();
      } finally {
        levels.left += 1;
      }
    },
    taken: () => taken,
  };
};

/** Foreign data that is larger, deeper or more work than what is read of it. */
export const tooLarge = (detail?: string, remediation?: string): Problem =>
  new Problem('source-too-large', detail, remediation === undefined ? {} : { remediation });

/** Whether an error says that a budget is spent. */
export const isTooLarge = (error: unknown): error is Problem =>
  error instanceof Problem && error.code === 'source-too-large';

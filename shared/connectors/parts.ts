import { Problem, problems, type ProblemCode } from '../problem.ts';
import type { Missing } from './catalog.ts';
import type { Failure } from './connector.ts';
import { createPartFailures } from './retry.ts';

interface Options {
  readonly failure: (error: unknown) => Failure | undefined;
  /** What lets the account read all of it. */
  readonly grant: string;
}

/** What one part of a catalog is missed for, and how many of them. */
export interface Part {
  readonly reason: string;
  readonly count?: number;
  /** Takes back what came of it before it failed; half a key is no key. */
  readonly undo?: () => void;
}

/** Reads parts of a catalog each of which may fail without the others; throws what is wrong with the source as a whole. */
export const createParts = ({ failure, grant }: Options) => {
  const lacks = new Map<string, { count: number | undefined; readonly remediation: string }>();
  const failures = createPartFailures();

  const note = ({ reason, count, undo }: Part, { code, native, remediation }: Failure) => {
    undo?.();
    const known = lacks.get(reason);
    if (known) known.count = known.count === undefined ? undefined : known.count + (count ?? 0);
    else {
      const cure = remediation ?? problems[code].cure;
      const told = native === undefined ? cure : `${cure} (${native})`;
      lacks.set(reason, { count, remediation: code === 'permission-denied' ? grant : told });
    }
  };

  return {
    /** Whether it could be read. */
    read: async (part: Part, work: () => Promise<void>): Promise<boolean> => {
      try {
        await work();
        failures.succeeded();
        return true;
      } catch (error) {
        const found = failureOfOne(error, failure);
        if (!found || failures.failed()) throw error;
        note(part, found);
        return false;
      }
    },
    missing: (): Missing[] =>
      [...lacks].map(([reason, { count, remediation }]) => ({
        reason,
        ...(count !== undefined && { count }),
        remediation,
      })),
  };
};

/** Whether what was asked for failed by itself, and something else may well be answered. */
export const isOfOnePart = (error: unknown, failure: Options['failure']): boolean =>
  failureOfOne(error, failure) !== undefined;

/** What a source refuses is of one part; what we refuse is not, but for a wait that was too long. */
const failureOfOne = (error: unknown, failure: Options['failure']): Failure | undefined => {
  if (error instanceof Problem)
    return error.code === 'timeout' ? { code: error.code, ...cureOf(error) } : undefined;
  const found = failure(error);
  return found && ofOnePart.has(found.code) ? found : undefined;
};

const cureOf = ({ extras: { remediation } }: Problem) => (remediation === undefined ? {} : { remediation });

const ofOnePart: ReadonlySet<ProblemCode> = new Set([
  'permission-denied',
  'database-not-found',
  'server-error',
  'timeout',
]);

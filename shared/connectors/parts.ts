import { Problem, problems, type ProblemCode } from '../problem.ts';
import type { Missing } from './catalog.ts';
import type { Failure } from './connector.ts';
import { createPartFailures } from './retry.ts';

interface Options {
  readonly failure: (error: unknown) => Failure | undefined;
  /** The statement that lets the account read all parts. */
  readonly grant: string;
}

/** One part of a catalog: the reason to report if it is missing, and how many things it contains. */
export interface Part {
  readonly reason: string;
  readonly count?: number;
  /** Removes what was read before the failure: half of a key is not a key. */
  readonly undo?: () => void;
}

/** Creates a reader for parts of a catalog that may fail independently. It throws errors that concern the whole source. */
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
    /** Returns whether the part was read. */
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

/** Whether the failure concerns only this part, so that other parts may still succeed. */
export const isOfOnePart = (error: unknown, failure: Options['failure']): boolean =>
  failureOfOne(error, failure) !== undefined;

/** A refusal of the source concerns one part. A problem that Mooring raises concerns the whole source, except a timeout. */
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

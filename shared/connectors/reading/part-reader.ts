import { Problem, problems, type ProblemCode } from '../../problem.ts';
import type { Missing } from '../catalog.ts';
import type { MissingReason } from '../missing-reasons.ts';
import type { SourceFailure } from '../connector.ts';
import { createPartFailureCounter } from './retry.ts';

interface PartReaderOptions {
  readonly failure: (error: unknown) => SourceFailure | undefined;
  /** The statement that lets the account read all parts. */
  readonly grant: string;
}

/** One part of a catalog: the reason to report if it is missing, and how many things it contains. */
export interface CatalogPart {
  readonly reason: MissingReason;
  readonly count?: number;
  /** Removes what was read before the failure: half of a key is not a key. */
  readonly undo?: () => void;
}

/** Creates a reader for parts of a catalog that may fail independently. It throws errors that concern the whole source. */
export const createPartReader = ({ failure, grant }: PartReaderOptions) => {
  const missing = new Map<MissingReason, { count: number | undefined; readonly remediation: string }>();
  const failures = createPartFailureCounter();

  const recordMissing = (
    { reason, count, undo }: CatalogPart,
    { code, native, remediation }: SourceFailure,
  ) => {
    undo?.();
    const known = missing.get(reason);
    if (known) known.count = known.count === undefined ? undefined : known.count + (count ?? 0);
    else {
      const advice = remediation ?? problems[code].remediation;
      const failureRemediation = native === undefined ? advice : `${advice} (native code ${native})`;
      missing.set(reason, { count, remediation: code === 'permission-denied' ? grant : failureRemediation });
    }
  };

  return {
    /** Returns whether the part was read. */
    read: async (part: CatalogPart, work: () => Promise<void>): Promise<boolean> => {
      try {
        await work();
        failures.recordSuccess();
        return true;
      } catch (error) {
        const found = classifyPartError(error, failure);
        if (!found || failures.recordFailure()) throw error;
        recordMissing(part, found);
        return false;
      }
    },
    missing: (): Missing[] =>
      [...missing].map(([reason, { count, remediation }]) => ({
        reason,
        ...(count !== undefined && { count }),
        remediation,
      })),
  };
};

/** Whether the failure concerns only this part, so that other parts may still succeed. */
export const isPartFailure = (error: unknown, failure: PartReaderOptions['failure']): boolean =>
  classifyPartError(error, failure) !== undefined;

/** A refusal of the source concerns one part. A problem that Mooring raises concerns the whole source, except a timeout. */
const classifyPartError = (
  error: unknown,
  failure: PartReaderOptions['failure'],
): SourceFailure | undefined => {
  if (error instanceof Problem)
    return error.code === 'timeout' ? { code: error.code, ...pickRemediation(error) } : undefined;
  const found = failure(error);
  return found && partFailureCodes.has(found.code) ? found : undefined;
};

const pickRemediation = ({ extras: { remediation } }: Problem) =>
  remediation === undefined ? {} : { remediation };

const partFailureCodes: ReadonlySet<ProblemCode> = new Set([
  'permission-denied',
  'database-not-found',
  'server-error',
  'timeout',
]);

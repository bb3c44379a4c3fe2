import type { SourceFailure } from '../connector.ts';
import { type FailureMeaning, readErrorFields } from '../failure-table.ts';
import { isTransientStatus } from '../reading/retry.ts';
import type { HttpRefusal } from './http-source.ts';
import { classifyRestRefusal, createRestRefusal } from './rest-refusal.ts';

/**
 * Creates the functions for a source that names the reason of a refusal in a header: for `HttpSourceOptions` and for
 * `SessionModule.failure`. They keep nothing of the text of an answer, which may repeat the request. `meanings` is from
 * `createFailureTable`; `transient` are the reasons that may be gone in a moment.
 */
export const createHttpFailures = (
  header: string,
  meanings: ReadonlyMap<string, FailureMeaning>,
  transient: readonly string[] = [],
): {
  readonly toRefusal: (refusal: HttpRefusal) => Error;
  readonly classify: (error: unknown) => SourceFailure | undefined;
  readonly isTransient: (error: unknown) => boolean;
} => ({
  toRefusal: ({ status, headers }) =>
    createRestRefusal(status, /^[\w.-]{1,64}$/.exec(String(headers[header.toLowerCase()] ?? ''))?.[0]),
  classify: (error) => classifyRestRefusal(error, meanings),
  // A service may refuse for good with a status of 500. A reason that does not name a busy service is not repeated.
  isTransient: (error) => {
    const { status, reason } = readErrorFields(error);
    return typeof reason === 'string' ? transient.includes(reason) : isTransientStatus(Number(status));
  },
});

import type { SourceFailure } from '../connector.ts';
import { createFailureTable, type FailureMeaning } from '../failure-table.ts';
import type { HttpRefusal } from './http-source.ts';
import { classifyRestRefusal, createRestRefusal } from './rest-refusal.ts';

/**
 * Creates the two functions for a source that names the reason of a refusal in a header: for `HttpSourceOptions.toRefusal` and for
 * `SessionModule.failure`. They keep nothing of the text of an answer, which may repeat the request. `meanings` is for `createFailureTable`.
 */
export const createHttpFailures = (
  header: string,
  meanings: Readonly<Record<string, FailureMeaning>>,
): {
  readonly toRefusal: (refusal: HttpRefusal) => Error;
  readonly classify: (error: unknown) => SourceFailure | undefined;
} => {
  const table = createFailureTable(meanings);
  return {
    toRefusal: ({ status, headers }) =>
      createRestRefusal(status, /^[\w.-]{1,64}$/.exec(String(headers[header] ?? ''))?.[0]),
    classify: (error) => classifyRestRefusal(error, table),
  };
};

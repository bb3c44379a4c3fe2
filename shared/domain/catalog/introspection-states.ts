import type { Problem } from '../../problem.ts';
import type { IntrospectionState, StoredConnection } from '../connections/connection.ts';
import { hashDerivation } from '../connections/derived-data.ts';
import { toStoredProblem } from '../stored-problem.ts';

export const toFailedState = (
  last: IntrospectionState,
  problem: Problem,
  now: number,
): IntrospectionState => ({
  ...last,
  state: 'failed',
  at: new Date(now).toISOString(),
  failures: last.failures + 1,
  problem: toStoredProblem(problem),
});

export const toSucceededState = (
  read: StoredConnection,
  last: IntrospectionState,
  now: number,
): IntrospectionState => ({
  ...last,
  state: 'succeeded',
  of: hashDerivation('introspection', read),
  at: new Date(now).toISOString(),
  failures: 0,
  problem: null,
});

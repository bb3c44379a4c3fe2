import { Problem, problems } from '../../problem.ts';
import type { Missing } from '../catalog.ts';
import type { MongodbRights } from './rights.ts';
import { classifyMongodbError } from './failures.ts';
import { renderMongodbGrant } from './grants.ts';
import type { SampleMissingCause } from './sample-collection.ts';

/** Collects what is missing from the catalog, by cause. */
export const createMongodbMissing = ({ user }: MongodbRights) => {
  const denied = new Set<string>();
  const unlisted = new Set<string>();
  const counts = new Map<SampleMissingCause | 'limit' | 'databases', number>();
  const failures: unknown[] = [];
  const addCount = (cause: SampleMissingCause | 'limit' | 'databases', more = 1) =>
    counts.set(cause, (counts.get(cause) ?? 0) + more);
  const renderReadGrant = (databases: Iterable<string>) =>
    renderMongodbGrant(
      user,
      [...databases].slice(0, 20).map((db) => ({ role: 'read', db })),
    );
  const toMissing = (
    cause: SampleMissingCause | 'limit' | 'databases',
    reason: string,
    remediation: string,
  ): Missing[] => {
    const found = counts.get(cause) ?? 0;
    return found > 0 ? [{ reason, count: found, remediation }] : [];
  };
  let seesNothing = false;
  return {
    nothing: () => void (seesNothing = true),
    listed: (db: string, access: 'all' | 'partly' | 'none') => {
      if (access === 'none') {
        denied.add(db);
        addCount('databases');
      }
      if (access === 'partly') unlisted.add(db);
    },
    failed: (error: unknown) => void failures.push(error),
    failures: () => failures.length,
    add: (db: string, cause: SampleMissingCause) => {
      addCount(cause);
      if (cause === 'denied') denied.add(db);
    },
    leftOut: (more: number) => void (more > 0 && addCount('limit', more)),
    missing: (): Missing[] => [
      ...(seesNothing
        ? [
            {
              reason: 'schemas-denied',
              remediation: renderMongodbGrant(user, [{ role: 'readAnyDatabase', db: 'admin' }]),
            },
          ]
        : []),
      ...toMissing('databases', 'schemas-denied', renderReadGrant(denied)),
      ...toMissing('denied', 'tables-denied', renderReadGrant(denied)),
      ...(failures.length > 0
        ? [
            {
              reason: 'schemas-failed',
              count: failures.length,
              remediation: toMongodbRemediation(failures[0]),
            },
          ]
        : []),
      ...(unlisted.size > 0 ? [{ reason: 'tables-unlisted', remediation: renderReadGrant(unlisted) }] : []),
      ...toMissing(
        'late',
        'columns-timed-out',
        'Raise query_timeout_seconds: sampling these collections and views took longer.',
      ),
      ...toMissing(
        'refused',
        'columns-unread',
        'Read these collections and views with find: the server refuses, and says why.',
      ),
      ...toMissing(
        'cut',
        'limit',
        'Have no data in the names of fields, and nest no deeper than 16: of these collections the first 2000 fields are told, and none that is deeper.',
      ),
      ...toMissing(
        'large',
        'limit',
        'Have fewer values in a document: of these collections not all fields of the sample were looked at.',
      ),
      ...toMissing(
        'ambiguous',
        'names-ambiguous',
        'Rename the fields with a dot in their names: a query that asks for a.b reads b inside of a. Of each pair one column is told, with the types of both.',
      ),
      ...toMissing(
        'limit',
        'limit',
        'Name the database that is needed: of so many collections not all are told.',
      ),
    ],
  };
};

const toMongodbRemediation = (error: unknown): string => {
  if (error instanceof Problem) return error.extras.remediation ?? problems[error.code].remediation;
  const { code = 'server-error', native = '', remediation } = classifyMongodbError(error) ?? {};
  return `${remediation ?? problems[code].remediation} (${native})`;
};

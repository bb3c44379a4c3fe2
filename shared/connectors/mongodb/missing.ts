import { Problem, problems } from '../../problem.ts';
import type { Missing } from '../catalog.ts';
import { reportMissing } from '../reading/report-missing.ts';
import type { MissingReason } from '../missing-reasons.ts';
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
  const renderReadAnyGrant = () => renderMongodbGrant(user, [{ role: 'readAnyDatabase', db: 'admin' }]);
  const toMissing = (
    cause: SampleMissingCause | 'limit' | 'databases',
    reason: MissingReason,
    remediation: string,
  ): Missing[] => reportMissing(reason, remediation, counts.get(cause) ?? 0);
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
      ...(seesNothing ? reportMissing('schemas-denied', renderReadAnyGrant()) : []),
      ...toMissing('databases', 'schemas-denied', renderReadGrant(denied)),
      ...toMissing('denied', 'tables-denied', renderReadGrant(denied)),
      ...reportMissing('schemas-failed', toMongodbRemediation(failures[0]), failures.length),
      ...(unlisted.size > 0 ? reportMissing('tables-unlisted', renderReadGrant(unlisted)) : []),
      ...toMissing(
        'late',
        'columns-timed-out',
        'Raise query_timeout_seconds: reading samples of these collections and views took longer.',
      ),
      ...toMissing(
        'refused',
        'columns-unread',
        'The server refuses to read these collections and views. Run find on them to see the reason.',
      ),
      ...toMissing(
        'cut',
        'limit',
        'Do not use data as field names, and nest fields at most 16 levels deep. The catalog has the first 2000 fields of these collections, and no fields that are nested deeper.',
      ),
      ...toMissing(
        'large',
        'limit',
        'Store fewer values in a document: the samples of these collections were not read to the end, so the catalog may lack fields.',
      ),
      ...toMissing(
        'ambiguous',
        'names-ambiguous',
        'Rename the fields with a dot in their names: a query for a.b reads the field b inside a. The catalog has one column for each such pair, with the types of both.',
      ),
      ...toMissing(
        'limit',
        'limit',
        'Set config.database to the database that you need: there are more collections than the catalog can hold.',
      ),
    ],
  };
};

const toMongodbRemediation = (error: unknown): string => {
  if (error instanceof Problem) return error.extras.remediation ?? problems[error.code].remediation;
  const { code = 'server-error', native, remediation } = classifyMongodbError(error) ?? {};
  const text = remediation ?? problems[code].remediation;
  return native === undefined ? text : `${text} (native code ${native})`;
};

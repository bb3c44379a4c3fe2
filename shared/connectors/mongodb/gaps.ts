import { Problem, problems } from '../../problem.ts';
import type { Missing } from '../catalog.ts';
import type { Rights } from './account.ts';
import { failure } from './failures.ts';
import { grant } from './grants.ts';
import type { Gap } from './sample.ts';

/** Collects what is missing from the catalog, by cause. */
export const createGaps = ({ user }: Rights) => {
  const denied = new Set<string>();
  const unlisted = new Set<string>();
  const counts = new Map<Gap | 'limit' | 'databases', number>();
  const failures: unknown[] = [];
  const count = (gap: Gap | 'limit' | 'databases', more = 1) =>
    counts.set(gap, (counts.get(gap) ?? 0) + more);
  const read = (databases: Iterable<string>) =>
    grant(
      user,
      [...databases].slice(0, 20).map((db) => ({ role: 'read', db })),
    );
  const row = (gap: Gap | 'limit' | 'databases', reason: string, remediation: string): Missing[] => {
    const found = counts.get(gap) ?? 0;
    return found > 0 ? [{ reason, count: found, remediation }] : [];
  };
  let nothing = false;
  return {
    nothing: () => void (nothing = true),
    listed: (db: string, access: 'all' | 'partly' | 'none') => {
      if (access === 'none') {
        denied.add(db);
        count('databases');
      }
      if (access === 'partly') unlisted.add(db);
    },
    failed: (error: unknown) => void failures.push(error),
    failures: () => failures.length,
    add: (db: string, gap: Gap) => {
      count(gap);
      if (gap === 'denied') denied.add(db);
    },
    leftOut: (more: number) => void (more > 0 && count('limit', more)),
    missing: (): Missing[] => [
      ...(nothing
        ? [{ reason: 'schemas-denied', remediation: grant(user, [{ role: 'readAnyDatabase', db: 'admin' }]) }]
        : []),
      ...row('databases', 'schemas-denied', read(denied)),
      ...row('denied', 'tables-denied', read(denied)),
      ...(failures.length > 0
        ? [{ reason: 'schemas-failed', count: failures.length, remediation: cureOf(failures[0]) }]
        : []),
      ...(unlisted.size > 0 ? [{ reason: 'tables-unlisted', remediation: read(unlisted) }] : []),
      ...row(
        'late',
        'columns-timed-out',
        'Raise query_timeout_seconds: sampling these collections and views took longer.',
      ),
      ...row(
        'refused',
        'columns-unread',
        'Read these collections and views with find: the server refuses, and says why.',
      ),
      ...row(
        'cut',
        'limit',
        'Have no data in the names of fields, and nest no deeper than 16: of these collections the first 2000 fields are told, and none that is deeper.',
      ),
      ...row(
        'large',
        'limit',
        'Have fewer values in a document: of these collections not all fields of the sample were looked at.',
      ),
      ...row(
        'ambiguous',
        'names-ambiguous',
        'Rename the fields with a dot in their names: a query that asks for a.b reads b inside of a. Of each pair one column is told, with the types of both.',
      ),
      ...row('limit', 'limit', 'Name the database that is needed: of so many collections not all are told.'),
    ],
  };
};

const cureOf = (error: unknown): string => {
  if (error instanceof Problem) return error.extras.remediation ?? problems[error.code].cure;
  const { code = 'server-error', native = '', remediation } = failure(error) ?? {};
  return `${remediation ?? problems[code].cure} (${native})`;
};

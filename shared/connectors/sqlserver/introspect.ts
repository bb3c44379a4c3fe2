import type { Missing, Scope, Sink } from '../catalog.ts';
import type { NameRules } from '../names.ts';
import type { Draft } from '../sql/draft.ts';
import { createDrafts } from '../sql/drafts.ts';
import { fold } from '../sql/fold.ts';
import { handOn } from '../sql/hand-on.ts';
import { denied } from '../sql/missing.ts';
import type { Batch, Row } from './batch.ts';
import { failure } from './failures.ts';
import { catalogQueries, sizesOf, sizesWithoutRights } from './queries.ts';
import { bracketed } from './quote.ts';
import { readRows, type Account } from './rows.ts';

/** One batch for everything but rows and sizes, which need a right of their own, and are had for less where it is missing. */
export const introspect = async (
  batch: Batch,
  scope: Scope,
  sink: Sink,
  learnNames?: (names: NameRules) => void,
): Promise<readonly Missing[]> => {
  const drafts = createDrafts();
  const rows = readRows(drafts);
  await batch(catalogQueries(scope), mostBytes, rows.take);
  await readSizes(batch, rows.takeSize);
  const found = drafts.inOrder();
  const account = rows.account();
  learnNames?.(account.names);
  const missing = missingOf(account, found);
  await handOn(
    found.filter(({ access }) => access !== 'none'),
    fold,
    sink,
  );
  return missing;
};

/** A catalog of 100 000 tables of 15 columns takes half of it. */
const mostBytes = 512 * 2 ** 20;

const readSizes = async (batch: Batch, take: (row: Row) => void): Promise<void> => {
  try {
    await batch(sizesOf, mostBytes, take);
  } catch (error) {
    if (failure(error)?.code !== 'permission-denied') throw error;
    await batch(sizesWithoutRights, mostBytes, take);
  }
};

/** The server hides what an account has no right to at all, so that it cannot be counted; that there is nothing to be seen is told. */
const missingOf = ({ user, database, readsAll }: Account, found: readonly Draft[]): Missing[] => {
  const to = `TO ${bracketed(user)};`;
  return [
    ...(found.length === 0 && !readsAll
      ? [{ reason: 'tables-hidden', remediation: `GRANT SELECT ON DATABASE::${bracketed(database)} ${to}` }]
      : []),
    ...denied(
      found,
      ({ schema, name }) => `GRANT SELECT ON OBJECT::${bracketed(schema)}.${bracketed(name)} ${to}`,
    ),
  ];
};

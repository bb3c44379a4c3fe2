import type { Missing, Scope, Sink } from '../catalog.ts';
import type { NameRules } from '../names.ts';
import type { Draft } from '../sql/draft.ts';
import { withRetries } from '../retry.ts';
import { createDrafts, type Drafts } from '../sql/drafts.ts';
import { fold } from '../sql/fold.ts';
import { handOn } from '../sql/hand-on.ts';
import { denied } from '../sql/missing.ts';
import { createParts, isOfOnePart, type Part } from '../parts.ts';
import type { Batch, Row } from './batch.ts';
import { failure } from './failures.ts';
import { catalogQueries, sizesOf, sizesWithoutRights } from './queries.ts';
import { bracketed } from './quote.ts';
import { readRows, type Account } from './rows.ts';

/**
 * Reads everything in one batch, except row counts and sizes. These need an additional permission; without it, only row counts are read. If
 * the batch fails, runs its statements one by one.
 */
export const introspect = async (
  batch: Batch,
  scope: Scope,
  sink: Sink,
  learnNames?: (names: NameRules) => void,
): Promise<readonly Missing[]> => {
  const queries = catalogQueries(scope);
  const atOnce = async (): Promise<Reading> => {
    const reading = createReading();
    await batch(queries.join(';\n'), mostBytes, reading.rows.take);
    return reading;
  };
  let failed: Missing[] = [];
  const { drafts, rows } = await withRetries(atOnce, { isTransient: isVictim }).catch(
    async (error: unknown) => {
      if (!isOfOnePart(error, failure)) throw error;
      const reading = await readApart(batch, queries, error);
      failed = reading.missing;
      return reading;
    },
  );
  const sizes = createParts({ failure, grant: '' });
  await sizes.read({ reason: 'statistics-unread' }, () => readSizes(batch, rows.takeSize));
  const found = drafts.inOrder();
  const account = rows.account();
  learnNames?.(account.names);
  const missing = [...missingOf(account, found), ...failed, ...sizes.missing()];
  await handOn(
    found.filter(({ access }) => access !== 'none'),
    fold,
    sink,
  );
  return missing;
};

/** A catalog of 100 000 tables with 15 columns each takes half of this. */
const mostBytes = 512 * 2 ** 20;

const createReading = () => {
  const drafts = createDrafts();
  return { drafts, rows: readRows(drafts) };
};
type Reading = ReturnType<typeof createReading>;

/** Sessions have a low deadlock priority, so the server chooses them as the victim. */
const isVictim = (error: unknown): boolean => failure(error)?.native === '1205';

/** Runs each statement by itself: products compatible with T-SQL may lack some views, and a single statement may be refused or time out. */
const readApart = async (
  batch: Batch,
  queries: readonly string[],
  first: unknown,
): Promise<Reading & { readonly missing: Missing[] }> => {
  const reading = createReading();
  const { drafts, rows } = reading;
  const read = (set: number) => batch(queries[set] ?? '', mostBytes, (row) => rows.take(row, set));
  // After a time-out the session may be unusable. The first failure is then the one to report.
  await read(0).catch(() => {
    throw first;
  });
  const grant = `GRANT VIEW DEFINITION TO ${bracketed(rows.account().user)}; -- or let PUBLIC read the views of sys again, as it does by default`;
  const parts = createParts({ failure, grant });
  for (let set = 1; set < queries.length; set += 1) {
    const part = optionalSets(drafts).get(set);
    if (part) await parts.read(part, () => read(set));
    else await read(set);
  }
  return { ...reading, missing: parts.missing() };
};

/** The statements of `buildSqlserverCatalogQueries` that the catalog can lack, by their index. */
const optionalSets = (drafts: Drafts): ReadonlyMap<number, Part> =>
  new Map([
    [4, { reason: 'defaults-unread' }],
    [5, { reason: 'defaults-unread' }],
    [6, { reason: 'comments-unread' }],
    [7, { reason: 'indexes-unread', undo: () => drafts.drop('indexes', 'primaryKey') }],
    [8, { reason: 'keys-unread', undo: () => drafts.drop('foreignKeys') }],
    [9, { reason: 'privileges-unread' }],
    [10, { reason: 'kinds-unread' }],
  ]);

const readSizes = async (batch: Batch, take: (row: Row) => void): Promise<void> => {
  try {
    await batch(sizesOf, mostBytes, take);
  } catch (error) {
    if (failure(error)?.code !== 'permission-denied') throw error;
    await batch(sizesWithoutRights, mostBytes, take);
  }
};

/** The server hides tables on which an account has no permission, so they cannot be counted. Reports only that the account sees no table. */
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

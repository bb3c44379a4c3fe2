import { failure } from './failures.ts';
import type { Missing, Scope, Sink } from '../catalog.ts';
import { byPlace } from '../order.ts';
import type { Batch, Row } from './batch.ts';
import { createReader } from './draft.ts';
import { fold } from './fold.ts';
import { catalogQueries, sizesOf, sizesWithoutRights } from './queries.ts';
import { bracketed } from './quote.ts';

/** One batch for everything but rows and sizes, which need a right of their own, and are had for less where it is missing. */
export const introspect = async (batch: Batch, scope: Scope, sink: Sink): Promise<readonly Missing[]> => {
  const reader = createReader();
  await batch(catalogQueries(scope), mostBytes, reader.take);
  await readSizes(batch, reader.takeSize);
  const { account, drafts } = reader.read();
  const seen = drafts.filter(({ access }) => access !== 'none').sort(byPlace);
  for (let from = 0; from < seen.length; from += perTurn) {
    await sink(seen.slice(from, from + perTurn).map(fold));
  }
  return missingOf(account, drafts);
};

/** A catalog of 100 000 tables of 15 columns takes half of it. */
const mostBytes = 512 * 2 ** 20;
const perTurn = 200;

const readSizes = async (batch: Batch, take: (row: Row) => void): Promise<void> => {
  try {
    await batch(sizesOf, mostBytes, take);
  } catch (error) {
    if (failure(error)?.code !== 'permission-denied') throw error;
    await batch(sizesWithoutRights, mostBytes, take);
  }
};

interface Account {
  readonly user: string;
  readonly database: string;
  readonly readsAll: boolean;
}

/** The server hides what an account has no right to at all, so that it cannot be counted; that there is nothing to be seen is told. */
const missingOf = (
  { user, database, readsAll }: Account,
  drafts: readonly { readonly schema: string; readonly name: string; readonly access: string }[],
): Missing[] => {
  const to = `TO ${bracketed(user)};`;
  const denied = drafts.filter(({ access }) => access === 'none');
  const partly = drafts.filter(({ access }) => access === 'some');
  const grants = (some: typeof drafts) =>
    [
      ...some
        .slice(0, most)
        .map(({ schema, name }) => `GRANT SELECT ON OBJECT::${bracketed(schema)}.${bracketed(name)} ${to}`),
      ...(some.length > most ? [`-- and ${some.length - most} more`] : []),
    ].join('\n');
  return [
    ...(drafts.length === 0 && !readsAll
      ? [{ reason: 'tables-hidden', remediation: `GRANT SELECT ON DATABASE::${bracketed(database)} ${to}` }]
      : []),
    ...(denied.length > 0
      ? [{ reason: 'tables-denied', count: denied.length, remediation: grants(denied) }]
      : []),
    ...(partly.length > 0
      ? [{ reason: 'columns-denied', count: partly.length, remediation: grants(partly) }]
      : []),
  ];
};

/** An answer holds so many. */
const most = 20;

import type { Missing, Scope, Sink } from '../catalog.ts';
import { createDrafts } from '../sql/drafts.ts';
import { fold } from '../sql/fold.ts';
import { handOn } from '../sql/hand-on.ts';
import { broken, firstFew } from '../sql/missing.ts';
import { findAbsentSchemas, schemasNotFound, schemasQuery } from './absent-schemas.ts';
import { catalogQueries, catalogSets, type Read, type Row } from './queries.ts';
import { quoted } from './quote.ts';
import { readRows } from './rows.ts';

/** One query per kind of object, never one per table. */
export const introspect = async (
  read: Read,
  scope: Scope,
  sink: Sink,
  username: string,
): Promise<readonly Missing[]> => {
  const asked = catalogQueries(scope);
  const drafts = createDrafts();
  const rows = readRows(drafts);
  for (const set of catalogSets) await read(asked[set], rows[set]);
  const wanted = scope.schemas?.filter((name) => !scope.excludedSchemas.includes(name)) ?? [];
  const users: Row[] = [];
  if (wanted.length > 0) await read(schemasQuery(wanted), (row) => void users.push(row));
  const absent = wanted.length > 0 ? findAbsentSchemas(wanted, users) : [];
  const found = drafts.inOrder();
  await handOn(found, fold, sink);
  if (absent.length > 0 && absent.length === wanted.length) return schemasNotFound(absent);
  const missing =
    found.length > 0
      ? broken(
          found,
          (views) =>
            `Compile these views, which says what they lack, and repair or drop those that do not compile:\n${firstFew(
              views.map(({ schema, name }) => `ALTER VIEW ${quoted(schema)}.${quoted(name)} COMPILE;`),
            )}`,
        )
      : [
          {
            // The server hides what an account has no right to, so that it cannot be counted.
            reason: 'tables-hidden',
            remediation: `GRANT SELECT ANY TABLE TO ${quoted(account(username))}; -- or GRANT READ ON each table that is needed`,
          },
        ];
  return [...missing, ...schemasNotFound(absent)];
};

/** A name that was not quoted is one of capitals. */
export const account = (username: string): string => {
  const inner = /^"(.*)"$/.exec(username)?.[1];
  return inner ?? username.toUpperCase();
};

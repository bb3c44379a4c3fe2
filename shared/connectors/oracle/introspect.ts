import type { Missing, Scope, Sink, Table } from '../catalog.ts';
import { fold } from './fold.ts';
import { catalogQueries } from './queries.ts';
import type { Row, Run } from './queries.ts';
import { quoted } from './quote.ts';

/** One query per kind of object, never one per table. */
export const introspect = async (
  run: Run,
  scope: Scope,
  sink: Sink,
  username: string,
): Promise<readonly Missing[]> => {
  const asked = catalogQueries(scope);
  const read = async (name: keyof typeof asked): Promise<readonly Row[]> => run(asked[name]);
  const tables = fold({
    tables: await read('tables'),
    views: await read('views'),
    materialized: await read('materialized'),
    external: await read('external'),
    columns: await read('columns'),
    tableComments: await read('tableComments'),
    columnComments: await read('columnComments'),
    constraints: await read('constraints'),
    keyColumns: await read('keyColumns'),
    indexes: await read('indexes'),
    indexColumns: await read('indexColumns'),
  });
  let count = 0;
  let turn: Table[] = [];
  for (const table of tables) {
    turn.push(table);
    if (++count % perTurn > 0) continue;
    await sink(turn);
    turn = [];
  }
  if (turn.length > 0) await sink(turn);
  return count > 0
    ? []
    : [
        {
          // The server hides what an account has no right to, so that it cannot be counted.
          reason: 'tables-hidden',
          remediation: `GRANT SELECT ANY TABLE TO ${quoted(account(username))}; -- or GRANT READ ON each table that is needed`,
        },
      ];
};

const perTurn = 200;

/** A name that was not quoted is one of capitals. */
export const account = (username: string): string => {
  const inner = /^"(.*)"$/.exec(username)?.[1];
  return inner ?? username.toUpperCase();
};

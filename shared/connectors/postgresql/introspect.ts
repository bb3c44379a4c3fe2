import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { Problem } from '../../problem.ts';
import type { Missing, Scope, Sink, Table } from '../catalog.ts';
import { byPlace } from '../order.ts';
import { transact, type Statement } from './flight.ts';
import { fold } from './fold.ts';
import { notThere, unreadable } from './grants.ts';
import { begin } from './queries.ts';
import { read } from './read.ts';

/** One flight; a second where a type, a key or a right needs another look; and once more where a name holds the separator. */
export const introspect = async (
  client: Client,
  scope: Scope,
  sink: Sink,
  { queryTimeoutMs }: { readonly queryTimeoutMs: number },
): Promise<readonly Missing[]> => {
  const run = (statements: readonly Statement[]) =>
    transact(client, begin(queryTimeoutMs), statements, queryTimeoutMs);
  const reading =
    (await read(client, scope, '\x1f', run)) ?? (await read(client, scope, `\x1f${randomUUID()}`, run));
  if (!reading) throw new Problem('server-error', 'Expected names that can be told apart');
  const { drafts, closed, relationOf } = reading;
  const missing = [...unreadable(drafts, closed, reading.account), ...notThere(scope, reading)];
  const seen = drafts.filter(({ schema, access }) => access !== 'none' && !closed.has(schema)).sort(byPlace);
  for (let from = 0; from < seen.length; from += batch) {
    const tables: Table[] = [];
    for (const draft of seen.slice(from, from + batch)) {
      tables.push(fold(draft, relationOf));
      // Let go as it goes out: the names alone are asked for again, by foreign keys.
      draft.defaults = draft.comments = draft.foreignKeys = draft.indexes = undefined;
    }
    await sink(tables);
  }
  return missing;
};

const batch = 200;

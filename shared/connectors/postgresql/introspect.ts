import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { Problem } from '../../problem.ts';
import type { Missing, Scope, Sink } from '../catalog.ts';
import { byPlace } from '../order.ts';
import { fold } from '../sql/fold.ts';
import { handOn } from '../sql/hand-on.ts';
import { tellBrokenViews } from './broken-views.ts';
import { failure } from './failures.ts';
import { transact, type Statement } from './flight.ts';
import { notThere, unreadable } from './grants.ts';
import { read, type Reading } from './read.ts';
import { unpack } from './relation.ts';
import { beginReading } from './session-state.ts';

/** Reads the catalog in one batch, with a second batch if types, keys or rights need it. Repeats all if a name contains the separator. */
export const introspect = async (
  client: Client,
  scope: Scope,
  sink: Sink,
  { queryTimeoutMs }: { readonly queryTimeoutMs: number },
): Promise<readonly Missing[]> => {
  const run = (statements: readonly Statement[]) =>
    transact(client, beginReading(queryTimeoutMs), statements, queryTimeoutMs);
  const readAll = async (spelled: boolean): Promise<Reading> => {
    const reading =
      (await read(client, scope, '\x1f', run, spelled)) ??
      (await read(client, scope, `\x1f${randomUUID()}`, run, spelled));
    if (!reading) throw new Problem('server-error', 'Expected names that can be told apart');
    return reading;
  };
  let unspelled: Missing[] = [];
  const reading = await readAll(true).catch((error: unknown) => {
    const { code, native } = (error instanceof Problem ? undefined : failure(error)) ?? {};
    if (code !== 'server-error') throw error;
    unspelled = [expressionsUnread(native)];
    return readAll(false);
  });
  const { relations, closed, relationOf } = reading;
  const seen = relations
    .filter(({ schema, access }) => access !== 'none' && !closed.has(schema))
    .sort(byPlace);
  const readable = new Set<unknown>(seen);
  const mayRead = (oid: string) => readable.has(relationOf(oid));
  const missing = [
    ...unreadable(relations, closed, reading.account),
    ...tellBrokenViews(reading.broken, mayRead),
    ...notThere(scope, reading),
    ...unspelled,
  ];
  await handOn(seen, (relation) => fold(unpack(relation, relationOf)), sink);
  return missing;
};

/** If the library or the labels of a type are gone, the server fails on every expression with a value of that type. */
const expressionsUnread = (native = ''): Missing => ({
  reason: 'expressions-unread',
  remediation: `The server fails (${native}) as it spells a default or an index: SELECT adrelid::regclass, adnum FROM pg_attrdef, and pg_get_expr(adbin, adrelid) of each, find it. Bring back the library or type that it needs (ALTER EXTENSION … UPDATE), or drop it. Until then no defaults are told, nor indexes of expressions or of some rows.`,
});

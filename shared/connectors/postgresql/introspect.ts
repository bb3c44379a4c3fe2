import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { Problem } from '../../problem.ts';
import type { Missing, Scope, Sink } from '../catalog.ts';
import { byPlace } from '../order.ts';
import { fold } from '../sql/fold.ts';
import { handOn } from '../sql/hand-on.ts';
import { brokenViews } from './broken-views.ts';
import { transact, type Statement } from './flight.ts';
import { notThere, unreadable } from './grants.ts';
import { read } from './read.ts';
import { unpack } from './relation.ts';
import { beginReading } from './session-state.ts';

/** One flight; a second where a type, a key or a right needs another look; and once more where a name holds the separator. */
export const introspect = async (
  client: Client,
  scope: Scope,
  sink: Sink,
  { queryTimeoutMs }: { readonly queryTimeoutMs: number },
): Promise<readonly Missing[]> => {
  const run = (statements: readonly Statement[]) =>
    transact(client, beginReading(queryTimeoutMs), statements, queryTimeoutMs);
  const reading =
    (await read(client, scope, '\x1f', run)) ?? (await read(client, scope, `\x1f${randomUUID()}`, run));
  if (!reading) throw new Problem('server-error', 'Expected names that can be told apart');
  const { relations, closed, relationOf } = reading;
  const seen = relations
    .filter(({ schema, access }) => access !== 'none' && !closed.has(schema))
    .sort(byPlace);
  const missing = [
    ...unreadable(relations, closed, reading.account),
    ...brokenViews(seen, relations),
    ...notThere(scope, reading),
  ];
  await handOn(seen, (relation) => fold(unpack(relation, relationOf)), sink);
  return missing;
};

import { refusal } from '../parse.ts';
import { connectorOf } from './assemble.ts';
import type { Actor } from './audit.ts';
import { type Suggestion, suggest, type Wanted } from './autocomplete.ts';
import { readCatalog, readNameRules } from './derived.ts';
import { startIntrospection, type Where } from './introspection.ts';
import { findConnection } from './write.ts';

interface Suggestions {
  readonly suggestions: Suggestion[];
  /** When the source was introspected. `null` if it never was; then an introspection is started. */
  readonly as_of: string | null;
  readonly complete: boolean;
}

/** Suggests names from the stored catalog only: a person who types cannot wait for the source. */
export const autocomplete = async (
  where: Where,
  actor: Actor,
  id: string,
  wanted: Wanted,
): Promise<Suggestions> => {
  const { store } = where;
  const { tenant } = actor;
  const connection = await findConnection(store, tenant, id);
  const connector = connectorOf(connection.type);
  if (!connector.autocomplete.includes(wanted.type)) {
    throw refusal([{ path: 'type', expected: `one of ${connector.autocomplete.join(', ')}` }]);
  }
  if (wanted.type === 'columns' && !wanted.parent) {
    throw refusal([{ path: 'parent', expected: 'the table whose columns are wanted' }]);
  }
  const catalog = readCatalog(connection);
  if (!catalog) {
    await startIntrospection(where, actor, connection);
    return { suggestions: [], as_of: null, complete: false };
  }
  const place = { ...tenant, id, snapshot: catalog.snapshot_id };
  return {
    suggestions: await suggest(store, place, wanted, {
      quote: await connector.loadQuote(),
      names: readNameRules(connection, catalog),
    }),
    as_of: catalog.introspected_at,
    complete: catalog.complete,
  };
};

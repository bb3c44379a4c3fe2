import { createFieldProblem } from '../../parse-input.ts';
import { resolveConnector } from '../connections/parse-connection-input.ts';
import type { Actor } from '../access/audit.ts';
import { type Suggestion, suggestNames, type SuggestionQuery } from './suggest-names.ts';
import { readCurrentCatalog, resolveNameRules } from '../connections/derived-data.ts';
import { startIntrospection, type IntrospectionDependencies } from './load-catalog.ts';
import type { StoredConnection } from '../connections/connection.ts';

interface SuggestionList {
  readonly suggestions: Suggestion[];
  /** When the source was introspected. `null` if it never was; then an introspection is started. */
  readonly as_of: string | null;
  readonly complete: boolean;
}

/** Suggests names from the stored catalog only: a person who types cannot wait for the source. */
export const autocompleteConnection = async (
  dependencies: IntrospectionDependencies,
  actor: Actor,
  connection: StoredConnection,
  wanted: SuggestionQuery,
): Promise<SuggestionList> => {
  const { store } = dependencies;
  const connector = resolveConnector(connection.type);
  if (!connector.autocomplete.includes(wanted.type)) {
    throw createFieldProblem([{ path: 'type', expected: `one of ${connector.autocomplete.join(', ')}` }]);
  }
  if (wanted.type === 'columns' && !wanted.parent) {
    throw createFieldProblem([{ path: 'parent', expected: 'a table, because `type` is columns' }]);
  }
  const catalog = readCurrentCatalog(connection);
  if (!catalog) {
    await startIntrospection(dependencies, actor, connection);
    return { suggestions: [], as_of: null, complete: false };
  }
  const place = { ...actor.tenant, id: connection.id, snapshot: catalog.snapshot_id };
  return {
    suggestions: await suggestNames(store, place, wanted, {
      quote: await connector.loadQuote(),
      names: resolveNameRules(connection, catalog),
    }),
    as_of: catalog.introspected_at,
    complete: catalog.complete,
  };
};

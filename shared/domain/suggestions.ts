import { createFieldProblem } from '../parse.ts';
import { resolveConnector } from './assemble.ts';
import type { Actor } from './audit.ts';
import { type Suggestion, suggestNames, type SuggestionQuery } from './autocomplete.ts';
import { readCurrentCatalog, resolveNameRules } from './derived.ts';
import { startIntrospection, type IntrospectionDependencies } from './introspection.ts';
import { findConnection } from './write.ts';

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
  id: string,
  wanted: SuggestionQuery,
): Promise<SuggestionList> => {
  const { store } = dependencies;
  const { tenant } = actor;
  const connection = await findConnection(store, tenant, id);
  const connector = resolveConnector(connection.type);
  if (!connector.autocomplete.includes(wanted.type)) {
    throw createFieldProblem([{ path: 'type', expected: `one of ${connector.autocomplete.join(', ')}` }]);
  }
  if (wanted.type === 'columns' && !wanted.parent) {
    throw createFieldProblem([{ path: 'parent', expected: 'the table whose columns are wanted' }]);
  }
  const catalog = readCurrentCatalog(connection);
  if (!catalog) {
    await startIntrospection(dependencies, actor, connection);
    return { suggestions: [], as_of: null, complete: false };
  }
  const place = { ...tenant, id, snapshot: catalog.snapshot_id };
  return {
    suggestions: await suggestNames(store, place, wanted, {
      quote: await connector.loadQuote(),
      names: resolveNameRules(connection, catalog),
    }),
    as_of: catalog.introspected_at,
    complete: catalog.complete,
  };
};

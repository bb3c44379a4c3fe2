import { refusal } from '../parse.ts';
import type { Probe } from '../ports/probe.ts';
import type { ReadStore } from '../ports/store.ts';
import { connectorOf } from './assemble.ts';
import type { Actor } from './audit.ts';
import { type Suggestion, suggest, type Wanted } from './autocomplete.ts';
import { findConnection } from './write.ts';

interface Where {
  readonly store: ReadStore;
  readonly probe: Pick<Probe, 'introspect'>;
}

interface Suggestions {
  readonly suggestions: Suggestion[];
  /** When the source was introspected; `null` where it never was, and then it is begun. */
  readonly as_of: string | null;
  readonly complete: boolean;
}

/** Names of a source, from its stored catalog alone: what is typed is not to wait for a source. */
export const autocomplete = async (
  { store, probe }: Where,
  { tenant, actor, request_id }: Actor,
  id: string,
  wanted: Wanted,
): Promise<Suggestions> => {
  const { type, catalog } = await findConnection(store, tenant, id);
  const connector = connectorOf(type);
  if (!connector.autocomplete.includes(wanted.type)) {
    throw refusal([{ path: 'type', expected: `one of ${connector.autocomplete.join(', ')}` }]);
  }
  if (wanted.type === 'columns' && !wanted.parent) {
    throw refusal([{ path: 'parent', expected: 'the table whose columns are wanted' }]);
  }
  if (!catalog) {
    await probe.introspect({ tenant, id, actor, request_id }, 0);
    return { suggestions: [], as_of: null, complete: false };
  }
  const place = { ...tenant, id, snapshot: catalog.snapshot_id };
  return {
    suggestions: await suggest(store, place, wanted, connector.quote),
    as_of: catalog.introspected_at,
    complete: catalog.complete,
  };
};

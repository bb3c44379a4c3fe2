import type { Probe } from '../ports/probe.ts';
import type { ReadStore } from '../ports/store.ts';
import { Problem } from '../problem.ts';
import type { Actor } from './audit.ts';
import type { CatalogSummary } from './catalog-summary.ts';
import type { StoredConnection } from './connection.ts';
import { findConnection } from './write.ts';

/** How long a caller waits for an introspection before he is told to ask again. */
const patience = 20_000;

interface Wanted {
  /** Seconds; an older catalog is read anew. */
  readonly maxAge?: number | undefined;
  /** The snapshot that was begun with. */
  readonly snapshot?: string | undefined;
}

/** The snapshot to read from: the stored one if it will do, else a new one, if that is had in time. */
export const currentCatalog = async (
  { store, probe }: { readonly store: ReadStore; readonly probe: Pick<Probe, 'introspect'> },
  { tenant, actor, request_id, now }: Actor,
  id: string,
  { maxAge, snapshot }: Wanted,
): Promise<CatalogSummary | 'running'> => {
  const connection = await findConnection(store, tenant, id);
  if (snapshot !== undefined) return begunWith(connection, snapshot);
  const { catalog } = connection;
  if (catalog && (maxAge === undefined || now - Date.parse(catalog.introspected_at) <= maxAge * 1000)) {
    return catalog;
  }
  const result = await probe.introspect({ tenant, id, actor, request_id }, patience);
  return result.running ? 'running' : result.catalog;
};

/** Pages go on in the snapshot before the current one; those before that are gone. */
const begunWith = ({ catalog, previous_catalog: previous }: StoredConnection, snapshot: string) => {
  const begun = [catalog, previous].find((one) => one?.snapshot_id === snapshot);
  if (begun) return begun;
  throw new Problem('invalid-cursor', 'The snapshot that this cursor points into is gone');
};

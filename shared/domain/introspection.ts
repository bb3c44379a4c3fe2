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
  /** Milliseconds to wait for a new one, in place of the usual. */
  readonly wait?: number | undefined;
}

interface Where {
  readonly store: ReadStore;
  readonly probe: Pick<Probe, 'introspect'>;
}

/** The snapshot to read from: the stored one if it will do, else a new one, if that is had in time. */
export const currentCatalog = async (
  { store, probe }: Where,
  { tenant, actor, request_id, now }: Actor,
  id: string,
  { maxAge, snapshot, wait = patience }: Wanted,
): Promise<CatalogSummary | 'running'> => {
  const connection = await findConnection(store, tenant, id);
  if (snapshot !== undefined) return begunWith(connection, snapshot);
  const { catalog } = connection;
  if (catalog && (maxAge === undefined || now - Date.parse(catalog.introspected_at) <= maxAge * 1000)) {
    return catalog;
  }
  const result = await probe.introspect({ tenant, id, actor, request_id }, wait);
  return result.running ? 'running' : result.catalog;
};

/**
 * The source as it is now: introspected for this caller, or by another while this one waits. What takes longer than the wait is left
 * behind for who asks again.
 */
export const freshCatalog = async (
  where: Where,
  actor: Actor,
  id: string,
  wait: number,
): Promise<CatalogSummary | 'running'> => {
  const { catalog } = await findConnection(where.store, actor.tenant, id);
  const kept = catalog && catalog.duration_ms > wait / 2 ? keptSeconds : 0;
  const began = performance.now();
  for (let pause = 250; ; pause = Math.min(2 * pause, 2000)) {
    const waited = performance.now() - began;
    const found = await currentCatalog(where, { ...actor, now: actor.now + waited }, id, {
      maxAge: kept + waited / 1000,
      wait: Math.max(1, Math.ceil(wait - waited)),
    });
    if (found !== 'running' || performance.now() - began > wait - pause) return found;
    // Somebody else introspects, or has failed to: then it is for this one to do.
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
};

/** How long a snapshot that took most of a caller's wait will do for the next. */
const keptSeconds = 300;

/** Pages go on in the snapshot before the current one; those before that are gone. */
const begunWith = ({ catalog, previous_catalog: previous }: StoredConnection, snapshot: string) => {
  const begun = [catalog, previous].find((one) => one?.snapshot_id === snapshot);
  if (begun) return begun;
  throw new Problem('invalid-cursor', 'The snapshot that this cursor points into is gone');
};

import type { Table } from '../shared/connectors/catalog.ts';
import { catalogWriter } from '../shared/domain/catalog-writer.ts';
import { removeSnapshot } from '../shared/domain/catalogs.ts';
import { newId } from '../shared/domain/id.ts';
import { after, findConnection, putConnection, updateConnection } from '../shared/domain/write.ts';
import type { Clock } from '../shared/ports/clock.ts';
import type { Introspected, Probe, ProbeCall } from '../shared/ports/probe.ts';
import type { Store } from '../shared/ports/store.ts';
import type { ProbeParts } from './api.ts';

/** A source that is a list of tables, and a probe that introspects nothing else. */
export const catalogSource = (tables: readonly Table[]) => {
  const source = {
    tables,
    /** What an introspection does besides: waits, fails. */
    meanwhile: async (): Promise<void> => {},
    /** The waits of the calls that came. */
    calls: [] as number[],
    probe: ({ store, clock, real }: ProbeParts): Probe => ({
      ...real,
      introspect: async (call, wait) => {
        source.calls.push(wait);
        const work = introspected(store, clock, call, source);
        if (wait > 0) return work;
        source.background = work.catch(() => undefined);
        return { running: true };
      },
    }),
    background: Promise.resolve() as Promise<unknown>,
  };
  return source;
};

const introspected = async (
  store: Store,
  clock: Clock,
  { tenant, id }: ProbeCall,
  source: { readonly tables: readonly Table[]; readonly meanwhile: () => Promise<void> },
): Promise<Introspected> => {
  await findConnection(store, tenant, id);
  await source.meanwhile();
  const place = { ...tenant, id, snapshot: newId(clock()) };
  const writer = catalogWriter(store, place, { clock });
  await writer.sink(source.tables);
  const catalog = await writer.finish([], 1);
  let gone: string | undefined;
  await updateConnection(store, tenant, id, (read) => {
    gone = read.previous_catalog?.snapshot_id;
    const next = after(read, { catalog, previous_catalog: read.catalog, cause: 'introspected' });
    return { next, changes: [putConnection(next, read)] };
  });
  if (gone !== undefined) await removeSnapshot(store, { ...tenant, id, snapshot: gone });
  return { running: false, catalog };
};

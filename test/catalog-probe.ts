import type { Table } from '../shared/connectors/catalog.ts';
import { createSnapshotWriter } from '../shared/domain/catalog/snapshot/snapshot-writer.ts';
import { hashDerivation } from '../shared/domain/connections/derived-data.ts';
import { createId } from '../shared/domain/id.ts';
import { recordIntrospectionOutcome } from '../shared/domain/catalog/introspection-outcome.ts';
import { findEarlierCatalog } from '../shared/domain/catalog/column-keeper.ts';
import { findConnection } from '../shared/domain/connections/connection-repository.ts';
import type { Clock } from '../shared/ports/clock.ts';
import type { IntrospectionAnswer, IntrospectionCall, Probe } from '../shared/ports/probe.ts';
import type { Store } from '../shared/ports/store.ts';
import { Problem } from '../shared/problem.ts';
import type { ProbeParts } from './api.ts';

/** A list of tables that serves as a source, and a probe that introspects it. */
export const catalogSource = (tables: readonly Table[]) => {
  const source = {
    tables,
    /** Runs during an introspection, for example to wait or to fail. */
    meanwhile: async (): Promise<void> => {},
    /** The wait time of each call. */
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
  { tenant, id, attempt, ...by }: IntrospectionCall,
  source: { readonly tables: readonly Table[]; readonly meanwhile: () => Promise<void> },
): Promise<IntrospectionAnswer> => {
  const read = await findConnection(store, tenant, id);
  const record = recordIntrospectionOutcome.bind(undefined, store, tenant, id, attempt);
  try {
    await source.meanwhile();
  } catch (error) {
    if (error instanceof Problem) await record({ at: clock(), problem: error });
    throw error;
  }
  const place = { ...tenant, id, snapshot: createId(clock()) };
  const writer = createSnapshotWriter(store, place, { clock, earlier: findEarlierCatalog(read) });
  await writer.sink(source.tables);
  const catalog = await writer.finish([], 1);
  const of = hashDerivation('catalog', read);
  const state = await record({ at: clock(), catalog, of, by });
  return state ? { running: false, catalog } : { running: true };
};

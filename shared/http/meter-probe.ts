import { applyPatch } from '../domain/patch.ts';
import { connectorOf } from '../domain/assemble.ts';
import { countDestinationDial, type DialLimits } from '../domain/dial-quota.ts';
import { listDestinations } from '../domain/list-destinations.ts';
import { findConnection } from '../domain/write.ts';
import type { DialledSource, DraftTest, MeteredProbe, Probe, SavedTest } from '../ports/probe.ts';
import type { Store } from '../ports/store.ts';

interface Options {
  readonly store: Store;
  readonly limits: DialLimits;
  readonly org: string;
  readonly now: number;
  /** Counts a dial of the caller's. */
  readonly count: () => Promise<void>;
  /** Whether the request itself was counted, which covers its first dial. */
  readonly counted: boolean;
}

/**
 * A probe whose every call that dials a source is counted first, once for each connection in one request: who waits for an introspection
 * asks several times.
 */
export const meterProbe = (
  probe: Probe,
  { store, limits, org, now, count, counted }: Options,
): MeteredProbe => {
  const known = new Map<string, Promise<void>>();
  let covered = counted;

  const countDial = async (source: DialledSource | undefined) => {
    const isCovered = covered;
    covered = false;
    if (!isCovered) await count();
    if (source)
      await countDestinationDial(store, limits, { org, now, destinations: listDestinations(source) });
  };
  const countOnce = (id: string, source: () => Promise<DialledSource | undefined>): Promise<void> => {
    const counting = known.get(id) ?? source().then(countDial);
    known.set(id, counting);
    return counting;
  };
  const findTested = async (call: SavedTest | DraftTest): Promise<DialledSource> => {
    if ('draft' in call) return call.draft;
    const stored = await findConnection(store, call.tenant, call.id);
    return call.patch ? (await applyPatch(connectorOf(stored.type), stored, call.patch)).next : stored;
  };

  return {
    admit: (source) => countOnce(source.id, () => Promise.resolve(source)),
    test: async (call) => {
      await countOnce('draft' in call ? '' : call.id, () => findTested(call));
      return probe.test(call);
    },
    introspect: async (call, wait) => {
      await countOnce(call.id, () => Promise.resolve(undefined));
      return probe.introspect(call, wait);
    },
    credentials: (call) => probe.credentials(call),
  };
};

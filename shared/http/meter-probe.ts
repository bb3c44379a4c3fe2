import { countDestinationDial, type DialLimits } from '../domain/testing/dial-quota.ts';
import { listDestinations } from '../domain/testing/list-destinations.ts';
import type { DialledSource, MeteredProbe, Probe } from '../ports/probe.ts';
import type { Store } from '../ports/store.ts';

interface MeteringOptions {
  readonly store: Store;
  readonly limits: DialLimits;
  readonly org: string;
  readonly now: number;
  /** Counts one dial against the caller's quota. */
  readonly count: () => Promise<void>;
  /** Whether the request itself was counted, which includes its first dial. */
  readonly counted: boolean;
}

/**
 * Wraps a probe so that each call that dials a source is counted first. Counts each connection once per request, because a request that waits
 * for an introspection calls the probe several times.
 */
export const meterProbe = (
  probe: Probe,
  { store, limits, org, now, count, counted }: MeteringOptions,
): MeteredProbe => {
  const countedSources = new Map<string, Promise<void>>();
  let isNextCovered = counted;

  const countDial = async (source: DialledSource | undefined) => {
    const isCovered = isNextCovered;
    isNextCovered = false;
    if (!isCovered) await count();
    if (source)
      await countDestinationDial(store, limits, { org, now, destinations: listDestinations(source) });
  };
  const countOnce = (id: string, source?: DialledSource): Promise<void> => {
    const counting = countedSources.get(id) ?? countDial(source);
    countedSources.set(id, counting);
    return counting;
  };
  return {
    admit: (source) => countOnce(source.id, source),
    test: async (call) => {
      if ('draft' in call) {
        await countOnce('', call.draft);
        return probe.test(call);
      }
      await countOnce(call.id);
      // The probe reads the connection, so it counts the dial per destination itself.
      return probe.test({ ...call, destination_limit: limits.destination_tests_per_minute });
    },
    introspect: async (call, wait) => {
      await countOnce(call.id);
      return probe.introspect(call, wait);
    },
    credentials: (call) => probe.credentials(call),
  };
};

interface FairQueueOptions {
  /** How many may run at the same time: in total, for one tenant, and for one destination of a tenant. */
  readonly atOnce: number;
  readonly perTenant?: number;
  readonly perDestination?: number;
}

interface FairQueueKey {
  readonly tenant: string;
  readonly destination?: string;
}

interface FairQueue {
  /** Runs the work when its turn comes and returns its result. */
  run<T>(key: FairQueueKey, work: () => Promise<T>): Promise<T>;
}

/**
 * Creates a queue in which tenants take turns, and so do the destinations of each tenant. No tenant waits for the whole backlog of another.
 */
export const createFairQueue = ({
  atOnce,
  perTenant = atOnce,
  perDestination = perTenant,
}: FairQueueOptions): FairQueue => {
  /** By tenant, then by destination. Has entries only while work waits. */
  const waiting = new Map<string, Map<string, (() => void)[]>>();
  const running = createCounter();

  const takeNext = (): (() => void) | undefined => {
    for (const [tenant, lanes] of waiting) {
      if (running.read(tenant) >= perTenant) continue;
      for (const [destination, lane] of lanes) {
        const destinationKey = toDestinationKey(tenant, destination);
        if (running.read(destinationKey) >= perDestination) continue;
        const start = lane.shift();
        moveEntryToEnd(lanes, destination, lane.length > 0 ? lane : undefined);
        moveEntryToEnd(waiting, tenant, lanes.size > 0 ? lanes : undefined);
        for (const key of ['', tenant, destinationKey]) running.add(key, 1);
        return start;
      }
    }
    return undefined;
  };

  const startNext = (): void => {
    while (running.read('') < atOnce) {
      const start = takeNext();
      if (!start) return;
      start();
    }
  };

  return {
    run: async ({ tenant: name, destination = '' }, work) => {
      const tenant = `T${name}`;
      const turn = Promise.withResolvers<void>();
      const lanes = waiting.get(tenant) ?? new Map<string, (() => void)[]>();
      const lane = lanes.get(destination) ?? [];
      lane.push(turn.resolve);
      lanes.set(destination, lane);
      waiting.set(tenant, lanes);
      startNext();
      await turn.promise;
      try {
        return await work();
      } finally {
        for (const key of ['', tenant, toDestinationKey(tenant, destination)]) running.add(key, -1);
        startNext();
      }
    },
  };
};

/** Never equals a tenant's key, because a tenant's key is not a JSON array. */
const toDestinationKey = (tenant: string, destination: string): string =>
  JSON.stringify([tenant, destination]);

/** A `Map` iterates in insertion order. */
const moveEntryToEnd = <T>(map: Map<string, T>, key: string, value: T | undefined): void => {
  map.delete(key);
  if (value !== undefined) map.set(key, value);
};

const createCounter = () => {
  const counts = new Map<string, number>();
  return {
    read: (key: string): number => counts.get(key) ?? 0,
    add: (key: string, by: number): void => {
      const sum = (counts.get(key) ?? 0) + by;
      if (sum === 0) counts.delete(key);
      else counts.set(key, sum);
    },
  };
};

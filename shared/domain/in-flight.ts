/** Runs up to `limit` jobs side by side; `start` waits for a place, and it and `done` throw what a job threw. */
export const inFlight = (limit: number) => {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];

  const run = async (job: () => Promise<void>): Promise<void> => {
    try {
      await job();
    } catch (error) {
      failures.push(error);
    }
  };

  const check = (): void => {
    if (failures.length > 0) throw failures[0];
  };

  return {
    start: async (job: () => Promise<void>): Promise<void> => {
      while (running.size >= limit) await Promise.race(running);
      check();
      const one: Promise<void> = run(job).finally(() => running.delete(one));
      running.add(one);
    },
    /** Waits for what runs, whether or not it fails. */
    settled: async (): Promise<void> => {
      await Promise.all(running);
    },
    done: async (): Promise<void> => {
      await Promise.all(running);
      check();
    },
  };
};

/** Runs at most `limit` jobs at the same time. `start` waits until a job can run. `start` and `done` throw the first error of a job. */
export const createConcurrencyLimit = (limit: number) => {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];

  const run = async (job: () => Promise<void>): Promise<void> => {
    try {
      await job();
    } catch (error) {
      failures.push(error);
    }
  };

  const throwFirstFailure = (): void => {
    if (failures.length > 0) throw failures[0];
  };

  return {
    start: async (job: () => Promise<void>): Promise<void> => {
      while (running.size >= limit) await Promise.race(running);
      throwFirstFailure();
      const one: Promise<void> = run(job).finally(() => running.delete(one));
      running.add(one);
    },
    /** Waits for all running jobs, and does not throw if one fails. */
    settled: async (): Promise<void> => {
      await Promise.all(running);
    },
    done: async (): Promise<void> => {
      await Promise.all(running);
      throwFirstFailure();
    },
  };
};

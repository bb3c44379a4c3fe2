/** Runs tasks with limited concurrency; further tasks wait in the order of their calls. */
export type TaskLimiter = <T>(work: () => Promise<T>) => Promise<T>;

export const createTaskLimiter = (maxTasks: number): TaskLimiter => {
  let free = maxTasks;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
};

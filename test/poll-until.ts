/**
 * Reads a state again and again until it is as wanted, and returns it. Only for another process or service that
 * sends no event when its state changes: `test/architecture.test.ts` lists the files that use this. The time
 * limit of the calling test ends a wait that takes too long.
 */
export const pollUntil = async <T>(
  read: () => Promise<T> | T,
  isWanted: (value: T) => boolean,
): Promise<T> => {
  for (;;) {
    const value = await read();
    if (isWanted(value)) return value;
    await new Promise((resolve) => void setTimeout(resolve, POLL_INTERVAL_MS));
  }
};

const POLL_INTERVAL_MS = 20;

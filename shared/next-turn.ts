/** Resolves in the next turn of the event loop, after what other callers wait for. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

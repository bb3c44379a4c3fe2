/** Resolves in the next turn of the event loop, so that other work can run first. */
export const waitForNextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

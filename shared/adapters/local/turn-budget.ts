export interface TurnBudget {
  /** Returns `undefined` while this turn has budget left, or a promise that resolves in a later turn. */
  wait(): Promise<void> | undefined;
  spend(rows: number, bytes: number): void;
}

interface TurnBudgetOptions {
  readonly rows: number;
  readonly bytes: number;
  /** Called after each turn of the event loop with what was spent in it. */
  readonly onTurn?: ((spent: { readonly rows: number; readonly bytes: number }) => void) | undefined;
}

/**
 * Spreads synchronous work over several turns of the event loop. Awaiting values that are already there never ends a turn, so a long loop
 * over rows would block all other callers.
 */
export const createTurnBudget = ({
  rows: maxRows,
  bytes: maxBytes,
  onTurn,
}: TurnBudgetOptions): TurnBudget => {
  let rows = 0;
  let bytes = 0;
  let next: Promise<void> | undefined;

  const isSpent = () => rows >= maxRows || bytes >= maxBytes;
  const waitForNextTurn = () =>
    (next ??= new Promise((resolve) => {
      setImmediate(() => {
        onTurn?.({ rows, bytes });
        next = undefined;
        rows = 0;
        bytes = 0;
        resolve();
      });
    }));
  const waitUntilFree = async () => {
    // Waiters continue in the order in which they came. If the new budget is used up, the rest wait again.
    while (isSpent()) await waitForNextTurn();
  };

  return {
    wait: () => (isSpent() ? waitUntilFree() : undefined),
    spend: (moreRows, moreBytes) => {
      rows += moreRows;
      bytes += moreBytes;
      void waitForNextTurn();
    },
  };
};

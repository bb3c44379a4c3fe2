export interface TurnBudget {
  /** Resolves at once while the budget of this turn lasts, else in a later turn. */
  wait(): Promise<void> | undefined;
  spend(rows: number, bytes: number): void;
}

interface Options {
  readonly rows: number;
  readonly bytes: number;
  /** Told what was spent in a turn of the event loop once it is over. */
  readonly onTurn?: ((spent: { readonly rows: number; readonly bytes: number }) => void) | undefined;
}

/**
 * Spreads synchronous work over turns of the event loop. Awaiting what is answered synchronously never ends a turn, so that a long loop
 * over rows would hold every other caller until it is done.
 */
export const turnBudget = ({ rows: maxRows, bytes: maxBytes, onTurn }: Options): TurnBudget => {
  let rows = 0;
  let bytes = 0;
  let next: Promise<void> | undefined;

  const isSpent = () => rows >= maxRows || bytes >= maxBytes;
  const nextTurn = () =>
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
    // Those that waited longest go first; who finds the new budget spent waits again.
    while (isSpent()) await nextTurn();
  };

  return {
    wait: () => (isSpent() ? waitUntilFree() : undefined),
    spend: (moreRows, moreBytes) => {
      rows += moreRows;
      bytes += moreBytes;
      void nextTurn();
    },
  };
};

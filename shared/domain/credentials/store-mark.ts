import { randomUUID } from 'node:crypto';
import { Conflict, type Store } from '../../ports/store.ts';
import type { SweepVault } from '../../ports/vault.ts';
import { tableKeys } from '../table-keys.ts';

interface MarkPorts {
  readonly store: Store;
  readonly vault: Pick<SweepVault, 'readMark' | 'writeMark'>;
}

/**
 * Whether the store and the vault belong together. Each sweep writes a new mark into both, so that a store that was created again,
 * replaced, or restored to an earlier state does not have the vault's mark. `unmarked`: neither has a mark yet. `lost`: the vault has no
 * mark, although this store was swept with one that had.
 */
export type MarkState = 'same' | 'other' | 'unmarked' | 'lost';

export const compareMarks = async ({ store, vault }: MarkPorts): Promise<MarkState> => {
  const [stored, mark, table] = await Promise.all([
    readStoreMark(store),
    vault.readMark(),
    readStoreIdentity(store),
  ]);
  if (mark === undefined) return stored.mark === undefined ? 'unmarked' : 'lost';
  const known = [stored.mark, stored.next].includes(mark) && stored.table === table;
  return known ? 'same' : 'other';
};

/** Confirms that the store and the vault belong together as they are now. */
export const renewMark = async ({ store, vault }: MarkPorts): Promise<void> => {
  const [{ mark: before, next: abandoned, exists }, held, table] = await Promise.all([
    readStoreMark(store),
    vault.readMark(),
    readStoreIdentity(store),
  ]);
  const mark = randomUUID();
  // The store gets the new mark first. If a crash follows, the store knows both the old and the new mark of the vault.
  const announced = { mark: held ?? null, next: mark };
  const item = { ...tableKeys.storeMark, layout: 1, table };
  try {
    const seen = exists ? { mark: before ?? null, next: abandoned ?? null } : 'absent';
    await store.write([{ put: { ...item, ...announced }, if: seen }]);
    await vault.writeMark(mark);
    await store.write([{ put: { ...item, mark, next: null }, if: announced }]);
  } catch (error) {
    // Another sweep is renewing the mark at the same time.
    if (!(error instanceof Conflict)) throw error;
  }
};

const readStoreMark = async (store: Store) => {
  const item = await store.get(tableKeys.storeMark);
  const readText = (name: string) => (typeof item?.[name] === 'string' ? item[name] : undefined);
  return {
    mark: readText('mark'),
    next: readText('next'),
    table: readText('table') ?? null,
    exists: item !== undefined,
  };
};

/** A restored table has the content of the original, but another identity. */
const readStoreIdentity = async (store: Store): Promise<string | null> => (await store.identity?.()) ?? null;

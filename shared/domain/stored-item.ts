import type { Item } from '../ports/store.ts';

type ItemUpgrade = (item: Item) => Item;

/**
 * The upgrades of each kind of item: the entry at index n converts layout n + 1 to layout n + 2. The current layout is the number of
 * entries plus 1. A new attribute needs no new layout, but a default in the function that reads its kind.
 */
const itemUpgrades = {
  connection: [],
  test: [],
  usage: [],
  apiKey: [],
  idempotency: [],
  lease: [],
  name: [],
  audit: [],
  health: [],
  slot: [],
  claim: [],
  backfill: [],
  event: [],
  webhook: [],
  delivery: [],
  batch: [],
  trigger: [],
  summary: [],
} as const satisfies Readonly<Record<string, readonly ItemUpgrade[]>>;

export type StoredKind = keyof typeof itemUpgrades;

export const resolveCurrentLayout = (kind: StoredKind): number => itemUpgrades[kind].length + 1;

/** Converts an item to the current layout of its kind. Throws if a later release wrote it in a layout that this release does not know. */
export const upgradeItem = (
  kind: StoredKind,
  item: Item,
  steps: readonly ItemUpgrade[] = itemUpgrades[kind],
): Item => {
  const { layout = 1 } = item;
  if (typeof layout !== 'number' || layout < 1 || layout > steps.length + 1)
    throw new Error(`A stored ${kind} has a layout that this release does not know`);
  return steps.slice(layout - 1).reduce((upgraded, upgrade) => upgrade(upgraded), item);
};

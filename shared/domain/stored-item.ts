import type { Item } from '../ports/store.ts';

type Upgrade = (item: Item) => Item;

/**
 * By kind of stored item, how one of layout n becomes one of layout n + 1: the first entry upgrades layout 1. The current layout is one
 * more than there are entries. An attribute that only adds needs no new layout, but a default where its kind is read.
 */
const upgrades = {
  connection: [],
  test: [],
  usage: [],
  apiKey: [],
  idempotency: [],
  lease: [],
  name: [],
  audit: [],
} as const satisfies Readonly<Record<string, readonly Upgrade[]>>;

export type StoredKind = keyof typeof upgrades;

export const currentLayout = (kind: StoredKind): number => upgrades[kind].length + 1;

/** The item in the current layout of its kind. Throws where a later release wrote it, in a layout that this one cannot know. */
export const readLayout = (
  kind: StoredKind,
  item: Item,
  steps: readonly Upgrade[] = upgrades[kind],
): Item => {
  const { layout = 1 } = item;
  if (typeof layout !== 'number' || layout < 1 || layout > steps.length + 1)
    throw new Error(`A stored ${kind} has a layout that this release does not know`);
  return steps.slice(layout - 1).reduce((upgraded, upgrade) => upgrade(upgraded), item);
};

import type { Table } from './catalog.ts';

/**
 * Reads the tables of some items, so many at once: of all of them, in their order, or of as many as have the columns that may be held at
 * once. Whoever gets fewer than there are items begins again after those.
 */
export const readSome = async <T>(
  items: readonly T[],
  read: (item: T) => Promise<Table | undefined>,
  atOnce: number,
): Promise<readonly (Table | undefined)[]> => {
  const tables: (Table | undefined)[] = [];
  const next = items.entries();
  let held = 0;
  let failed = false;
  const work = async () => {
    for (const [at, item] of next) {
      const table = await read(item).catch((error: unknown) => {
        failed = true;
        throw error;
      });
      tables[at] = table;
      held += weigh(table);
      if (failed || held > mostHeld) return;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return tables;
};

/** In columns of some hundred characters. */
const mostHeld = 100_000;

const weigh = (table: Table | undefined): number => {
  let weight = 1;
  for (const { name, type, default: given, comment } of table?.columns ?? [])
    weight += 1 + (name.length + type.length + (given?.length ?? 0) + (comment?.length ?? 0)) / 100;
  return weight;
};

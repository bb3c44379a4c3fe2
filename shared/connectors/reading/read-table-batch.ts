import type { Table } from '../catalog.ts';

/**
 * Reads the tables of items in parallel and returns them in order. Stops early when the tables have as many columns as memory may hold: if
 * the result is shorter than `items`, the caller continues with the rest.
 */
export const readTableBatch = async <T>(
  items: readonly T[],
  read: (item: T) => Promise<Table | undefined>,
  concurrency: number,
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
      held += measureTable(table);
      if (failed || held > MAX_HELD_COLUMNS) return;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return tables;
};

/** Counted in columns of about 100 characters. */
const MAX_HELD_COLUMNS = 100_000;

const measureTable = (table: Table | undefined): number => {
  let weight = 1;
  for (const { name, type, default: given, comment } of table?.columns ?? [])
    weight += 1 + (name.length + type.length + (given?.length ?? 0) + (comment?.length ?? 0)) / 100;
  return weight;
};

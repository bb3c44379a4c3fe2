import type { TableSink, Table } from '../../shared/connectors/catalog.ts';

/**
 * Reads a catalog repeatedly and prints one line of JSON as the baseline scripts do. With `streaming` it
 * drops each batch, as a store would; otherwise it holds all tables, as the baseline does. The value that
 * `read` returns is disposed of after the time is taken.
 */
export const tellTimes = async (
  runs: number,
  streaming: boolean,
  read: (sink: TableSink) => Promise<AsyncDisposable | undefined>,
): Promise<void> => {
  const times: number[] = [];
  let counts = none;
  for (let run = runs; run > 0; run--) {
    const found = { ...none };
    const held: Table[] = [];
    const began = performance.now();
    await using _ = await read((batch) => {
      for (const table of batch) {
        found.tables++;
        found.columns += table.columns.length;
        found.foreign_keys += table.foreign_keys.length;
        found.indexes += table.indexes.length;
        if (!streaming) held.push(table);
      }
    });
    times.push(performance.now() - began);
    counts = found;
  }
  times.sort((a, b) => a - b);
  const rss_mb = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(JSON.stringify({ ...counts, median_ms: times[times.length >> 1], min_ms: times[0], rss_mb }));
};

const none = { tables: 0, columns: 0, foreign_keys: 0, indexes: 0 };

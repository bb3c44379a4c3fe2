import type { Table } from '../connectors/catalog.ts';

/** What the catalogs of earlier releases lack. A new attribute of a table, an index or a foreign key gets its line here. */
const laterAttributes = {
  table: { statistics_at: null },
  index: { predicate: null, valid: true },
  foreignKey: { valid: true },
} as const;

/** The table that a line of a stored catalog holds, whichever release wrote it. */
export const readStoredTable = (stored: Table): Table => ({
  ...laterAttributes.table,
  ...stored,
  foreign_keys: stored.foreign_keys.map((key) => ({ ...laterAttributes.foreignKey, ...key })),
  indexes: stored.indexes.map((index) => ({ ...laterAttributes.index, ...index })),
});

import type { Table } from '../../../connectors/catalog.ts';

/**
 * Attributes that catalogs of earlier releases do not have, with their defaults. Add each new attribute of a table, index or foreign key
 * here.
 */
const laterTableAttributes = {
  table: { statistics_at: null },
  index: { predicate: null, valid: true },
  foreignKey: { valid: true },
} as const;

/** Reads a table from a line of a stored catalog of any release. */
export const readStoredTable = (stored: Table): Table => ({
  ...laterTableAttributes.table,
  ...stored,
  foreign_keys: stored.foreign_keys.map((key) => ({ ...laterTableAttributes.foreignKey, ...key })),
  indexes: stored.indexes.map((index) => ({ ...laterTableAttributes.index, ...index })),
});

import type { Table } from './catalog.ts';

/** A table as it is before anything more is known of it than its place; its kind may be to come too. */
export const bareTable = <Kind extends Table['kind'] | undefined>(
  schema: string,
  name: string,
  kind: Kind,
): Omit<Table, 'kind'> & { kind: Kind } => ({
  schema,
  name,
  kind,
  comment: null,
  rows: null,
  size_bytes: null,
  parent: null,
  columns: [],
  primary_key: [],
  foreign_keys: [],
  indexes: [],
});

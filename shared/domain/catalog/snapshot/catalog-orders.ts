import type { Table } from '../../../connectors/catalog.ts';
import { foldCase } from '../../../connectors/name-rules.ts';
import type { CatalogOrder } from './catalog-blocks.ts';
import { encodeNameKey } from './catalog-sort-keys.ts';
import { readStoredTable } from './stored-table.ts';

/** What autocomplete needs to know about a schema or a table. */
export interface CatalogName {
  readonly label: string;
  readonly schema: string;
  readonly kind: Table['kind'] | 'schema';
  readonly rows: number | null;
  readonly size_bytes: number | null;
  readonly comment: string | null;
}

/** The sort orders in which a catalog is stored: one for each kind of query, so that a query reads only the rows of its page. */
export const catalogOrders = {
  tables: {
    name: 'B#',
    toKey: ({ schema, name }: Table) => encodeNameKey(schema, name),
    read: readStoredTable,
  },
  schemas: { name: 'N#schema#', toKey: ({ label }: CatalogName) => encodeNameKey(foldCase(label), label) },
  names: {
    name: 'N#table#',
    toKey: ({ label, schema }: CatalogName) => encodeNameKey(foldCase(label), schema, label),
  },
  topics: {
    name: 'N#topic#',
    toKey: ({ label, schema }: CatalogName) => encodeNameKey(foldCase(label), schema, label),
  },
  namesInSchema: {
    name: 'N#within#',
    toKey: ({ label, schema }: CatalogName) => encodeNameKey(schema, foldCase(label), label),
  },
} as const satisfies Record<string, CatalogOrder<Table> | CatalogOrder<CatalogName>>;

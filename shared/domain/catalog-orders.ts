import type { Table } from '../connectors/catalog.ts';
import { foldCase } from '../connectors/names.ts';
import type { Order } from './catalog-blocks.ts';
import { joined } from './catalog-keys.ts';
import { readStoredTable } from './stored-table.ts';

/** What autocomplete needs to know about a schema or a table. */
export interface Name {
  readonly label: string;
  readonly schema: string;
  readonly kind: Table['kind'] | 'schema';
  readonly rows: number | null;
  readonly size_bytes: number | null;
  readonly comment: string | null;
}

/** The sort orders in which a catalog is stored: one for each kind of query, so that a query reads only the rows of its page. */
export const orders = {
  tables: { name: 'B#', keyOf: ({ schema, name }: Table) => joined(schema, name), read: readStoredTable },
  schemas: { name: 'N#schema#', keyOf: ({ label }: Name) => joined(foldCase(label), label) },
  names: { name: 'N#table#', keyOf: ({ label, schema }: Name) => joined(foldCase(label), schema, label) },
  topics: { name: 'N#topic#', keyOf: ({ label, schema }: Name) => joined(foldCase(label), schema, label) },
  namesInSchema: {
    name: 'N#within#',
    keyOf: ({ label, schema }: Name) => joined(schema, foldCase(label), label),
  },
} as const satisfies Record<string, Order<Table> | Order<Name>>;

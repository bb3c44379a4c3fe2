import pg from 'pg';
import type { CatalogScope, Table } from '../../shared/connectors/catalog.ts';
import { introspectPostgresql } from '../../shared/connectors/postgresql/introspect.ts';

/** Opens a connection that closes itself, and ignores its late errors. */
export const connectToPostgresql = async (config: pg.ClientConfig) => {
  const client = new pg.Client(config);
  client.on('error', () => {});
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
};

export const everything: CatalogScope = { excludedSchemas: [] };

/** The catalog that an introspection reads, and the number of batches of statements that it takes. */
export const collectPostgresqlCatalog = async (config: pg.ClientConfig, scope = everything) => {
  await using client = await connectToPostgresql(config);
  let flights = 0;
  client.on('drain', () => flights++);
  const tables: Table[] = [];
  const missing = await introspectPostgresql(client, scope, (batch) => void tables.push(...batch), {
    queryTimeoutMs: 20_000,
  });
  const table = (name: string) => tables.find((one) => one.name === name);
  const column = (of: string, name: string) => table(of)?.columns.find((one) => one.name === name);
  return { tables, missing, table, column, flights };
};

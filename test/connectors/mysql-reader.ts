import type { CatalogScope, Table } from '../../shared/connectors/catalog.ts';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { mysql } from '../../shared/connectors/mysql/connector.ts';
import type { Account } from './mysql-engines.ts';

export interface MysqlReadOptions {
  readonly database?: string;
  readonly scope?: CatalogScope;
  readonly connections?: number;
}

const everything: CatalogScope = { excludedSchemas: [] };

/** Returns a function that reads the catalog of the server at `port` as the given account. */
export const createMysqlCatalogReader =
  (port: number) =>
  async (account: Account, { database, scope = everything, connections = 2 }: MysqlReadOptions = {}) => {
    await using session = await openManagedSession(
      mysql,
      {
        config: {
          host: 'localhost',
          port,
          username: account.user,
          ...(database !== undefined && { database }),
        },
        credentials: { auth_method: 'password', password: account.password },
        options: { ssl_mode: 'require', query_timeout_seconds: 20, max_connections: connections },
        role: 'source',
      },
      {
        policy: { loopback: true },
        environment: 'default',
        tlsSettings: { mode: 'require' },
        options: { connection_timeout_seconds: 5 },
      },
    );
    const tables: Table[] = [];
    const missing = await session.introspect(scope, (batch) => void tables.push(...batch));
    const table = (wanted: string) => tables.find((one) => one.name === wanted);
    const column = (of: string, wanted: string) => table(of)?.columns.find((one) => one.name === wanted);
    return { tables, missing, table, column };
  };

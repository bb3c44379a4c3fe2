import type { Table } from '../../shared/connectors/catalog.ts';
import { connectTo, mysqlEngines } from '../connectors/mysql-engines.ts';
import { createMysqlCatalogReader } from '../connectors/mysql-reader.ts';
import { connectToPostgresql, collectPostgresqlCatalog } from '../connectors/collect-postgresql-catalog.ts';
import { type EngineVariables, reach } from '../engines/reach.ts';
import type { ReadTable } from './differences.ts';
import { readMysql } from './read-mysql.ts';
import { readPostgres } from './read-postgres.ts';

/** A running server, and a comparison of two readers on a database that it creates and drops. */
export interface Server {
  readonly name: string;
  readonly reached: EngineVariables;
  readonly engine: 'postgres' | 'mysql';
  /** Converts the connector's own representations to those of the other reader. docs/catalog.md lists them. */
  readonly normalise: (table: Table) => Table;
  /** Skips statements that the server refuses and returns them. */
  compare(statements: readonly string[], peer?: Peer): Promise<Comparison>;
}

/** Reads the database at an SQLAlchemy URL with another reader. */
export type Peer = (url: string, schemas: readonly string[]) => Promise<Readonly<Record<string, unknown>>>;

export interface Comparison {
  readonly peer: Readonly<Record<string, unknown>> | undefined;
  readonly ours: readonly Table[];
  readonly theirs: readonly ReadTable[];
  readonly refused: readonly string[];
}

export const listServers = (): Server[] => [...postgresServers(), ...mysqlServers()];

const database = `catalogs_${process.pid}`;

const postgresServers = (): Server[] =>
  [11, 14, 18].map((version) => {
    const engine = reach('postgres', { POSTGRES_VERSION: `${version}` });
    const admin = {
      host: engine['POSTGRES_HOST'],
      port: Number(engine['POSTGRES_PORT']),
      user: engine['POSTGRES_ADMIN_USER'],
      password: engine['POSTGRES_ADMIN_PASSWORD'],
    };
    const compare = async (statements: readonly string[], peer?: Peer) => {
      await using main = await connectToPostgresql({ ...admin, database: 'postgres' });
      await main.query(`create database ${database} template template0`);
      try {
        const own = { ...admin, database };
        const refused: string[] = [];
        {
          await using client = await connectToPostgresql(own);
          for (const statement of statements)
            await client.query(statement).catch(async (error: Error) => {
              await client.query('rollback');
              refused.push(`${error.message}: ${statement.slice(0, 80)}`);
            });
        }
        const { tables } = await collectPostgresqlCatalog(own);
        await using client = await connectToPostgresql(own);
        const schemas = [...new Set(tables.map(({ schema }) => schema))];
        const url = `postgresql+psycopg2://${admin.user}:${admin.password}@127.0.0.1:${admin.port}/${database}`;
        return {
          ours: tables,
          theirs: await readPostgres(client),
          peer: await peer?.(url, schemas),
          refused,
        };
      } finally {
        await main.query(`drop database ${database}`);
      }
    };
    return {
      name: `PostgreSQL ${version}`,
      reached: engine,
      engine: 'postgres',
      normalise: (table) => table,
      compare,
    };
  });

const mysqlServers = (): Server[] =>
  mysqlEngines().map(({ name, port, admin, mariadb, reached }) => ({
    name,
    reached,
    engine: 'mysql',
    normalise: (table) => (mariadb ? withBareDefaults(table) : table),
    compare: async (statements, peer) => {
      await using main = await connectTo(port, admin);
      await main.run(`create database ${database}`);
      try {
        const refused: string[] = [];
        {
          await using client = await connectTo(port, admin, database);
          for (const statement of statements)
            await client
              .run(statement)
              .catch((error: Error) => refused.push(`${error.message}: ${statement.slice(0, 80)}`));
        }
        const { tables } = await createMysqlCatalogReader(port)(admin, { database });
        const url = `mysql+pymysql://${admin.user}:${admin.password}@127.0.0.1:${port}/${database}`;
        return {
          ours: tables,
          theirs: await readMysql(main.run, database),
          peer: await peer?.(url, [database]),
          refused,
        };
      } finally {
        await main.run(`drop database ${database}`);
      }
    },
  }));

/** MariaDB's information_schema quotes text defaults to distinguish them from expressions. SHOW COLUMNS omits the quotes. */
const withBareDefaults = (table: Table): Table => ({
  ...table,
  columns: table.columns.map((column) => ({
    ...column,
    default:
      column.default?.replace(/^'(.*)'$/s, (_, text: string) =>
        text.replaceAll("''", "'").replaceAll('\\\\', '\\'),
      ) ?? null,
  })),
});

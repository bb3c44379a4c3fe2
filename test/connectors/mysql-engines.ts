import mysql2 from 'mysql2';
import type { Connection } from 'mysql2';
import { type EngineVariables, onEngine, reach } from '../engines/reach.ts';

export interface Account {
  readonly user: string;
  readonly password: string;
}

/** One of the servers that `npm run engines -- start mysql mariadb` starts. */
export interface MysqlEngine extends Account {
  readonly name: string;
  readonly reached: EngineVariables;
  readonly mariadb: boolean;
  readonly version: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly port: number;
  readonly admin: Account;
  /**
   * The same server with other certificates. They do not depend on the version, so only the smallest server
   * has them all.
   */
  readonly certificates: readonly ('off' | 'expired' | 'wronghost' | 'selfsigned')[];
}

/** Defines tests for each of these servers. */
export const onEachMysqlEngine = (
  defineTests: (engine: MysqlEngine) => void,
  engines = mysqlEngines(),
): void => {
  for (const engine of engines) onEngine(engine.reached, () => defineTests(engine));
};

export const mysqlEngines = (): MysqlEngine[] =>
  reachAll([
    ['mysql', '9.7', ['off']],
    ['mysql', '8.0', []],
    ['mariadb', '10.11', ['off', 'expired', 'wronghost', 'selfsigned']],
    ['mariadb', '11.8', []],
  ]);

/** Servers that store and compare names in lower case (`lower_case_table_names`). */
export const foldingMysqlEngines = (): MysqlEngine[] =>
  reachAll(
    [
      ['mysql', '9.7', []],
      ['mariadb', '11.8', []],
    ],
    'lower',
  );

type Server = readonly [
  script: 'mysql' | 'mariadb',
  version: string,
  certificates: MysqlEngine['certificates'],
];

const reachAll = (servers: readonly Server[], names?: 'lower'): MysqlEngine[] =>
  servers.map(([script, version, certificates]) => {
    const prefix = script.toUpperCase();
    const variables = { [`${prefix}_VERSION`]: version, ...(names && { [`${prefix}_NAMES`]: names }) };
    const env = reach(script, variables);
    const said = (key: string) => env[`${prefix}_${key}`] ?? '';
    return {
      reached: env,
      name: `${script === 'mysql' ? 'MySQL' : 'MariaDB'} ${version}${names ? `, names in ${names} case` : ''}`,
      mariadb: script === 'mariadb',
      version,
      variables,
      certificates,
      port: Number(said('PORT')),
      user: said('USER'),
      password: said('PASSWORD'),
      admin: { user: said('ADMIN_USER'), password: said('ADMIN_PASSWORD') },
    };
  });

type Rows = readonly (readonly unknown[])[];

/** Opens a connection that closes on disposal. */
export const connectTo = async (port: number, { user, password }: Account, database?: string) => {
  const connection = mysql2.createConnection({
    host: '127.0.0.1',
    port,
    user,
    password,
    rowsAsArray: true,
    ...(database !== undefined && { database }),
  });
  connection.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
  return {
    run: (sql: string) => ask(connection, sql),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => connection.end(() => resolve())),
  };
};

/** Runs one query over a connection of its own, which stays open until `hold` resolves. */
export const query = (
  port: number,
  account: Account,
  sql: string,
  hold?: Promise<void>,
): Promise<Rows> & { readonly ready: Promise<void> } => {
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const answer = async () => {
    try {
      await using connection = await connectTo(port, account);
      const rows = await connection.run(sql);
      resolve();
      await hold;
      return rows;
    } catch (error) {
      reject(error);
      throw error;
    }
  };
  ready.catch(() => {}); // the returned promise rejects too
  return Object.assign(answer(), { ready });
};

const ask = (connection: Connection, sql: string) =>
  new Promise<Rows>((resolve, reject) => {
    // The driver's types know rows only as objects.
    connection.query(sql, (error, rows: unknown) =>
      error ? reject(error) : resolve(Array.isArray(rows) ? (rows as Rows) : []),
    );
  });

import type { MysqlClient } from './client.ts';
import { isMysqlVersionSince, type MysqlServer } from './version.ts';

/** Settings that a MySQL-compatible server does not know are skipped; Mooring's own limits apply nevertheless. */
export const applyMysqlSettings = async (
  { ask }: Pick<MysqlClient, 'ask'>,
  server: MysqlServer,
  timeoutMs: number,
): Promise<void> => {
  const trySetting = async (statement: string): Promise<boolean> => {
    try {
      await ask(statement);
      return true;
    } catch (error) {
      if (error instanceof Error && 'errno' in error && isUnknownMysqlVariable(error.errno)) return false;
      throw error;
    }
  };
  if (!(await trySetting(buildMysqlSetStatement(server, timeoutMs)))) {
    for (const statement of listMysqlSetStatements(timeoutMs)) await trySetting(statement);
  }
  // With an expired password, MariaDB allows login and SET and refuses every other statement.
  if (server.mariadb) await ask('do 1');
};

/** A session variable that affects what is read. */
interface MysqlSessionSetting {
  readonly name: string;
  readonly value: string;
  readonly why: string;
  /** Whether a server has the variable; all servers do if this is left out. */
  readonly on?: (server: MysqlServer) => boolean;
}

/**
 * Every variable that affects what is read and that `init_connect`, a proxy or the server's configuration may have changed. Sets each
 * character set, because the server may ignore the one of the handshake (`skip-character-set-client-handshake`): characters that a smaller
 * set lacks arrive as question marks.
 * https://dev.mysql.com/doc/refman/9.7/en/server-system-variables.html, https://mariadb.com/kb/en/server-system-variables/
 */
export const listMysqlSessionSettings = (timeoutMs: number): readonly MysqlSessionSetting[] => [
  { name: 'sql_mode', value: `''`, why: 'SQL modes change how names are parsed and spelled' },
  { name: 'character_set_client', value: 'utf8mb4', why: 'the encoding of Mooring’s statements' },
  {
    name: 'character_set_connection',
    value: 'utf8mb4',
    why: 'texts of Mooring’s statements are compared in this character set',
  },
  {
    name: 'character_set_results',
    value: 'utf8mb4',
    why: 'it contains every character that a name may have',
  },
  { name: 'sql_select_limit', value: '18446744073709551615', why: 'Mooring reads every row' },
  {
    name: 'sql_big_selects',
    value: '1',
    why: 'Mooring reads every row, even if the server estimates a large join',
  },
  { name: 'sql_quote_show_create', value: '1', why: 'it makes SHOW GRANTS quote names' },
  { name: 'lc_messages', value: `'en_US'`, why: 'Mooring parses the English messages of CHECK TABLE' },
  {
    name: 'lock_wait_timeout',
    value: '1',
    why: 'a view over a locked table must not delay the introspection',
  },
  { name: 'time_zone', value: `'+00:00'`, why: 'it changes how defaults of type timestamp are spelled' },
  {
    name: 'resultset_metadata',
    value: 'full',
    why: 'the driver needs the metadata',
    on: hasResultSetMetadata,
  },
  {
    name: 'max_statement_time',
    value: `${timeoutMs / 1000}`,
    why: 'the query timeout of the connection',
    on: isMariadbServer,
  },
  {
    name: 'max_execution_time',
    value: `${Math.min(timeoutMs, 2 ** 32 - 1)}`,
    why: 'the query timeout of the connection',
    on: (server) => !isMariadbServer(server),
  },
  {
    name: 'information_schema_stats_expiry',
    value: '0',
    why: 'otherwise rows and sizes may be a day old; with 0, the server does not store what it computes either',
    on: (server) => !isMariadbServer(server) && isMysqlVersionSince(server, 8, 0, 3),
  },
  // MySQL 8 removed `tx_read_only`; MariaDB before 11.1 and MySQL before 5.7.20 do not have `transaction_read_only`.
  {
    name: 'transaction_read_only',
    value: '0',
    why: 'in a read-only session, CHECK TABLE reports a view as corrupt if the view calls a function that writes',
    on: (server) => !isMariadbServer(server) && isMysqlVersionSince(server, 8, 0),
  },
  {
    name: 'tx_read_only',
    value: '0',
    why: 'as for transaction_read_only; in a read-only session, MariaDB also lists no columns of a view over a sequence',
    on: (server) => isMariadbServer(server) || !isMysqlVersionSince(server, 8, 0),
  },
];

const isMariadbServer = ({ mariadb }: MysqlServer) => mariadb;
const hasResultSetMetadata = (server: MysqlServer) =>
  !isMariadbServer(server) && isMysqlVersionSince(server, 8, 0, 3);

const buildMysqlSetStatement = (server: MysqlServer, timeoutMs: number): string =>
  `set session ${listMysqlSessionSettings(timeoutMs)
    .filter(({ on }) => on?.(server) ?? true)
    .map(({ name, value }) => `${name} = ${value}`)
    .join(', ')}`;

/** One statement per variable, for every variable, for servers that are neither MySQL nor MariaDB or whose proxy reports another version. */
const listMysqlSetStatements = (timeoutMs: number): readonly string[] =>
  listMysqlSessionSettings(timeoutMs).map(({ name, value }) => `set session ${name} = ${value}`);

/** ER_UNKNOWN_SYSTEM_VARIABLE, and ER_NOT_SUPPORTED_YET, which TiDB answers for read-only variables. */
const isUnknownMysqlVariable = (errno: unknown) => errno === 1193 || errno === 1235;

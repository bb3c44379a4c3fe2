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
  { name: 'sql_mode', value: `''`, why: 'no mode reads or spells names otherwise' },
  { name: 'character_set_client', value: 'utf8mb4', why: 'our statements are that' },
  { name: 'character_set_connection', value: 'utf8mb4', why: 'their texts are compared in it' },
  { name: 'character_set_results', value: 'utf8mb4', why: 'it has every letter of a name' },
  { name: 'sql_select_limit', value: '18446744073709551615', why: 'every row is wanted' },
  { name: 'sql_big_selects', value: '1', why: 'likewise, whatever the server takes the work for' },
  { name: 'sql_quote_show_create', value: '1', why: 'SHOW GRANTS spells names with it' },
  { name: 'lc_messages', value: `'en_US'`, why: 'CHECK TABLE answers in words' },
  { name: 'lock_wait_timeout', value: '1', why: 'a view over a locked table holds nothing up' },
  { name: 'time_zone', value: `'+00:00'`, why: 'defaults of type timestamp' },
  { name: 'resultset_metadata', value: 'full', why: 'the driver needs it', on: hasResultSetMetadata },
  {
    name: 'max_statement_time',
    value: `${timeoutMs / 1000}`,
    why: "the connection's own limit",
    on: isMariadbServer,
  },
  {
    name: 'max_execution_time',
    value: `${Math.min(timeoutMs, 2 ** 32 - 1)}`,
    why: "the connection's own limit",
    on: (server) => !isMariadbServer(server),
  },
  {
    name: 'information_schema_stats_expiry',
    value: '0',
    why: 'rows and sizes are a day old otherwise; and what is computed is not stored',
    on: (server) => !isMariadbServer(server) && isMysqlVersionSince(server, 8, 0, 3),
  },
  // MySQL 8 removed `tx_read_only`; MariaDB before 11.1 and MySQL before 5.7.20 do not have `transaction_read_only`.
  {
    name: 'transaction_read_only',
    value: '0',
    why: 'a view that calls what writes is none to a session that only reads: CHECK TABLE says that it is corrupt',
    on: (server) => !isMariadbServer(server) && isMysqlVersionSince(server, 8, 0),
  },
  {
    name: 'tx_read_only',
    value: '0',
    why: 'likewise, and MariaDB tells no column of a view over a sequence',
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

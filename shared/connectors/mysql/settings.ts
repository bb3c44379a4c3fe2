import type { Link } from './link.ts';
import { since, type Server } from './version.ts';

/** A server of the kind and not of the make may lack any of it; our own limits hold all the same. */
export const settle = async (
  { ask }: Pick<Link, 'ask'>,
  server: Server,
  timeoutMs: number,
): Promise<void> => {
  const isThere = async (statement: string): Promise<boolean> => {
    try {
      await ask(statement);
      return true;
    } catch (error) {
      if (error instanceof Error && 'errno' in error && isLacking(error.errno)) return false;
      throw error;
    }
  };
  if (!(await isThere(settings(server, timeoutMs)))) {
    for (const statement of eachSetting(timeoutMs)) await isThere(statement);
  }
  // An account whose password is past its end may log in to MariaDB and set what it likes, and do nothing more.
  if (server.mariadb) await ask('do 1');
};

/**
 * No write, no mode that reads names otherwise, and the server's own limit. Being read-only also spares what an expired cache of
 * statistics costs: the server then computes and does not store them.
 */
const settings = (server: Server, timeoutMs: number): string => {
  const values = valuesFor(timeoutMs);
  const names = [
    'sql_mode',
    server.mariadb ? 'max_statement_time' : 'max_execution_time',
    // MySQL 8 has no longer the one name, MariaDB before 11.1 and MySQL before 5.7.20 have not yet the other.
    !server.mariadb && since(server, 8, 0) ? 'transaction_read_only' : 'tx_read_only',
  ] as const;
  return `set session ${names.map((name) => `${name} = ${values[name]}`).join(', ')}`;
};

/** The same by all the names that there are, one at a time: for what is neither, or stands behind a proxy of another name. */
const eachSetting = (timeoutMs: number): readonly string[] =>
  Object.entries(valuesFor(timeoutMs)).map(([name, value]) => `set session ${name} = ${value}`);

const valuesFor = (timeoutMs: number) => ({
  sql_mode: `''`,
  max_statement_time: timeoutMs / 1000,
  max_execution_time: Math.min(timeoutMs, 2 ** 32 - 1),
  transaction_read_only: 1,
  tx_read_only: 1,
});

/** ER_UNKNOWN_SYSTEM_VARIABLE, and ER_NOT_SUPPORTED_YET, which is TiDB's word for being read-only. */
const isLacking = (errno: unknown) => errno === 1193 || errno === 1235;

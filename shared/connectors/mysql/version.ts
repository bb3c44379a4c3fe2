import { Problem } from '../../problem.ts';
import type { MysqlClient } from './client.ts';

export interface MysqlServer {
  readonly version: string;
  readonly mariadb: boolean;
  /** Whether the server ignores case in names of schemas and tables (`lower_case_table_names`). */
  readonly foldsNames: boolean;
}

export const parseMysqlServer = (version: string, lowerCaseTableNames: unknown = 0): MysqlServer => ({
  version,
  mariadb: /mariadb/i.test(version),
  foldsNames: Number(lowerCaseTableNames) > 0,
});

/** Queries the server itself: the version in the greeting may be one that a proxy is configured to report. */
export const readMysqlServer = async ({ ask }: Pick<MysqlClient, 'ask'>): Promise<MysqlServer> => {
  let version: unknown;
  let names: unknown;
  await ask('select version(), @@lower_case_table_names', (row) => ([version, names] = row));
  if (typeof version === 'string') return parseMysqlServer(version, names);
  throw new Problem('protocol-mismatch', 'Expected the version of the server');
};

/** `10.11.6-MariaDB-1:10.11.6+maria~deb12` → `MariaDB 10.11.6`, `8.0.36-28` → `MySQL 8.0.36`. */
export const renderMysqlVersion = (version: string): string => {
  const parts = parseMysqlVersion(version);
  const number = parts.join('.') || 'of unknown version';
  if (!parseMysqlServer(version).mariadb) return `MySQL ${number}`;
  const [major = 0, minor = 0] = parts;
  if (major < 10 || (major === 10 && minor < 3)) {
    throw new Problem(
      'unsupported-version',
      `Expected MariaDB 10.3 or later. The version of the server is ${number}.`,
      { remediation: 'Upgrade the server to MariaDB 10.3 or later.' },
    );
  }
  return `MariaDB ${number}`;
};

/** `wanted` is the version number by number: major, minor, patch. */
export const isMysqlVersionSince = ({ version }: MysqlServer, ...wanted: readonly number[]): boolean => {
  const found = parseMysqlVersion(version);
  for (const [at, number] of wanted.entries()) {
    if ((found[at] ?? 0) !== number) return (found[at] ?? 0) > number;
  }
  return true;
};

/** MariaDB puts `5.5.5-` before its version for the sake of old replicas. */
const parseMysqlVersion = (version: string): readonly number[] => {
  const [, numbers = ''] = /^(?:5\.5\.5-(?=\d))?(\d{1,4}(?:\.\d{1,4}){0,3})/.exec(version) ?? [];
  return numbers === '' ? [] : numbers.split('.').map(Number);
};

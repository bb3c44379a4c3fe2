import {
  foldOptionName,
  type QueryOption,
  refuseConnectionString,
  type UrlParts,
} from '../input/connection-string-parts.ts';
import { createConnectionUrlParser } from '../input/connection-url.ts';
import type { UrlFields } from '../input/connection-url-address.ts';
import { sqlserverOptions } from '../input/known-options.ts';

/** Reads `sqlserver://host:port;database=…;user=…`, the form of JDBC and Prisma, as a list of options. */
const readSqlserverList = (text: string): readonly QueryOption[] | undefined => {
  const [, list] = /^(?:jdbc:)?sqlserver:\/\/([^@?/;]*;.*)$/is.exec(text) ?? [];
  if (list === undefined) return undefined;
  const [address = '', ...pairs] = splitSqlserverList(list);
  const [, host = '', instance = '', port = ''] =
    /^(\[[^\]]*\]|[^:\\]*)(?:\\([^:\\]*))?(?::(.*))?$/s.exec(address) ??
    refuseConnectionString('host:port or host\\instance before the first semicolon');
  // One semicolon may end the list. An empty pair elsewhere comes from a semicolon in a password.
  const options = (pairs.at(-1)?.trim() === '' ? pairs.slice(0, -1) : pairs).map(parseSqlserverPair);
  const places: readonly QueryOption[] = [
    ['server', host.trim().replace(/^\[(.*)\]$/, '$1')],
    ['instanceName', instance.trim()],
    ['port', port.trim()],
  ];
  return [...options, ...places.filter(([, value]) => value !== '')];
};

/** Splits at semicolons outside braces. A regular expression would search for the end of unclosed braces again and again. */
const splitSqlserverList = (text: string): readonly string[] => {
  const parts: string[] = [];
  let from = 0;
  while (from <= text.length) {
    const end = findSqlserverPairEnd(text, from);
    parts.push(text.slice(from, end));
    from = end + 1;
  }
  return parts;
};

/** Returns where the pair that starts at `from` ends: at the next semicolon, or at the one after a value in braces. */
const findSqlserverPairEnd = (text: string, from: number): number => {
  const next = text.indexOf(';', from);
  const end = next === -1 ? text.length : next;
  const equals = text.slice(from, end).indexOf('=');
  const value = from + equals + 1;
  if (equals === -1 || !text.slice(value, end).trimStart().startsWith('{')) return end;
  let at = text.indexOf('{', value) + 1;
  while (at < text.length && (text[at] !== '}' || text[at + 1] === '}')) at += text[at] === '}' ? 2 : 1;
  const after = text.indexOf(';', at);
  return after === -1 ? text.length : after;
};

/** Ignores spaces around names and values, as JDBC and ADO.NET do. A value that needs them must be in braces. */
const parseSqlserverPair = (pair: string): QueryOption => {
  const at = pair.indexOf('=');
  if (at === -1) return refuseConnectionString('name=value pairs between the semicolons');
  const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  if (value.startsWith('{'))
    return [
      name,
      /^\{((?:[^}]|\}\})*)\}$/s.exec(value)?.[1]?.replaceAll('}}', '}') ??
        refuseConnectionString(sqlserverBracesForm),
    ];
  // In JDBC quotes are part of the value, in ADO.NET they are not.
  if (/^["']/.test(value)) refuseConnectionString('a value in braces, as in {…}, for a value in quotes');
  // The rest may be another option without its semicolon, and perhaps a secret.
  if (value.includes('=') && !/^(password|pwd)$/.test(foldOptionName(name)))
    refuseConnectionString('a value in braces, as in {…}, for a value that contains an equals sign');
  return [name, value];
};

const sqlserverBracesForm = 'a value that begins with { to end with }, with each } inside it written as }}';

/** In go-mssqldb, the path is the instance if an option names the database. */
const adjustSqlserverAddress = (
  { database, ...fields }: UrlFields,
  optionFields: ReadonlySet<string>,
  { path }: UrlParts,
): UrlFields => {
  if (path.includes('\\')) refuseConnectionString('a backslash in the path written as %5C');
  if (database === undefined) return fields;
  return { ...fields, [optionFields.has('database') ? 'instance' : 'database']: database };
};

const sqlserverTlsRequired = { least: 'require', usual: 'verify-full' } as const;
/** With encryption off, the drivers still encrypt the login if the server supports it, so that means `prefer`. */
const sqlserverTlsOptional = { most: 'prefer', usual: 'prefer' } as const;

/**
 * `sqlserver://user:password@host:port/database`, `…/?database=` of go-mssqldb, and `sqlserver://host:port;database=…;user=…` of JDBC and
 * Prisma. An instance is `…@host/instance?database=` in go-mssqldb, and `host\instance` or `instanceName=` in JDBC.
 * https://github.com/microsoft/go-mssqldb#the-connection-string-can-be-specified-in-one-of-three-formats ·
 * https://learn.microsoft.com/sql/connect/jdbc/building-the-connection-url
 */
export const sqlserverConnectionStrings = createConnectionUrlParser({
  schemes: ['sqlserver', 'jdbc:sqlserver'],
  address: 'username:password@host:port/database',
  readList: readSqlserverList,
  adjustAddress: adjustSqlserverAddress,
  options: {
    'host server serverName dataSource': 'host',
    'port portNumber': 'port',
    'instance instanceName': 'instance',
    'database databaseName initialCatalog': 'database',
    'username user userId uid': 'username',
    'password pwd': 'password',
    // https://learn.microsoft.com/sql/connect/ado-net/encryption-and-certificate-validation
    encrypt: {
      values: {
        'true yes mandatory': sqlserverTlsRequired,
        strict: { least: 'verify-full', overrides: 'trustServerCertificate' }, // it always verifies the certificate
        'false no optional': sqlserverTlsOptional,
        disable: 'disable',
      },
    },
    trustServerCertificate: {
      values: { 'true yes 1': { most: 'require', usual: 'require' }, 'false no 0': 'verify-full' },
    },
    'loginTimeout connectTimeout connectionTimeout dialTimeout': { timeout: 'seconds' },
  },
  // Sessions here are short, without a pool.
  ignored: `applicationName appName applicationIntent connectionLimit keepAlive multipleActiveResultSets multiSubnetFailover packetSize
    persistSecurityInfo poolTimeout schema sendStringParametersAsUnicode socketTimeout`,
  ignoredMayRepeat: true,
  exclusive: [['port', 'instance']],
  clients: sqlserverOptions,
  spelling: 'any-separator',
  // go-mssqldb decodes queries as forms: its documentation shows `connection+timeout=30`.
  plusIsBlank: true,
  foldValue: (value) => value.toLowerCase(),
  emptyValues: 'skip',
});

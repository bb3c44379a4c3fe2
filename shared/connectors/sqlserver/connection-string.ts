import type { ConnectionStringParser, ConnectionStringParts } from '../connector.ts';
import { sqlserverOptions } from '../input/known-options.ts';
import {
  decodePercentEncoded,
  foldOptionName,
  type QueryOption,
  parseUrlAddress,
  parseUrlQuery,
  parseTimeoutSeconds,
  refuseConnectionString,
  checkKnownOptions,
} from '../input/connection-string-parts.ts';
import { resolveTlsMode } from '../input/resolve-tls-mode.ts';
import {
  type SqlserverFields,
  toSqlserverTlsDemands,
  sqlserverFieldAliases,
} from './connection-string-options.ts';

/**
 * `sqlserver://user:password@host:port/database`, `…/?database=` of go-mssqldb, and `sqlserver://host:port;database=…;user=…` of JDBC and
 * Prisma. An instance is `…@host/instance?database=` in go-mssqldb, and `host\instance` or `instanceName=` in JDBC.
 * https://github.com/microsoft/go-mssqldb#the-connection-string-can-be-specified-in-one-of-three-formats ·
 * https://learn.microsoft.com/sql/connect/jdbc/building-the-connection-url
 */
export const sqlserverConnectionStrings: ConnectionStringParser = {
  schemes: ['sqlserver', 'jdbc:sqlserver'],
  parse: (text) => parseSqlserverConnectionString(text),
};

const parseSqlserverConnectionString = (text: string): ConnectionStringParts => {
  const rest =
    /^(?:jdbc:)?sqlserver:\/\/(.*)$/is.exec(text)?.[1] ??
    refuseConnectionString('a string that begins with sqlserver://');
  return /^[^@?/;]*;/.test(rest)
    ? toSqlserverConnectionParts(parseSqlserverList(rest))
    : toSqlserverConnectionParts(parseSqlserverUrl(`sqlserver://${rest}`));
};

const parseSqlserverUrl = (text: string): SqlserverFields => {
  const form =
    'sqlserver://user:password@host:port/database, with what is special in a password percent-encoded';
  const { host, port, path, query, username, password } = parseUrlAddress(text, form);
  if (path.includes('\\')) refuseConnectionString(form);
  // go-mssqldb decodes queries as forms: its documentation shows `connection+timeout=30`.
  const options = parseUrlQuery(query, {
    plusIsBlank: true,
    secret: (name) => sqlserverFieldAliases.get(foldOptionName(name)) === 'password',
  });
  checkSqlserverOptionNames(options, 'the query');
  const namesDatabase = options.some(
    ([name]) => sqlserverFieldAliases.get(foldOptionName(name)) === 'database',
  );
  return collectSqlserverFields(
    [
      ['host', host],
      ['port', port],
      [namesDatabase ? 'instancename' : 'database', decodePercentEncoded(path)],
      ['username', username],
      ['password', password],
    ],
    options,
  );
};

const parseSqlserverList = (text: string): SqlserverFields => {
  const [address = '', ...pairs] = splitSqlserverList(text);
  const [, host = '', instance = '', port = ''] =
    /^(\[[^\]]*\]|[^:\\]*)(?:\\([^:\\]*))?(?::(.*))?$/s.exec(address) ??
    refuseConnectionString('host:port or host\\instance before the first semicolon');
  // One semicolon may end the list. An empty pair elsewhere comes from a semicolon in a password.
  const options = (pairs.at(-1)?.trim() === '' ? pairs.slice(0, -1) : pairs).map(parseSqlserverPair);
  checkSqlserverOptionNames(options, 'the list');
  return collectSqlserverFields(
    [
      ['host', host.trim().replace(/^\[(.*)\]$/, '$1')],
      ['instancename', instance.trim()],
      ['port', port.trim()],
    ],
    options,
  );
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
  if (at === -1) return refuseConnectionString('name=value between the semicolons');
  const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  if (value.startsWith('{'))
    return [
      name,
      /^\{((?:[^}]|\}\})*)\}$/s.exec(value)?.[1]?.replaceAll('}}', '}') ??
        refuseConnectionString(sqlserverBracesForm),
    ];
  // In JDBC quotes are part of the value, in ADO.NET they are not.
  if (/^["']/.test(value)) refuseConnectionString('a value in braces, as in {…}, for one in quotes');
  // The rest may be another option without its semicolon, and perhaps a secret.
  if (value.includes('=') && sqlserverFieldAliases.get(foldOptionName(name)) !== 'password')
    refuseConnectionString('a value in braces, as in {…}, for one with a sign of equality');
  return [name, value];
};

const sqlserverBracesForm = 'a value that begins with { to end with }, and each } inside it to be written }}';

const checkSqlserverOptionNames = (options: readonly QueryOption[], where: string): void =>
  checkKnownOptions(
    options.map(([name]) => name),
    { isTaken: (name) => sqlserverFieldAliases.has(foldOptionName(name)), clients: sqlserverOptions, where },
  );

/** An option may give what the address does not. Options that have no effect here are dropped. */
const collectSqlserverFields = (
  address: readonly QueryOption[],
  options: readonly QueryOption[],
): SqlserverFields => {
  const fields = new Map<string, string>();
  for (const [name, value] of [...address.filter(([, part]) => part !== ''), ...options]) {
    const field = sqlserverFieldAliases.get(foldOptionName(name)) ?? '';
    if (field === '') continue;
    if (fields.has(field)) refuseConnectionString(`${field} once`);
    fields.set(field, value);
  }
  return new Map([...fields].filter(([, value]) => value !== ''));
};

const toSqlserverConnectionParts = (fields: SqlserverFields): ConnectionStringParts => {
  const [host, port, instance] = [fields.get('host'), fields.get('port'), fields.get('instance')];
  const database = fields.get('database');
  const [username, password] = [fields.get('username'), fields.get('password')];
  if (port !== undefined && !/^\d{1,5}$/.test(port)) refuseConnectionString('a port from 1 to 65535');
  if (port !== undefined && instance !== undefined) refuseConnectionString('a port or an instance');
  if (host?.includes(',')) refuseConnectionString('one host');
  const mode = resolveTlsMode(
    toSqlserverTlsDemands(fields.get('encrypt')?.toLowerCase(), fields.get('trust')?.toLowerCase()),
  );
  const seconds = parseTimeoutSeconds('a time-out', fields.get('timeout') ?? '0');
  return {
    config: {
      ...(host !== undefined && { host }),
      ...(port !== undefined && { port: Number(port) }),
      ...(instance !== undefined && { instance }),
      ...(database !== undefined && { database }),
      ...(username !== undefined && { username }),
    },
    credentials: password === undefined ? {} : { password },
    options: {
      ...(mode && { ssl_mode: mode }),
      ...(seconds !== undefined && { connection_timeout_seconds: seconds }),
    },
  };
};

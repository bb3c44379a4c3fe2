import type { ConnectionString, ConnectionStringParts } from '../connector.ts';
import { sqlserverOptions } from '../known-options.ts';
import {
  decoded,
  foldName,
  type Option,
  readAddress,
  readQuery,
  readSeconds,
  refuse,
  refuseUnknown,
} from '../string-parts.ts';
import { resolveTls, type TlsDemand } from '../tls-options.ts';

/**
 * `sqlserver://user:password@host:port/database`, `…/?database=` of go-mssqldb, and `sqlserver://host:port;database=…;user=…` of JDBC and
 * Prisma. An instance is `…@host/instance?database=` in go-mssqldb, and `host\instance` or `instanceName=` in JDBC.
 * https://github.com/microsoft/go-mssqldb#the-connection-string-can-be-specified-in-one-of-three-formats ·
 * https://learn.microsoft.com/sql/connect/jdbc/building-the-connection-url
 */
export const connectionString: ConnectionString = {
  schemes: ['sqlserver', 'jdbc:sqlserver'],
  parse: (text) => parse(text),
};

const parse = (text: string): ConnectionStringParts => {
  const rest =
    /^(?:jdbc:)?sqlserver:\/\/(.*)$/is.exec(text)?.[1] ?? refuse('a string that begins with sqlserver://');
  return /^[^@?/;]*;/.test(rest) ? partsOf(fieldsOfList(rest)) : partsOf(fieldsOfUrl(`sqlserver://${rest}`));
};

type Fields = ReadonlyMap<string, string>;

const fieldsOfUrl = (text: string): Fields => {
  const form =
    'sqlserver://user:password@host:port/database, with what is special in a password percent-encoded';
  const { host, port, path, query, username, password } = readAddress(text, form);
  if (path.includes('\\')) refuse(form);
  // go-mssqldb decodes queries as forms: its documentation shows `connection+timeout=30`.
  const options = readQuery(query, {
    plusIsBlank: true,
    secret: (name) => aliases.get(foldName(name)) === 'password',
  });
  checkNames(options, 'the query');
  const namesDatabase = options.some(([name]) => aliases.get(foldName(name)) === 'database');
  return collect(
    [
      ['host', host],
      ['port', port],
      [namesDatabase ? 'instancename' : 'database', decoded(path)],
      ['username', username],
      ['password', password],
    ],
    options,
  );
};

const fieldsOfList = (text: string): Fields => {
  const [address = '', ...pairs] = splitList(text);
  const [, host = '', instance = '', port = ''] =
    /^(\[[^\]]*\]|[^:\\]*)(?:\\([^:\\]*))?(?::(.*))?$/s.exec(address) ??
    refuse('host:port or host\\instance before the first semicolon');
  // One semicolon may end the list. An empty pair elsewhere comes from a semicolon in a password.
  const options = (pairs.at(-1)?.trim() === '' ? pairs.slice(0, -1) : pairs).map(readPair);
  checkNames(options, 'the list');
  return collect(
    [
      ['host', host.trim().replace(/^\[(.*)\]$/, '$1')],
      ['instancename', instance.trim()],
      ['port', port.trim()],
    ],
    options,
  );
};

/** Splits at semicolons outside braces. A regular expression would search for the end of unclosed braces again and again. */
const splitList = (text: string): readonly string[] => {
  const parts: string[] = [];
  let from = 0;
  while (from <= text.length) {
    const end = findEnd(text, from);
    parts.push(text.slice(from, end));
    from = end + 1;
  }
  return parts;
};

/** Returns where the pair that starts at `from` ends: at the next semicolon, or at the one after a value in braces. */
const findEnd = (text: string, from: number): number => {
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
const readPair = (pair: string): Option => {
  const at = pair.indexOf('=');
  if (at === -1) return refuse('name=value between the semicolons');
  const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  if (value.startsWith('{'))
    return [name, /^\{((?:[^}]|\}\})*)\}$/s.exec(value)?.[1]?.replaceAll('}}', '}') ?? refuse(braces)];
  // In JDBC quotes are part of the value, in ADO.NET they are not.
  if (/^["']/.test(value)) refuse('a value in braces, as in {…}, for one in quotes');
  // The rest may be another option without its semicolon, and perhaps a secret.
  if (value.includes('=') && aliases.get(foldName(name)) !== 'password')
    refuse('a value in braces, as in {…}, for one with a sign of equality');
  return [name, value];
};

const braces = 'a value that begins with { to end with }, and each } inside it to be written }}';

const checkNames = (options: readonly Option[], where: string): void =>
  refuseUnknown(
    options.map(([name]) => name),
    { isTaken: (name) => aliases.has(foldName(name)), clients: sqlserverOptions, where },
  );

/** An option may give what the address does not. Options that have no effect here are dropped. */
const collect = (address: readonly Option[], options: readonly Option[]): Fields => {
  const fields = new Map<string, string>();
  for (const [name, value] of [...address.filter(([, part]) => part !== ''), ...options]) {
    const field = aliases.get(foldName(name)) ?? '';
    if (field === '') continue;
    if (fields.has(field)) refuse(`${field} once`);
    fields.set(field, value);
  }
  return new Map([...fields].filter(([, value]) => value !== ''));
};

const partsOf = (fields: Fields): ConnectionStringParts => {
  const [host, port, instance] = [fields.get('host'), fields.get('port'), fields.get('instance')];
  const database = fields.get('database');
  const [username, password] = [fields.get('username'), fields.get('password')];
  if (port !== undefined && !/^\d{1,5}$/.test(port)) refuse('a port from 1 to 65535');
  if (port !== undefined && instance !== undefined) refuse('a port or an instance');
  if (host?.includes(',')) refuse('one host');
  const mode = resolveTls(tlsOf(fields.get('encrypt')?.toLowerCase(), fields.get('trust')?.toLowerCase()));
  const seconds = readSeconds('a time-out', fields.get('timeout') ?? '0');
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

/** `encrypt` with `trustServerCertificate`: https://learn.microsoft.com/sql/connect/ado-net/encryption-and-certificate-validation */
const tlsOf = (encrypt: string | undefined, trust: string | undefined): readonly TlsDemand[] => {
  const trusts =
    trust === undefined
      ? undefined
      : (truths.get(trust) ?? refuse('as trustServerCertificate true or false'));
  const encryption =
    encrypt === undefined
      ? {}
      : (encryptions.get(encrypt) ?? refuse(`as encrypt one of ${[...encryptions.keys()].join(', ')}`));
  return [
    { option: 'encrypt', ...encryption },
    // `strict` always verifies the certificate.
    ...(trusts === true && encrypt !== 'strict'
      ? [{ option: 'trustServerCertificate', most: 'require', usual: 'require' } as const]
      : []),
    ...(trusts === false ? [{ option: 'trustServerCertificate', least: 'verify-full' } as const] : []),
  ];
};

const truths: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['0', false],
]);

type Demand = Omit<TlsDemand, 'option'>;
const encrypted: Demand = { least: 'require', usual: 'verify-full' };
const optional: Demand = { most: 'prefer', usual: 'prefer' };

/** With encryption off, the drivers still encrypt the login if the server supports it, so that means `prefer`. */
const encryptions: ReadonlyMap<string, Demand> = new Map<string, Demand>([
  ['true', encrypted],
  ['yes', encrypted],
  ['mandatory', encrypted],
  ['strict', { least: 'verify-full' }],
  ['false', optional],
  ['no', optional],
  ['optional', optional],
  ['disable', { most: 'disable' }],
]);

/** The field of each option name. Names with '' are accepted and have no effect: sessions here are short, without a pool. */
const aliases: ReadonlyMap<string, string> = new Map(
  Object.entries({
    host: 'host',
    server: 'host',
    servername: 'host',
    datasource: 'host',
    port: 'port',
    portnumber: 'port',
    instance: 'instance',
    instancename: 'instance',
    database: 'database',
    databasename: 'database',
    initialcatalog: 'database',
    username: 'username',
    user: 'username',
    userid: 'username',
    uid: 'username',
    password: 'password',
    pwd: 'password',
    encrypt: 'encrypt',
    trustservercertificate: 'trust',
    logintimeout: 'timeout',
    connecttimeout: 'timeout',
    connectiontimeout: 'timeout',
    dialtimeout: 'timeout',
    applicationname: '',
    appname: '',
    applicationintent: '',
    connectionlimit: '',
    keepalive: '',
    multipleactiveresultsets: '',
    multisubnetfailover: '',
    packetsize: '',
    persistsecurityinfo: '',
    pooltimeout: '',
    schema: '',
    sendstringparametersasunicode: '',
    sockettimeout: '',
  }),
);

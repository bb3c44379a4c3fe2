import type { ConnectionString, ConnectionStringParts, SslMode } from '../connector.ts';
import { decoded, namedLike, refuse } from '../string-parts.ts';

/**
 * `sqlserver://user:password@host:port/database`, Go's `…/?database=`, and the form of JDBC and Prisma, `sqlserver://host:port;database=…;user=…`;
 * an instance is Go's `…@host/instance?database=`, JDBC's `host\instance` or `instanceName=`.
 * https://github.com/microsoft/go-mssqldb#the-connection-string-can-be-specified-in-one-of-three-formats ·
 * https://learn.microsoft.com/sql/connect/jdbc/building-the-connection-url
 */
export const connectionString: ConnectionString = {
  schemes: ['sqlserver'],
  parse: (text) => parse(text),
};

const parse = (text: string): ConnectionStringParts => {
  const rest =
    /^(?:jdbc:)?sqlserver:\/\/(.*)$/is.exec(text)?.[1] ?? refuse('a string that begins with sqlserver://');
  return /^[^@?/;]*;/.test(rest) ? partsOf(fieldsOfList(rest)) : partsOf(fieldsOfUrl(`sqlserver://${rest}`));
};

/** Names in lower case, without spaces, each once. */
type Fields = ReadonlyMap<string, string>;

const fieldsOfUrl = (text: string): Fields => {
  const form =
    'sqlserver://user:password@host:port/database, with what is special in a password percent-encoded';
  const url = URL.canParse(text) ? new URL(text) : refuse(form);
  // An @ this late, or a fragment, is a password that was not encoded: not a word of it may be taken for an option's name.
  if (url.hash || `${url.pathname}${url.search}`.includes('@') || url.pathname.includes('\\')) refuse(form);
  const path = decoded(url.pathname.slice(1));
  const options = [...url.searchParams];
  const namesDatabase = options.some(([name]) => aliases.get(plain(name)) === 'database');
  return collect([
    ['host', decoded(url.hostname).replace(/^\[(.*)\]$/, '$1')],
    ['port', url.port],
    [namesDatabase ? 'instancename' : 'database', path],
    ['username', decoded(url.username)],
    ['password', decoded(url.password)],
    ...options,
  ]);
};

const fieldsOfList = (text: string): Fields => {
  const [address = '', ...pairs] = text.match(/(?:\{(?:[^}]|\}\})*\}|[^;])+/g) ?? [];
  const [, host = '', instance = '', port = ''] =
    /^(\[[^\]]*\]|[^:\\]*)(?:\\([^:\\]*))?(?::(.*))?$/s.exec(address) ??
    refuse('host:port or host\\instance before the first semicolon');
  return collect([
    ['host', host.replace(/^\[(.*)\]$/, '$1')],
    ['instancename', instance],
    ['port', port],
    ...pairs.map((pair): [string, string] => {
      const at = pair.indexOf('=');
      if (at === -1) return refuse('name=value between the semicolons');
      return [pair.slice(0, at), unbraced(pair.slice(at + 1))];
    }),
  ]);
};

const unbraced = (value: string): string =>
  /^\{.*\}$/s.test(value) ? value.slice(1, -1).replaceAll('}}', '}') : value;

const collect = (pairs: readonly (readonly [string, string])[]): Fields => {
  const unknown = pairs.map(([name]) => name).filter((name) => !aliases.has(plain(name)));
  if (unknown.length > 0) refuse(`no option ${unknown.map(named).join(', ')}`);
  const fields = new Map<string, string>();
  for (const [name, value] of pairs) {
    const field = aliases.get(plain(name)) ?? '';
    if (field === '' || value === '') continue;
    if (fields.has(field)) refuse(`${field} once`);
    fields.set(field, value);
  }
  return fields;
};

const partsOf = (fields: Fields): ConnectionStringParts => {
  const [host, port, instance] = [fields.get('host'), fields.get('port'), fields.get('instance')];
  const database = fields.get('database');
  const [username, password] = [fields.get('username'), fields.get('password')];
  if (port !== undefined && !/^\d{1,5}$/.test(port)) refuse('a port from 1 to 65535');
  if (port !== undefined && instance !== undefined) refuse('a port or an instance');
  if (host?.includes(',')) refuse('one host');
  const mode = modeOf(fields.get('encrypt'), fields.get('trust'));
  const timeout = fields.get('timeout');
  if (timeout !== undefined && !/^\d{1,9}$/.test(timeout)) refuse('as a time-out seconds, in whole numbers');
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
      ...(Number(timeout) > 0 && { connection_timeout_seconds: Math.min(Number(timeout), 300) }),
    },
  };
};

/** `encrypt` with `trustServerCertificate`: https://learn.microsoft.com/sql/connect/ado-net/encryption-and-certificate-validation */
const modeOf = (encrypt: string | undefined, trust: string | undefined): SslMode | undefined => {
  const trusts =
    trust !== undefined &&
    (truths.get(trust.toLowerCase()) ?? refuse('as trustServerCertificate true or false'));
  if (encrypt === undefined) return trusts ? 'require' : undefined;
  const mode =
    encryptions.get(encrypt.toLowerCase()) ??
    refuse(`as encrypt one of ${[...encryptions.keys()].join(', ')}`);
  return mode === 'verify-full' && trusts && encrypt.toLowerCase() !== 'strict' ? 'require' : mode;
};

const truths: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['0', false],
]);

/** Where it is off the drivers still encrypt the login wherever the server can: that is `prefer`. */
const encryptions: ReadonlyMap<string, SslMode> = new Map([
  ['true', 'verify-full'],
  ['yes', 'verify-full'],
  ['mandatory', 'verify-full'],
  ['strict', 'verify-full'],
  ['false', 'prefer'],
  ['no', 'prefer'],
  ['optional', 'prefer'],
  ['disable', 'disable'],
]);

const plain = (name: string): string => name.toLowerCase().replaceAll(' ', '');

/** By what name which field goes; those that stand for '' have no meaning here: one short session, no pool. */
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

const named = namedLike(/^[A-Za-z][A-Za-z_ ]{0,39}$/);

import type { ConnectionStringParser } from '../connector.ts';
import { snowflakeOptions } from '../input/known-options.ts';
import {
  decodePercentEncoded,
  type QueryOption,
  parseUrlAddress,
  parseUrlQuery,
  refuseConnectionString,
  checkKnownOptions,
} from '../input/connection-string-parts.ts';

/** Parses `snowflake://user:password@account/database/schema?warehouse=…&role=…`, the form of SQLAlchemy. */
export const snowflakeConnectionStrings: ConnectionStringParser = {
  schemes: ['snowflake'],
  parse: (text) => {
    const { host, port, path, query, username, password } = parseUrlAddress(text, snowflakeStringForm);
    if (!/^snowflake:/i.test(text)) refuseConnectionString('a string that begins with snowflake://');
    if (port && port !== '443') refuseConnectionString('no port, or 443, which is where Snowflake answers');
    const [database = '', schema = '', ...more] = path.split('/').map((part) => decodePercentEncoded(part));
    if (more.length > 0) refuseConnectionString(snowflakeStringForm);

    // SQLAlchemy decodes the query as form data: https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls
    const options = readSnowflakeOptions(
      parseUrlQuery(query, { plusIsBlank: true, secret: (name) => name.toLowerCase() === 'token' }),
    );
    const config = {
      account: host.replace(/\.snowflakecomputing\.com$/i, ''),
      database,
      schema,
      username,
    };
    const { authenticator, token = '', ...named } = options;
    for (const name of Object.keys(named)) {
      if (Object.entries(config).some(([field, value]) => field === name && value))
        refuseConnectionString(`${name} once, in the address or as an option`);
    }
    const credentials = omitEmpty({ password, token });
    checkSnowflakeAuthenticator(authenticator, credentials);
    return { config: omitEmpty({ ...config, ...omitEmpty(named) }), credentials, options: {} };
  },
};

const snowflakeStringForm =
  'snowflake://user:password@account/database/schema, with what is special percent-encoded';

const omitEmpty = (values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));

/** Checks that the authenticator fits the secret in the string. */
const checkSnowflakeAuthenticator = (
  named: string | undefined,
  secrets: Readonly<Record<string, string>>,
): void => {
  if (named === undefined) return;
  const allowed =
    snowflakeAuthenticators.get(named.toLowerCase()) ??
    refuseConnectionString(`as authenticator one of ${[...snowflakeAuthenticators.keys()].join(', ')}`);
  const other = Object.keys(secrets).find((name) => !allowed.includes(name));
  if (other !== undefined)
    refuseConnectionString(`authenticator and ${other} that do not contradict each other`);
};

const readSnowflakeOptions = (given: readonly QueryOption[]): Record<string, string> => {
  checkKnownOptions(
    given.map(([name]) => name),
    {
      isTaken: (name) =>
        snowflakeOptionFields.has(name.toLowerCase()) ||
        snowflakeIgnoredOptions.has(name.toLowerCase()) ||
        snowflakeOptionChecks.has(name.toLowerCase()),
      clients: snowflakeOptions,
    },
  );
  const found: Record<string, string> = {};
  for (const [name, value] of given) {
    const field = snowflakeOptionFields.get(name.toLowerCase());
    snowflakeOptionChecks.get(name.toLowerCase())?.(value);
    if (field === undefined) continue;
    if (found[field] !== undefined) refuseConnectionString(`the option ${name} once`);
    found[field] = value;
  }
  return found;
};

/** Checks for options that demand what a session cannot do. */
const snowflakeOptionChecks: ReadonlyMap<string, (value: string) => void> = new Map([
  [
    'ocsp_fail_open',
    (value) => {
      if (!/^true$/i.test(value))
        refuseConnectionString(
          'as ocsp_fail_open true: a certificate whose revocation is not known is taken',
        );
    },
  ],
]);

/** JDBC says `db`; all clients spell the others alike. */
const snowflakeOptionFields: ReadonlyMap<string, string> = new Map([
  ['warehouse', 'warehouse'],
  ['role', 'role'],
  ['database', 'database'],
  ['db', 'database'],
  ['schema', 'schema'],
  ['authenticator', 'authenticator'],
  ['token', 'token'],
]);

/**
 * Authenticators whose fields a connection string can hold, with the secrets that each may have there. The others open a browser, or use an
 * identity of the machine.
 */
const snowflakeAuthenticators: ReadonlyMap<string, readonly string[]> = new Map([
  ['snowflake', ['password']],
  ['snowflake_jwt', []],
  // Drivers accept the token as a password, too: https://docs.snowflake.com/en/user-guide/programmatic-access-tokens
  ['programmatic_access_token', ['password', 'token']],
]);

/** Options that tools of vendors add, and options that have no effect on a short session. */
const snowflakeIgnoredOptions: ReadonlySet<string> = new Set([
  'application',
  'client_session_keep_alive',
  'insecure_mode',
  'login_timeout',
  'network_timeout',
  'numpy',
  'timezone',
]);

import type { ConnectionString } from '../connector.ts';
import { snowflakeOptions } from '../known-options.ts';
import { decoded, type Option, readAddress, readQuery, refuse, refuseUnknown } from '../string-parts.ts';

/** `snowflake://user:password@account/database/schema?warehouse=…&role=…`, as SQLAlchemy writes it. */
export const connectionString: ConnectionString = {
  schemes: ['snowflake'],
  parse: (text) => {
    const { host, port, path, query, username, password } = readAddress(text, form);
    if (!/^snowflake:/i.test(text)) refuse('a string that begins with snowflake://');
    if (port && port !== '443') refuse('no port, or 443, which is where Snowflake answers');
    const [database = '', schema = '', ...more] = path.split('/').map((part) => decoded(part));
    if (more.length > 0) refuse(form);

    // SQLAlchemy reads queries as forms: https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls
    const options = optionsOf(
      readQuery(query, { plusIsBlank: true, secret: (name) => name.toLowerCase() === 'token' }),
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
        refuse(`${name} once, in the address or as an option`);
    }
    const credentials = present({ password, token });
    checkAuthenticator(authenticator, credentials);
    return { config: present({ ...config, ...present(named) }), credentials, options: {} };
  },
};

const form = 'snowflake://user:password@account/database/schema, with what is special percent-encoded';

const present = (values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));

/** The way to log in must be the one whose secret is there. */
const checkAuthenticator = (named: string | undefined, secrets: Readonly<Record<string, string>>): void => {
  if (named === undefined) return;
  const allowed =
    authenticators.get(named.toLowerCase()) ??
    refuse(`as authenticator one of ${[...authenticators.keys()].join(', ')}`);
  const other = Object.keys(secrets).find((name) => !allowed.includes(name));
  if (other !== undefined) refuse(`authenticator and ${other} that do not contradict each other`);
};

const optionsOf = (given: readonly Option[]): Record<string, string> => {
  refuseUnknown(
    given.map(([name]) => name),
    {
      isTaken: (name) =>
        fields.has(name.toLowerCase()) || ignored.has(name.toLowerCase()) || checks.has(name.toLowerCase()),
      clients: snowflakeOptions,
    },
  );
  const found: Record<string, string> = {};
  for (const [name, value] of given) {
    const field = fields.get(name.toLowerCase());
    checks.get(name.toLowerCase())?.(value);
    if (field === undefined) continue;
    if (found[field] !== undefined) refuse(`the option ${name} once`);
    found[field] = value;
  }
  return found;
};

/** A demand that the session could not keep. */
const checks: ReadonlyMap<string, (value: string) => void> = new Map([
  [
    'ocsp_fail_open',
    (value) => {
      if (!/^true$/i.test(value))
        refuse('as ocsp_fail_open true: a certificate whose revocation is not known is taken');
    },
  ],
]);

/** JDBC says `db`; the rest is spelled alike everywhere. */
const fields: ReadonlyMap<string, string> = new Map([
  ['warehouse', 'warehouse'],
  ['role', 'role'],
  ['database', 'database'],
  ['db', 'database'],
  ['schema', 'schema'],
  ['authenticator', 'authenticator'],
  ['token', 'token'],
]);

/** Those whose fields stand in the string, with the secrets that each may have there; the others open a browser or look for an identity of our own. */
const authenticators: ReadonlyMap<string, readonly string[]> = new Map([
  ['snowflake', ['password']],
  ['snowflake_jwt', []],
  // https://docs.snowflake.com/en/user-guide/programmatic-access-tokens: drivers take the token for a password, too.
  ['programmatic_access_token', ['password', 'token']],
]);

/** What the tools of vendors put there, and what means nothing to one short session of ours. */
const ignored: ReadonlySet<string> = new Set([
  'application',
  'client_session_keep_alive',
  'insecure_mode',
  'login_timeout',
  'network_timeout',
  'numpy',
  'timezone',
]);

import type { ConnectionString } from '../connector.ts';
import { decoded, named, refuse } from '../string-parts.ts';

/** `snowflake://user:password@account/database/schema?warehouse=…&role=…`, as SQLAlchemy writes it. */
export const connectionString: ConnectionString = {
  schemes: ['snowflake'],
  parse: (text) => {
    const url = URL.canParse(text) ? new URL(text) : refuse(form);
    if (url.protocol !== 'snowflake:') refuse('a string that begins with snowflake://');
    // An @ this late, or a fragment, is a password that was not encoded: not a word of it may be taken for an option's name.
    if (url.hash || `${url.pathname}${url.search}`.includes('@')) refuse(form);
    if (url.port && url.port !== '443') refuse('no port, or 443, which is where Snowflake answers');
    const [database = '', schema = '', ...more] = url.pathname
      .slice(1)
      .split('/')
      .map((part) => decoded(part));
    if (more.length > 0) refuse(form);

    const options = optionsOf(url.searchParams);
    const config = {
      account: decoded(url.hostname).replace(/\.snowflakecomputing\.com$/i, ''),
      database,
      schema,
      username: decoded(url.username),
    };
    const credentials = { password: decoded(url.password) };
    const { authenticator, token, ...fields } = options;
    for (const name of Object.keys(fields)) {
      if (Object.entries(config).some(([field, value]) => field === name && value))
        refuse(`${name} once, in the address or as an option`);
    }
    if (authenticator !== undefined && !authenticators.has(authenticator.toLowerCase()))
      refuse(`as authenticator one of ${[...authenticators].join(', ')}`);
    return {
      config: present({ ...config, ...present(fields) }),
      credentials: present({ ...credentials, ...(token !== undefined && { token }) }),
      options: {},
    };
  },
};

const form = 'snowflake://user:password@account/database/schema, with what is special percent-encoded';

const present = (fields: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));

const optionsOf = (params: URLSearchParams): Record<string, string> => {
  const found: Record<string, string> = {};
  const unknown: string[] = [];
  for (const [name, value] of params) {
    const field = fields.get(name.toLowerCase());
    if (field === undefined) {
      if (!ignored.has(name.toLowerCase())) unknown.push(named(name));
    } else if (found[field] !== undefined) refuse(`the option ${name} once`);
    else found[field] = value;
  }
  if (unknown.length > 0) refuse(`no option ${[...new Set(unknown)].join(', ')}`);
  return found;
};

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

/** Those whose fields stand in the string; the others open a browser or look for an identity of our own. */
const authenticators: ReadonlySet<string> = new Set([
  'snowflake',
  'snowflake_jwt',
  'programmatic_access_token',
]);

/** What the tools of vendors put there, and what means nothing to one short session of ours. */
const ignored: ReadonlySet<string> = new Set([
  'application',
  'client_session_keep_alive',
  'insecure_mode',
  'login_timeout',
  'network_timeout',
  'numpy',
  'ocsp_fail_open',
  'timezone',
]);

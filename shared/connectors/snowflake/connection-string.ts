import type { ConnectionStringParts } from '../connector.ts';
import { refuseConnectionString } from '../input/connection-string-parts.ts';
import { createConnectionUrlParser } from '../input/connection-url.ts';
import type { GivenOption } from '../input/connection-url-options.ts';
import { snowflakeOptions } from '../input/known-options.ts';

/**
 * Authenticators whose fields a connection string can hold, with the secrets that each may have there. The others open a browser, or use an
 * identity of the machine. Drivers accept a programmatic access token as a password, too:
 * https://docs.snowflake.com/en/user-guide/programmatic-access-tokens
 */
const snowflakeAuthenticators: Readonly<Record<string, readonly string[]>> = {
  snowflake: ['password'],
  snowflake_jwt: [],
  programmatic_access_token: ['password', 'token'],
};

const completeSnowflakeParts = (
  { config: { account = '', ...config }, credentials, options }: ConnectionStringParts,
  given: readonly GivenOption[],
): ConnectionStringParts => {
  const authenticator = given.find(({ name }) => name === 'authenticator')?.value.toLowerCase();
  const allowed = authenticator && snowflakeAuthenticators[authenticator];
  const other = allowed && Object.keys(credentials).find((name) => !allowed.includes(name));
  if (other) refuseConnectionString(`authenticator and ${other} that do not contradict each other`);
  const failsOpen = given.every(({ name, value }) => name !== 'ocsp_fail_open' || /^true$/i.test(value));
  if (!failsOpen)
    refuseConnectionString(
      'true for ocsp_fail_open: a certificate whose revocation cannot be checked is accepted',
    );
  const name = String(account).replace(/\.snowflakecomputing\.com$/i, '');
  return { config: { ...(name && { account: name }), ...config }, credentials, options };
};

/** `snowflake://user:password@account/database/schema?warehouse=…&role=…`, the form of SQLAlchemy. */
export const snowflakeConnectionStrings = createConnectionUrlParser({
  schemes: ['snowflake'],
  address: 'username:password@account:443/database/schema',
  credentials: ['password', 'token'],
  options: {
    warehouse: 'warehouse',
    role: 'role',
    'database db': 'database', // JDBC says `db`
    schema: 'schema',
    authenticator: {
      values: Object.keys(snowflakeAuthenticators),
      foldValue: (value) => value.toLowerCase(),
    },
    token: 'token',
  },
  ignored: `application client_session_keep_alive insecure_mode login_timeout network_timeout numpy ocsp_fail_open timezone`,
  ignoredMayRepeat: true,
  clients: snowflakeOptions,
  spelling: 'any-case',
  // SQLAlchemy decodes the query as form data: https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls
  plusIsBlank: true,
  complete: completeSnowflakeParts,
});

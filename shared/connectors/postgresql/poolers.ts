import { createTextClassifier, type FailureMeaning } from '../failure-table.ts';

export const connectDenied: FailureMeaning = [
  'permission-denied',
  'Allow the account to connect: GRANT CONNECT ON DATABASE … TO …;',
];

/**
 * Poolers send the same SQLSTATE for every error and no routine, so their text decides; it is never translated.
 * https://github.com/pgbouncer/pgbouncer/blob/master/src/client.c · https://neon.com/docs/connect/connection-errors ·
 * https://github.com/supabase/supavisor/blob/main/lib/supavisor/client_handler.ex
 */
export const classifyPoolerText = createTextClassifier([
  [
    /^Tenant or user not found/,
    'authentication-failed',
    'Supabase’s pooler requires the project in the user name. Set config.username to the user name, a dot and the project reference: postgres.PROJECT.',
  ],
  [
    /^Endpoint ID is not specified|^Inconsistent project name/,
    'host-not-found',
    'Neon’s proxy does not know this endpoint. Compare config.host, which starts with the endpoint ID, with the connection details of the Neon project.',
  ],
  [/^The endpoint has been disabled/, 'server-error', 'The compute endpoint is disabled in Neon. Enable it.'],
  [/^(SASL|password) authentication failed|^no such user|^wrong password type/i, 'authentication-failed'],
  [/^no such database|^database ".*" does not exist$/s, 'database-not-found'],
  [/^permission denied for database/, ...connectDenied],
  [
    /^no more connections allowed|^sorry, too many clients|^too many connections|^Max client connections reached|^remaining connection slots/,
    'too-many-connections',
  ],
  [/^(SSL|TLS) (connection is )?required/i, 'tls-required'],
  [
    /^query_wait_timeout|^client_login_timeout|^query_timeout/,
    'timeout',
    'The pooler could not get a connection to the server in time. Check the server behind the pooler.',
  ],
]);

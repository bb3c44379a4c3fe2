import { describe, test } from '@jest/globals';
import { failure as postgresql, seenAtLogin } from '../../shared/connectors/postgresql/failures.ts';
import { refused } from '../../shared/connectors/redshift/refusals.ts';
import { expectTold, type FailureRow } from './tell-failure.ts';

/** As the SDK throws what AWS answers. */
const aws = (Code: string, httpStatusCode: number, message = 'in its words') =>
  Object.assign(new Error(message), { name: Code, Code, $metadata: { httpStatusCode } });

const asked = {
  api: 'redshift.eu-west-1.amazonaws.com',
  service: 'redshift',
  region: 'eu-west-1',
  name: 'shop',
  username: 'reader',
  database: 'dev',
  official: true,
} as const;
const handed = (name: string, status = 400) => refused(aws(name, status), asked);

/** https://docs.aws.amazon.com/redshift/latest/APIReference/API_GetClusterCredentials.html */
const ofRedshift: readonly FailureRow[] = [
  [
    'ClusterNotFound',
    handed('ClusterNotFound', 404),
    'authenticate',
    'database-not-found',
    'request',
    /cluster_identifier/,
  ],
  [
    'UnsupportedOperation',
    handed('UnsupportedOperation'),
    'authenticate',
    'server-error',
    'server',
    /auth_method/,
  ],
  ['InvalidClusterState', handed('InvalidClusterState'), 'authenticate', 'server-error', 'server', /paused/],
  [
    'AccessDenied',
    handed('AccessDenied', 403),
    'authenticate',
    'permission-denied',
    'permissions',
    /redshift:GetClusterCredentials/,
  ],
  [
    'ExpiredToken',
    handed('ExpiredToken', 403),
    'authenticate',
    'credentials-expired',
    'credentials',
    /new keys/,
  ],
  [
    'InternalServerException',
    handed('InternalServerException', 500),
    'authenticate',
    'server-error',
    'server',
    /AWS failed/,
  ],
];

/** As `pg` throws an ErrorResponse. */
const state = (code: string, message = 'in some language', routine = '') =>
  Object.assign(new Error(message), { code, routine });
const refusedLogin = (routine: string, message: string, encrypted = true) =>
  seenAtLogin(state('28000', message, routine), { encrypted, passwordAsked: false });

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const ofPostgresql: readonly FailureRow[] = [
  ['28P01', state('28P01'), 'authenticate', 'authentication-failed', 'credentials', /send the credentials/],
  [
    '28000 ident',
    refusedLogin('auth_failed', 'Ident authentication failed for user'),
    'authenticate',
    'authentication-failed',
    'credentials',
    /ident/,
  ],
  [
    '28000 in clear',
    refusedLogin('ClientAuthentication', 'kein Eintrag', false),
    'authenticate',
    'tls-required',
    'request',
    /ssl_mode/,
  ],
  [
    '28000 no entry',
    refusedLogin('ClientAuthentication', 'no pg_hba.conf entry for host'),
    'authenticate',
    'permission-denied',
    'permissions',
    /hostssl/,
  ],
  [
    '28000 NOLOGIN',
    state('28000', 'x', 'InitializeSessionUserId'),
    'authenticate',
    'account-locked',
    'credentials',
    /LOGIN/,
  ],
  ['3D000', state('3D000', 'x', 'InitPostgres'), 'authenticate', 'database-not-found', 'request', /psql -l/],
  [
    '53300',
    state('53300', 'x', 'ProcArrayAdd'),
    'authenticate',
    'too-many-connections',
    'server',
    /CONNECTION LIMIT/,
  ],
  [
    '57P03',
    state('57P03', 'x', 'ProcessStartupPacket'),
    'authenticate',
    'server-error',
    'server',
    /starting/,
  ],
  [
    '57P05',
    state('57P05', 'x', 'ProcessInterrupts'),
    'query',
    'connection-reset',
    'network',
    /idle_session_timeout/,
  ],
  ['25P03', state('25P03', 'x', 'ProcessInterrupts'), 'query', 'timeout', 'network', /idle_in_transaction/],
  [
    '55000',
    state('55000', 'x', 'CheckMyDatabase'),
    'authenticate',
    'permission-denied',
    'permissions',
    /ALLOW_CONNECTIONS/,
  ],
  [
    '58P01',
    state('58P01', 'x', 'internal_load_library'),
    'authenticate',
    'server-error',
    'server',
    /preload_libraries/,
  ],
  ['P0001', state('P0001', 'x', 'exec_stmt_raise'), 'authenticate', 'server-error', 'server', /ON LOGIN/],
  ['HV000', state('HV000', 'x', 'y'), 'query', 'server-error', 'server', /foreign server/],
  ['XX000', state('XX000', 'x', 'y'), 'query', 'server-error', 'server', /fault inside/],
];

describe('Redshift', () => {
  test.each(ofRedshift)('%s', (...row) => expectTold(postgresql, row));
});
describe('PostgreSQL', () => {
  test.each(ofPostgresql)('%s', (...row) => expectTold(postgresql, row));
});

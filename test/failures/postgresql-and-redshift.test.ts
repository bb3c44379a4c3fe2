import { describe } from '@jest/globals';
import { classifyPostgresqlError as postgresql } from '../../shared/connectors/postgresql/failures.ts';
import { addPostgresqlLoginProgress } from '../../shared/connectors/postgresql/login-failures.ts';
import { toIssuerProblem } from '../../shared/connectors/redshift/issuer-failures.ts';
import { testFailures, type FailureRow } from './failure-rows.ts';

/** Creates an error as the SDK throws it for an answer of AWS. */
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
const handed = (name: string, status = 400) => toIssuerProblem(aws(name, status), asked);

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
    /AWS reported an internal error/,
  ],
];

/** Creates an error as `pg` throws it for an ErrorResponse. */
const state = (code: string, message = 'in some language', routine = '') =>
  Object.assign(new Error(message), { code, routine });
const refusedLogin = (routine: string, message: string, encrypted = true) =>
  addPostgresqlLoginProgress(state('28000', message, routine), { encrypted, passwordAsked: false });
const withToken = (code: string, message: string) =>
  addPostgresqlLoginProgress(state(code, message, 'auth_failed'), {
    encrypted: true,
    passwordAsked: true,
    token: true,
  });

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const ofPostgresql: readonly FailureRow[] = [
  [
    '28P01 with a token',
    withToken('28P01', 'password authentication failed for user'),
    'authenticate',
    'authentication-failed',
    'credentials',
    /read the token as a password.*GRANT rds_iam/,
  ],
  [
    '28000 with a token',
    withToken('28000', 'PAM authentication failed for user'),
    'authenticate',
    'authentication-failed',
    'credentials',
    /rds-db:connect/,
  ],
  [
    '28000 of PAM with a password',
    refusedLogin('auth_failed', 'PAM authentication failed for user'),
    'authenticate',
    'authentication-failed',
    'credentials',
    /auth_method iam, or run REVOKE rds_iam/,
  ],
  [
    '28000 of RADIUS',
    refusedLogin('auth_failed', 'RADIUS authentication failed for user'),
    'authenticate',
    'authentication-failed',
    'credentials',
    /LDAP or RADIUS/,
  ],
  [
    'a pooler that lost a statement',
    state('26000', 'prepared statement "x" does not exist', ''),
    'query',
    'server-error',
    'server',
    /pooler’s port for session pooling/,
  ],
  [
    'Neon, which knows no such endpoint',
    state('08P01', 'Endpoint ID is not specified. Either please upgrade'),
    'authenticate',
    'host-not-found',
    'network',
    /Neon’s proxy/,
  ],
  [
    'Neon, whose endpoint is disabled',
    state('XX000', 'The endpoint has been disabled. Enable it'),
    'authenticate',
    'server-error',
    'server',
    /disabled in Neon/,
  ],
  [
    '08P01',
    state('08P01', 'x', 'ProcessStartupPacket'),
    'authenticate',
    'protocol-mismatch',
    'request',
    /connector type/,
  ],
  ['0A000', state('0A000', 'x', 'y'), 'query', 'server-error', 'server', /does not support a feature/],
  ['3F000', state('3F000', 'x', 'y'), 'query', 'server-error', 'server', /Correct config\.schemas/],
  ['25006', state('25006', 'x', 'y'), 'query', 'server-error', 'server', /Set config\.host to the primary/],
  [
    '40001',
    state('40001', 'x', 'y'),
    'query',
    'server-error',
    'server',
    /conflicted with another transaction/,
  ],
  ['40P01', state('40P01', 'x', 'y'), 'query', 'server-error', 'server', /deadlock/],
  ['42501', state('42501', 'x', 'y'), 'query', 'permission-denied', 'permissions', /step `privileges`/],
  [
    '42501 at login',
    state('42501', 'x', 'CheckMyDatabase'),
    'authenticate',
    'permission-denied',
    'permissions',
    /GRANT CONNECT/,
  ],
  ['42P01', state('42P01', 'x', 'y'), 'query', 'server-error', 'server', /PostgreSQL-compatible product/],
  ['53200', state('53200', 'x', 'y'), 'query', 'server-error', 'server', /work_mem/],
  ['53400', state('53400', 'x', 'y'), 'query', 'server-error', 'server', /temp_file_limit/],
  ['54000', state('54000', 'x', 'y'), 'query', 'server-error', 'server', /max_locks_per_transaction/],
  ['55P03', state('55P03', 'x', 'y'), 'query', 'timeout', 'network', /holds a lock/],
  ['57014', state('57014', 'x', 'y'), 'query', 'timeout', 'network', /query_timeout_seconds/],
  ['57P01', state('57P01', 'x', 'y'), 'query', 'connection-reset', 'network', /administrator/],
  ['57P02', state('57P02', 'x', 'y'), 'query', 'connection-reset', 'network', /crash/],
  ['57P04', state('57P04', 'x', 'y'), 'query', 'database-not-found', 'request', /dropped/],
  [
    '58030',
    state('58030', 'x', 'y'),
    'query',
    'server-error',
    'server',
    /operating system of the server reported/,
  ],
  ['72000', state('72000', 'x', 'y'), 'query', 'server-error', 'server', /old row versions/],
  [
    'XX001',
    state('XX001', 'x', 'y'),
    'query',
    'server-error',
    'server',
    /is corrupted\. Find the affected table in the server log, and restore/,
  ],
  ['XX002', state('XX002', 'x', 'y'), 'query', 'server-error', 'server', /REINDEX/],
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
    /ALTER ROLE … LOGIN/,
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
  [
    'XX000',
    state('XX000', 'x', 'y'),
    'query',
    'server-error',
    'server',
    /internal error occurred in the server/,
  ],
];

describe('Redshift', () => {
  testFailures(postgresql, ofRedshift);
});
describe('PostgreSQL', () => {
  testFailures(postgresql, ofPostgresql);
});

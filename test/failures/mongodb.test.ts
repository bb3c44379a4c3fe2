import { expect, test } from '@jest/globals';
import { classifyMongodbError, addMongodbLoginMethod } from '../../shared/connectors/mongodb/failures.ts';
import { testFailures, findFailedStep, type FailureRow } from './failure-rows.ts';

/** Creates an error as the driver throws it for an answer of the server. */
const server = (code: number, message = 'in its words') =>
  Object.assign(new Error(message), { name: 'MongoServerError', code });
const password = (code: number) => addMongodbLoginMethod(server(code), 'password');
const certificate = (code: number) => addMongodbLoginMethod(server(code), 'certificate');

/** https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml */
const rows: readonly FailureRow[] = [
  ['18', password(18), 'authenticate', 'authentication-failed', 'credentials', /auth_source/],
  ['18 x509', certificate(18), 'authenticate', 'client-certificate-required', 'credentials', /ssl\.cert/],
  ['11 x509', certificate(11), 'authenticate', 'authentication-failed', 'credentials', /\$external/],
  ['334', password(334), 'authenticate', 'authentication-failed', 'credentials', /SCRAM-SHA-256/],
  ['2 at login', password(2), 'authenticate', 'authentication-failed', 'credentials', /SCRAM-SHA-256/],
  ['214', password(214), 'authenticate', 'permission-denied', 'permissions', /authenticationRestrictions/],
  ['404', password(404), 'authenticate', 'server-error', 'server', /LDAP/],
  ['354', password(354), 'authenticate', 'server-error', 'server', /loadBalanced/],
  [
    '8000 password',
    server(8000, 'bad auth : Authentication failed.'),
    'authenticate',
    'authentication-failed',
    'credentials',
    /send the credentials again/,
  ],
  [
    '8000 rights',
    server(8000, 'user is not allowed to do action [find]'),
    'query',
    'permission-denied',
    'permissions',
    /step `privileges`/,
  ],
  ['8000 other', server(8000, 'something'), 'query', 'server-error', 'server', /cluster’s state/],
  ['13', server(13), 'query', 'permission-denied', 'permissions', /step `privileges`/],
  ['31', server(31), 'privileges', 'permission-denied', 'permissions', /Revoke/],
  ['50', server(50), 'query', 'timeout', 'network', /query_timeout_seconds/],
  ['262', server(262), 'query', 'timeout', 'network', /query_timeout_seconds/],
  ['59', server(59), 'query', 'unsupported-version', 'server', /emulates MongoDB/],
  ['72', server(72), 'query', 'unsupported-version', 'server', /emulates MongoDB/],
  ['89', server(89), 'query', 'server-error', 'server', /The mongos that answered/],
  ['133', server(133), 'query', 'server-error', 'server', /The mongos that answered/],
  ['91', server(91), 'query', 'server-error', 'server', /electing/],
  ['189', server(189), 'query', 'server-error', 'server', /electing/],
  ['10107', server(10107), 'query', 'server-error', 'server', /electing/],
  ['13435', server(13435), 'query', 'server-error', 'server', /electing/],
  ['13436', server(13436), 'query', 'server-error', 'server', /electing/],
  ['94', server(94), 'query', 'server-error', 'server', /rs\.initiate/],
  ['43', server(43), 'query', 'server-error', 'server', /cursor was closed/],
  ['211', server(211), 'query', 'server-error', 'server', /clocks/],
  ['292', server(292), 'query', 'server-error', 'server', /no memory, disk space or open files left/],
  ['14031', server(14031), 'query', 'server-error', 'server', /disk/],
  ['323', server(323), 'query', 'server-error', 'server', /requireApiVersion/],
  ['391', server(391), 'query', 'credentials-expired', 'credentials', /Renew/],
  ['411', server(411), 'query', 'permission-denied', 'permissions', /removeQuerySettings/],
  ['11601', server(11601), 'query', 'connection-reset', 'network', /ended the command/],
  ['449', server(449), 'query', 'too-many-connections', 'server', /limits the request rate/],
  ['462', server(462), 'query', 'too-many-connections', 'server', /limits the request rate/],
  ['16500', server(16500), 'query', 'too-many-connections', 'server', /limits the request rate/],
];

testFailures(classifyMongodbError, rows);

test('BadValue after the login is a server error, not a refused login', () => {
  expect(classifyMongodbError(server(2))).toEqual({ code: 'server-error', native: '2' });
});

test("Atlas's IP access list ends the TLS handshake", async () => {
  const thrown = Object.assign(new Error('alert'), { code: 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR' });
  expect(await findFailedStep(classifyMongodbError, thrown, 'tls')).toMatchObject({
    step: 'tls',
    code: 'connection-reset',
    remediation: expect.stringContaining('IP access list'),
  });
});

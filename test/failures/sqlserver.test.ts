import { expect, test } from '@jest/globals';
import {
  classifySqlserverError,
  attachSqlserverErrorNumbers,
} from '../../shared/connectors/sqlserver/failures.ts';
import { testFailures, findFailedStep, type FailureRow } from './failure-rows.ts';

/**
 * Creates an error as `tedious` throws it at login: its own text, and the server's error numbers from events.
 */
const login = (...numbers: readonly number[]) =>
  attachSqlserverErrorNumbers(
    Object.assign(new Error('Login failed'), { name: 'ConnectionError', code: 'ELOGIN' }),
    numbers,
  );
/** Creates an error as `tedious` throws it for a request. */
const request = (number: number) =>
  Object.assign(new Error('refused'), { name: 'RequestError', code: 'EREQUEST', number, state: 1 });

/**
 * https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors ·
 * https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues
 */
const rows: readonly FailureRow[] = [
  [
    '18456',
    login(18456),
    'authenticate',
    'authentication-failed',
    'credentials',
    /^Check the user name and send the password.*contained/,
  ],
  [
    '18450',
    login(18450),
    'authenticate',
    'authentication-failed',
    'credentials',
    /contained in a database other than config\.database/,
  ],
  ['18451', login(18451), 'authenticate', 'server-error', 'server', /accepts only administrators/],
  [
    '18452',
    login(18452),
    'authenticate',
    'authentication-failed',
    'credentials',
    /the login is a Windows login/,
  ],
  ['18459', login(18459), 'authenticate', 'too-many-connections', 'server', /licensed for/],
  [
    '18461',
    login(18461),
    'authenticate',
    'server-error',
    'server',
    /Restart the server without the startup option -m/,
  ],
  ['18470', login(18470), 'authenticate', 'account-locked', 'credentials', /ALTER LOGIN … ENABLE/],
  ['18486', login(18486), 'authenticate', 'account-locked', 'credentials', /UNLOCK/],
  ['18487', login(18487), 'authenticate', 'credentials-expired', 'credentials', /expired/],
  ['18488', login(18488), 'authenticate', 'credentials-expired', 'credentials', /before its first use/],
  ['33134', login(33134), 'authenticate', 'authentication-failed', 'credentials', /FROM EXTERNAL PROVIDER/],
  [
    '4060 with 18456',
    login(4060, 18456),
    'authenticate',
    'database-not-found',
    'request',
    /^Check config\.database\. If the database exists.*CREATE USER/,
  ],
  [
    '4064 with 18456',
    login(4064, 18456),
    'authenticate',
    'database-not-found',
    'request',
    /DEFAULT_DATABASE/,
  ],
  [
    '916',
    request(916),
    'query',
    'permission-denied',
    'permissions',
    /^The login has no user in the database\. Create one: CREATE USER/,
  ],
  [
    '17892 with 18456',
    login(17892, 18456),
    'authenticate',
    'permission-denied',
    'permissions',
    /sys\.server_triggers/,
  ],
  [
    '911',
    request(911),
    'query',
    'database-not-found',
    'request',
    /^Check config\.database: the server has no database/,
  ],
  ['40501', login(40501), 'authenticate', 'server-error', 'server', /is busy with other requests/],
  ['49919', login(49919), 'authenticate', 'server-error', 'server', /is busy with other requests/],
  [
    '17809',
    login(17809),
    'authenticate',
    'too-many-connections',
    'server',
    /sp_configure 'user connections'/,
  ],
  ['978', login(978), 'authenticate', 'server-error', 'server', /read-only intent/],
  ['983', login(983), 'authenticate', 'server-error', 'server', /dm_hadr_availability_replica_states/],
  ['4221', login(4221), 'authenticate', 'server-error', 'server', /long transactions on the primary/],
  ['945', login(945), 'authenticate', 'server-error', 'server', /files, memory or disk/],
  ['18401', login(18401), 'authenticate', 'server-error', 'server', /upgraded/],
  ['1105', request(1105), 'query', 'server-error', 'server', /tempdb is full/],
  ['40532', login(40532), 'authenticate', 'authentication-failed', 'credentials', /name@server/],
  [
    '40607',
    login(40607),
    'authenticate',
    'authentication-failed',
    'credentials',
    /Azure SQL does not accept Windows logins/,
  ],
  ['40615', login(40615), 'authenticate', 'permission-denied', 'permissions', /server’s firewall/],
  ['40914', login(40914), 'authenticate', 'permission-denied', 'permissions', /virtual network rule/],
  ['47073', login(47073), 'authenticate', 'permission-denied', 'permissions', /public network access/],
  ['10928', login(10928), 'authenticate', 'too-many-connections', 'server', /service tier/],
  ['10929', login(10929), 'authenticate', 'too-many-connections', 'server', /service tier/],
  ['49918', login(49918), 'authenticate', 'server-error', 'server', /is busy with other requests/],
  ['49920', login(49920), 'authenticate', 'server-error', 'server', /is busy with other requests/],
  ['40197', login(40197), 'authenticate', 'server-error', 'server', /had an error/],
  ['40613', login(40613), 'authenticate', 'server-error', 'server', /paused, moving/],
  ['42108', login(42108), 'authenticate', 'server-error', 'server', /Resume it/],
  ['42109', login(42109), 'authenticate', 'server-error', 'server', /resuming/],
  ['40544', request(40544), 'query', 'server-error', 'server', /tempdb is full/],
  ['921', login(921), 'authenticate', 'server-error', 'server', /changing its state/],
  ['924', login(924), 'authenticate', 'server-error', 'server', /MULTI_USER/],
  ['926', login(926), 'authenticate', 'server-error', 'server', /suspect/],
  ['927', login(927), 'authenticate', 'server-error', 'server', /WITH RECOVERY/],
  ['942', login(942), 'authenticate', 'server-error', 'server', /SET ONLINE/],
  ['976', login(976), 'authenticate', 'server-error', 'server', /listener or the primary/],
  ['229', request(229), 'query', 'permission-denied', 'permissions', /step `privileges`/],
  ['300', request(300), 'privileges', 'permission-denied', 'permissions', /step `privileges`/],
  ['596', request(596), 'query', 'connection-reset', 'network', /ended the session/],
  ['701', request(701), 'query', 'server-error', 'server', /max server memory/],
  ['8645', request(8645), 'query', 'server-error', 'server', /max server memory/],
  ['824', request(824), 'query', 'server-error', 'server', /DBCC CHECKDB/],
  ['1205', request(1205), 'query', 'server-error', 'server', /deadlock/],
  ['1222', request(1222), 'query', 'timeout', 'network', /holds a lock that the query needs/],
  ['9002', request(9002), 'query', 'server-error', 'server', /log_reuse_wait_desc/],
  ['6005', request(6005), 'query', 'server-error', 'server', /shutting down/],
  ['17832', login(17832), 'authenticate', 'protocol-mismatch', 'request', /no proxy/],
];

testFailures(classifySqlserverError, rows);

test('a time-out of the driver is a timeout', async () => {
  const thrown = Object.assign(new Error('Timeout'), { name: 'RequestError', code: 'ETIMEOUT' });
  expect(await findFailedStep(classifySqlserverError, thrown, 'query')).toMatchObject({
    code: 'timeout',
    remediation: expect.stringContaining('query_timeout_seconds'),
  });
});

// These refusals are not caused by a firewall rule.
test.each([40914, 47073])('%i does not suggest a firewall rule', async (number) => {
  expect(
    (await findFailedStep(classifySqlserverError, login(number), 'authenticate'))?.remediation,
  ).not.toContain('firewall');
});

// 233 and 10054 are Windows codes for a closed socket. The server never sends them, and Node has codes of its
// own.
test("a closed socket is reported with the network's code", async () => {
  const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  const thrown = new Error('Connection lost', { cause });
  expect(await findFailedStep(classifySqlserverError, thrown, 'authenticate')).toMatchObject({
    code: 'connection-reset',
    native_code: 'ECONNRESET',
  });
});

import { expect, test } from '@jest/globals';
import { classifyOracleError } from '../../shared/connectors/oracle/failures.ts';
import { testFailures, findFailedStep, type FailureRow } from './failure-rows.ts';

/**
 * Creates an error as `oracledb` throws it for a server error: the code, and the text with the errors that it
 * wraps.
 */
const ora = (code: string, text = '') =>
  Object.assign(new Error(`${code}: in some language${text}`), { code });
/** Creates an error as `oracledb` throws it when a listener refuses. */
const listener = (number: number) =>
  Object.assign(new Error(`NJS-511: connection to listener at host was refused.\nORA-${number}`), {
    code: 'NJS-511',
  });
/** Creates an error of `oracledb` itself that wraps another one. */
const driver = (code: string, text: string) => Object.assign(new Error(`${code}: ${text}`), { code });

/** https://docs.oracle.com/en/error-help/db/ */
const rows: readonly FailureRow[] = [
  [
    'ORA-01017',
    ora('ORA-01017'),
    'authenticate',
    'authentication-failed',
    'credentials',
    /belongs to one pluggable database/,
  ],
  ['ORA-28009', ora('ORA-28009'), 'authenticate', 'authentication-failed', 'credentials', /SYSDBA/],
  ['ORA-65162', ora('ORA-65162'), 'authenticate', 'credentials-expired', 'credentials', /has expired/],
  ['ORA-12506', listener(12506), 'authenticate', 'permission-denied', 'permissions', /access control list/],
  [
    'ORA-01109',
    ora('ORA-01109'),
    'authenticate',
    'server-error',
    'server',
    /ALTER PLUGGABLE DATABASE … OPEN/,
  ],
  ['ORA-04098', ora('ORA-04098'), 'authenticate', 'server-error', 'server', /COMPILE/],
  ['ORA-00060', ora('ORA-00060'), 'query', 'server-error', 'server', /deadlock/],
  ['ORA-00054', ora('ORA-00054'), 'query', 'timeout', 'network', /holds a lock/],
  ['ORA-01013', ora('ORA-01013'), 'query', 'timeout', 'network', /query_timeout_seconds/],
  [
    'NJS-533 over ORA-12660',
    driver('NJS-533', 'service negotiation failed.\nCause: ORA-12660'),
    'authenticate',
    'server-error',
    'server',
    /TCPS\), or set SQLNET\.ENCRYPTION_SERVER.*ACCEPTED/,
  ],
  [
    'NJS-513 over TNS-12537',
    driver('NJS-513', 'error received through in-band notification: TNS-12537'),
    'authenticate',
    'connection-reset',
    'network',
    /allows only other addresses \(TCP\.INVITED_NODES\)/,
  ],
  [
    'NJS-500 over ORA-02396',
    driver('NJS-500', 'connection to the Oracle Database was broken\nORA-02396: exceeded maximum idle time'),
    'query',
    'connection-reset',
    'network',
    /IDLE_TIME/,
  ],
  ['ORA-01005', ora('ORA-01005'), 'authenticate', 'authentication-failed', 'credentials', /empty/],
  ['NJS-116', ora('NJS-116'), 'authenticate', 'authentication-failed', 'credentials', /verifier/],
  ['ORA-28000', ora('ORA-28000'), 'authenticate', 'account-locked', 'credentials', /ACCOUNT UNLOCK/],
  ['ORA-28001', ora('ORA-28001'), 'authenticate', 'credentials-expired', 'credentials', /expired/],
  ['ORA-28030', ora('ORA-28030'), 'authenticate', 'server-error', 'server', /LDAP/],
  [
    'ORA-28040',
    ora('ORA-28040'),
    'authenticate',
    'authentication-failed',
    'credentials',
    /no authentication protocol in common/,
  ],
  ['ORA-01045', ora('ORA-01045'), 'authenticate', 'permission-denied', 'permissions', /GRANT CREATE SESSION/],
  ['ORA-12514', listener(12514), 'authenticate', 'database-not-found', 'request', /lsnrctl services/],
  ['ORA-12505', listener(12505), 'authenticate', 'database-not-found', 'request', /does not know this SID/],
  ['ORA-12521', listener(12521), 'authenticate', 'database-not-found', 'request', /not this instance of it/],
  ['ORA-12516', listener(12516), 'authenticate', 'too-many-connections', 'server', /PROCESSES or SESSIONS/],
  ['ORA-12520', listener(12520), 'authenticate', 'too-many-connections', 'server', /PROCESSES or SESSIONS/],
  ['ORA-12518', listener(12518), 'authenticate', 'too-many-connections', 'server', /hand off the connection/],
  ['ORA-12526', listener(12526), 'authenticate', 'server-error', 'server', /RESTRICTED SESSION/],
  ['ORA-12528', listener(12528), 'authenticate', 'server-error', 'server', /starting/],
  ['ORA-12529', listener(12529), 'authenticate', 'permission-denied', 'permissions', /filter/],
  [
    'ORA-12537',
    listener(12537),
    'authenticate',
    'connection-reset',
    'network',
    /allows only other addresses \(TCP\.INVITED_NODES\)/,
  ],
  ['ORA-12541', listener(12541), 'authenticate', 'connection-refused', 'network', /lsnrctl start/],
  [
    'NJS-516',
    driver('NJS-516', 'no configuration directory set'),
    'authenticate',
    'server-error',
    'server',
    /redirects to an alias/,
  ],
  ['ORA-12170', listener(12170), 'authenticate', 'timeout', 'network', /INBOUND_CONNECT_TIMEOUT/],
  [
    'ORA-12660',
    ora('ORA-12660'),
    'authenticate',
    'server-error',
    'server',
    /TCPS\), or set SQLNET\.ENCRYPTION_SERVER.*ACCEPTED/,
  ],
  [
    'ORA-12650',
    ora('ORA-12650'),
    'authenticate',
    'server-error',
    'server',
    /TCPS\), or set SQLNET\.ENCRYPTION_SERVER.*ACCEPTED/,
  ],
  ['ORA-12696', ora('ORA-12696'), 'authenticate', 'server-error', 'server', /IGNORE_ANO/],
  ['ORA-28759', ora('ORA-28759'), 'authenticate', 'server-error', 'server', /WALLET_LOCATION/],
  ['ORA-28860', ora('ORA-28860'), 'authenticate', 'tls-unsupported', 'server', /SSL_VERSION/],
  [
    'ORA-29024',
    ora('ORA-29024'),
    'authenticate',
    'client-certificate-required',
    'credentials',
    /SSL_CLIENT_AUTHENTICATION/,
  ],
  ['ORA-01033', ora('ORA-01033'), 'authenticate', 'server-error', 'server', /starting/],
  ['ORA-01034', ora('ORA-01034'), 'authenticate', 'server-error', 'server', /STARTUP/],
  ['ORA-01089', ora('ORA-01089'), 'authenticate', 'server-error', 'server', /shutting down/],
  ['ORA-01035', ora('ORA-01035'), 'authenticate', 'server-error', 'server', /RESTRICTED SESSION/],
  ['ORA-00257', ora('ORA-00257'), 'authenticate', 'server-error', 'server', /archived redo/],
  ['ORA-00018', ora('ORA-00018'), 'authenticate', 'too-many-connections', 'server', /PROCESSES or SESSIONS/],
  ['ORA-00020', ora('ORA-00020'), 'authenticate', 'too-many-connections', 'server', /PROCESSES or SESSIONS/],
  ['ORA-02391', ora('ORA-02391'), 'authenticate', 'too-many-connections', 'server', /SESSIONS_PER_USER/],
  ['ORA-02399', ora('ORA-02399'), 'query', 'connection-reset', 'network', /IDLE_TIME … CONNECT_TIME/],
  ['ORA-02393', ora('ORA-02393'), 'query', 'timeout', 'network', /CPU or read limit/],
  ['ORA-00942', ora('ORA-00942'), 'query', 'permission-denied', 'permissions', /step `privileges`/],
  ['ORA-01031', ora('ORA-01031'), 'privileges', 'permission-denied', 'permissions', /step `privileges`/],
  ['ORA-01555', ora('ORA-01555'), 'query', 'server-error', 'server', /UNDO_RETENTION/],
  ['ORA-04031', ora('ORA-04031'), 'query', 'server-error', 'server', /SGA_TARGET/],
  ['ORA-01652', ora('ORA-01652'), 'query', 'server-error', 'server', /temporary tablespace/],
  ['ORA-00600', ora('ORA-00600'), 'query', 'server-error', 'server', /Oracle Support/],
  ['ORA-01578', ora('ORA-01578'), 'query', 'server-error', 'server', /damaged/],
  ['ORA-28365', ora('ORA-28365'), 'query', 'server-error', 'server', /KEYSTORE OPEN/],
  ['ORA-03113', ora('ORA-03113'), 'query', 'connection-reset', 'network', /an administrator ended/],
  ['ORA-03135', ora('ORA-03135'), 'query', 'connection-reset', 'network', /an administrator ended/],
  [
    'ORA-20001 of a logon trigger',
    ora('ORA-00604', '\nORA-20001: not from there\nORA-06512: at line 3'),
    'authenticate',
    'permission-denied',
    'permissions',
    /Exclude this account from the trigger/,
  ],
  [
    'ORA-00604 over ORA-04031',
    ora('ORA-00604', '\nORA-4031: x'),
    'query',
    'server-error',
    'server',
    /SGA_TARGET/,
  ],
  ['ORA-12801 over ORA-01555', ora('ORA-12801', '\nORA-01555: x'), 'query', 'server-error', 'server', /UNDO/],
];

testFailures(classifyOracleError, rows);

test.each([
  ['NJS-513: TNS-12537', 'ORA-12537'],
  ['NJS-533: Cause: ORA-12660', 'ORA-12660'],
])("%s is reported with the server's code", async (text, native_code) => {
  const code = text.slice(0, 7);
  expect(await findFailedStep(classifyOracleError, driver(code, text), 'authenticate')).toMatchObject({
    native_code,
  });
});

test('an error that wraps another code reports that code', async () => {
  const told = await findFailedStep(classifyOracleError, ora('ORA-04088', '\nORA-20500: no'), 'authenticate');
  expect(told?.native_code).toBe('ORA-20500');
});

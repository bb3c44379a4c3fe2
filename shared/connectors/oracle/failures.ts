import type { SourceFailure } from '../connector.ts';
import {
  permissionDenied,
  toSourceFailure,
  createFailureTable,
  readErrorFields,
  toTextOrEmpty,
  type FailureMeaning,
} from '../failure-table.ts';

/**
 * Looks up the codes of the server (ORA-) and of the driver (NJS-). The message of a refused connection (NJS-511) contains the listener's
 * code. https://docs.oracle.com/en/error-help/db/
 */
export const classifyOracleError = (error: unknown): SourceFailure | undefined => {
  const { code, message } = readErrorFields(error);
  if (typeof code !== 'string' || !/^(ORA|NJS)-\d{3,5}$/.test(code)) return undefined;
  const native = oracleWrappingCodes.has(code)
    ? (findWrappedOracleCode(toTextOrEmpty(message), code) ?? code)
    : code;
  return toSourceFailure(
    findOracleErrorMeaning(native) ?? findOracleErrorMeaning(code) ?? ['server-error'],
    native,
  );
};

/**
 * Codes whose message gives the reason on a further line: the driver's for a refused connection and for one that ended, and the server's for
 * failed recursive SQL, triggers and parallel queries.
 */
const oracleWrappingCodes = new Set([
  'NJS-500',
  'NJS-511',
  'NJS-513',
  'NJS-533',
  'ORA-00604',
  'ORA-04088',
  'ORA-12801',
]);

/** Returns the first code with a known meaning, or else the first that is not `code`. */
const findWrappedOracleCode = (message: string, code: string): string | undefined => {
  const inside = (padOracleCodes(message).match(/ORA-\d{5}/g) ?? [])
    .slice(0, 16)
    .filter((one) => one !== code);
  return inside.find((one) => findOracleErrorMeaning(one) && !oracleWrappingCodes.has(one)) ?? inside[0];
};

/** ORA-20000 to ORA-20999 are raised by triggers and procedures, with any message. */
const findOracleErrorMeaning = (native: string): FailureMeaning | undefined =>
  oracleErrorMeanings.get(/^ORA-20\d{3}$/.test(native) ? 'ORA-20000' : native);

/** The driver writes ORA-1017 as well as ORA-01017, and TNS- for some of the same codes. */
const padOracleCodes = (message: string) =>
  message.replace(/\b(?:ORA|TNS)-(\d{1,5})\b/g, (_, digits: string) => `ORA-${digits.padStart(5, '0')}`);

export const oracleTimeoutRemediation =
  'The server did not answer in time. Check its load and locks, or raise query_timeout_seconds.';

const oracleErrorMeanings = createFailureTable({
  'ORA-01005': ['authentication-failed', 'Send the password: the stored password is empty.'],
  'ORA-01017': [
    'authentication-failed',
    'Check the user name and send the password again; passwords are case-sensitive. An account belongs to one pluggable database: check that service_name is the service of that database.',
  ],
  'ORA-28040': [
    'authentication-failed',
    'The server and the driver have no authentication protocol in common. Allow 12c or 11g logins on the server (SQLNET.ALLOWED_LOGON_VERSION_SERVER), and set the password of the account again.',
  ],
  'ORA-28030': [
    'server-error',
    'The server cannot query the LDAP directory in which it looks up accounts. Check its ldap.ora and its wallet.',
  ],
  'NJS-116': [
    'authentication-failed',
    'The account has only an Oracle 10g password verifier, which the driver does not support. Allow 11g or 12c verifiers (SQLNET.ALLOWED_LOGON_VERSION_SERVER), and set the password of the account again.',
  ],
  'ORA-28000': ['account-locked', 'The account is locked. Unlock it: ALTER USER … ACCOUNT UNLOCK;'],
  'ORA-28001 ORA-65162': ['credentials-expired', 'The password has expired. Change it and send the new one.'],
  'ORA-01045': ['permission-denied', 'Allow the account to log in: GRANT CREATE SESSION TO …;'],
  'ORA-00942 ORA-01031 ORA-01039': permissionDenied,
  'ORA-20000 ORA-04088': [
    'permission-denied',
    'A trigger of the server raised an error, such as an AFTER LOGON trigger. Exclude this account from the trigger, or check why it raises the error (DBA_TRIGGERS).',
  ],
  'ORA-04098': [
    'server-error',
    'A trigger of the server does not compile, such as an AFTER LOGON trigger. Repair it (ALTER TRIGGER … COMPILE;) or disable it.',
  ],
  'ORA-12506': [
    'permission-denied',
    'The access control list of the service does not contain the probe’s address. Add the addresses in `vantage` to it.',
  ],
  'ORA-28009': [
    'authentication-failed',
    'SYS can log in only as SYSDBA. Use an account with read-only privileges.',
  ],
  'ORA-12529': [
    'permission-denied',
    'A filter of the listener or of Connection Manager rejects the probe’s address. Add the address to the filter (cman.ora, or TCP.INVITED_NODES in sqlnet.ora).',
  ],
  'NJS-518 ORA-12504 ORA-12514': [
    'database-not-found',
    'The listener does not know this service. Compare service_name with the output of lsnrctl services, or set sid instead.',
  ],
  'NJS-519 ORA-12505': [
    'database-not-found',
    'The listener does not know this SID. Check sid, or set service_name instead: most databases are reached by service name.',
  ],
  'ORA-12521': [
    'database-not-found',
    'The listener knows the service, but not this instance of it. Check that the instance is running and has registered with the listener.',
  ],
  'ORA-00018 ORA-00019 ORA-00020 ORA-12516 ORA-12519 ORA-12520': [
    'too-many-connections',
    'The server has no processes or sessions left. Close idle sessions, or raise PROCESSES or SESSIONS.',
  ],
  'ORA-12518': [
    'too-many-connections',
    'The listener could not hand off the connection: the server is down, or has no processes or memory left. Raise PROCESSES, or check the listener’s log.',
  ],
  'ORA-02391': [
    'too-many-connections',
    'The account has reached the session limit of its profile. Close idle sessions, or raise the limit: ALTER PROFILE … LIMIT SESSIONS_PER_USER …;',
  ],
  'ORA-01033 ORA-01089 ORA-01090 ORA-01092 ORA-12528': [
    'server-error',
    'The instance is starting, mounting or shutting down. Try again in a minute.',
  ],
  'ORA-01034 ORA-27101': ['server-error', 'The instance is not running. Start it (STARTUP).'],
  'ORA-01109 ORA-01219 ORA-01507': [
    'server-error',
    'The database is not open. Open it: ALTER DATABASE OPEN; or, if it is a pluggable database, ALTER PLUGGABLE DATABASE … OPEN;',
  ],
  'ORA-01035 ORA-12526 ORA-12527': [
    'server-error',
    'The instance is in restricted mode for maintenance. End this mode: ALTER SYSTEM DISABLE RESTRICTED SESSION;',
  ],
  'ORA-00257': [
    'server-error',
    'The server’s destination for archived redo logs is full, so the server accepts only administrators. Free space there.',
  ],
  'ORA-01555': [
    'server-error',
    'The server no longer has the undo data that a consistent read needs. Narrow config.schemas, or raise UNDO_RETENTION and enlarge the undo tablespace.',
  ],
  'ORA-04030 ORA-04031': [
    'server-error',
    'The server is out of memory. Enlarge its shared pool (SGA_TARGET), or raise PGA_AGGREGATE_TARGET.',
  ],
  'ORA-01652': [
    'server-error',
    'The temporary tablespace is full. Free space in it, or narrow config.schemas.',
  ],
  'ORA-00376 ORA-01110 ORA-01116 ORA-01157 ORA-01578': [
    'server-error',
    'A data file of the server is damaged, missing or offline. Find the file in the server’s alert log, and restore or recover it.',
  ],
  'ORA-28365': [
    'server-error',
    'The keystore of the server is closed. Open it: ADMINISTER KEY MANAGEMENT SET KEYSTORE OPEN …;',
  ],
  'ORA-00600 ORA-07445': [
    'server-error',
    'The server had an internal error. Find the trace file in its alert log, and send it to Oracle Support.',
  ],
  'ORA-00604 ORA-12801': [
    'server-error',
    'The server failed in SQL that it runs itself, for example in an AFTER LOGON trigger. Check its alert log.',
  ],
  'ORA-00060': ['server-error', 'The server chose this session as the deadlock victim. Try again.'],
  'ORA-00054 ORA-04021': ['timeout', 'Another session holds a lock that the query needs. Try again.'],
  'ORA-02392 ORA-02393 ORA-02394 ORA-02395': [
    'timeout',
    'The account has reached the CPU or read limit of its profile. Narrow config.schemas, or raise the limit: ALTER PROFILE … LIMIT …;',
  ],
  'ORA-02396 ORA-02399': [
    'connection-reset',
    'The profile of the account ended the session because of its idle time or connect time. Raise the limits: ALTER PROFILE … LIMIT IDLE_TIME … CONNECT_TIME …;',
  ],
  'ORA-00028 ORA-01012 ORA-03113 ORA-03114 ORA-03135': [
    'connection-reset',
    'The server or an administrator ended the session. Try again, and check the server’s alert log.',
  ],
  'ORA-12537 ORA-12547': [
    'connection-reset',
    'The listener accepted the connection and then closed it. Check the listener’s log, and check whether sqlnet.ora allows only other addresses (TCP.INVITED_NODES).',
  ],
  'ORA-12541': [
    'connection-refused',
    'No listener uses this port. Start the listener (lsnrctl start), or correct port.',
  ],
  'ORA-12154 ORA-12545': [
    'host-not-found',
    'The listener redirects to a host whose name cannot be resolved. Check LOCAL_LISTENER.',
  ],
  'NJS-516': [
    'server-error',
    'The listener redirects to an alias instead of an address. Check LOCAL_LISTENER and REMOTE_LISTENER.',
  ],
  'ORA-12170 ORA-12535': [
    'timeout',
    'The listener, or the server that it redirects to, did not answer in time. Check its load, and check SQLNET.INBOUND_CONNECT_TIMEOUT.',
  ],
  'ORA-12696': [
    'server-error',
    'The server does not allow Oracle’s own encryption inside TLS. Set SQLNET.IGNORE_ANO_ENCRYPTION_FOR_TCPS = TRUE in its sqlnet.ora.',
  ],
  'ORA-28759 ORA-12578': [
    'server-error',
    'The server cannot open its wallet. Check WALLET_LOCATION and the permissions of the wallet files.',
  ],
  'ORA-28860 ORA-28862': [
    'tls-unsupported',
    'TLS failed on the server. Check SSL_VERSION and SSL_CIPHER_SUITES in its sqlnet.ora, and check its wallet.',
  ],
  'ORA-29024': [
    'client-certificate-required',
    'The server requires a client certificate that it trusts. Send ssl.cert and ssl.key and add their authority to the server’s wallet, or set SSL_CLIENT_AUTHENTICATION = FALSE.',
  ],
  'NJS-533 ORA-12650 ORA-12660': [
    'server-error',
    'The server requires Oracle’s own encryption or checksums (sqlnet.ora), which the driver’s thin mode does not support. Use TLS (TCPS), or set SQLNET.ENCRYPTION_SERVER and SQLNET.CRYPTO_CHECKSUM_SERVER to ACCEPTED.',
  ],
  'NJS-138 ORA-12618': [
    'unsupported-version',
    'Upgrade to Oracle Database 12.1 or later. The driver does not support older versions.',
  ],
  'NJS-123 NJS-510 ORA-01013': ['timeout', oracleTimeoutRemediation],
  'NJS-500 NJS-501 NJS-521': ['connection-reset'], // the socket was closed
  'NJS-068 NJS-102 NJS-103 NJS-504 NJS-509 NJS-514 NJS-522 NJS-536': ['protocol-mismatch'], // 536: too many redirects
});

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

const oracleErrorMeanings = createFailureTable({
  'ORA-01005': ['authentication-failed', 'Send the password: the one that is stored is empty.'],
  'ORA-01017': [
    'authentication-failed',
    'Check the user name and send the password again; its case counts. An account belongs to one pluggable database: check that service_name is that of its own.',
  ],
  'ORA-28040': [
    'authentication-failed',
    'Server and driver have no way to log in in common: allow 12c or 11g logins (SQLNET.ALLOWED_LOGON_VERSION_SERVER), and set the password of the account again.',
  ],
  'ORA-28030': [
    'server-error',
    'The server cannot ask the directory (LDAP) in which it looks accounts up: check its ldap.ora and wallet.',
  ],
  'NJS-116': [
    'authentication-failed',
    'The account has a password verifier of Oracle 10g alone, which the driver does not speak: allow 11g or 12c verifiers (SQLNET.ALLOWED_LOGON_VERSION_SERVER) and set the password again.',
  ],
  'ORA-28000': ['account-locked', 'Unlock the account: ALTER USER … ACCOUNT UNLOCK;'],
  'ORA-28001 ORA-65162': [
    'credentials-expired',
    'The password has expired: change it, and send the new one.',
  ],
  'ORA-01045': ['permission-denied', 'Let the account log in: GRANT CREATE SESSION TO …;'],
  'ORA-00942 ORA-01031 ORA-01039': permissionDenied,
  'ORA-20000 ORA-04088': [
    'permission-denied',
    'A trigger of the server refused, such as one AFTER LOGON: let this account past it, or look at what it raises (DBA_TRIGGERS).',
  ],
  'ORA-04098': [
    'server-error',
    'A trigger of the server does not compile, such as one AFTER LOGON: ALTER TRIGGER … COMPILE; or disable it.',
  ],
  'ORA-12506': [
    'permission-denied',
    'The access control list of the service does not have the probe’s address: add those that `vantage` names.',
  ],
  'ORA-28009': ['authentication-failed', 'SYS logs in as SYSDBA alone: use an account that only reads.'],
  'ORA-12529': [
    'permission-denied',
    'A filter of the listener or of Connection Manager refuses the probe’s address: add it (cman.ora, sqlnet.ora: TCP.INVITED_NODES).',
  ],
  'NJS-518 ORA-12504 ORA-12514': [
    'database-not-found',
    'The listener knows no such service: check service_name against what lsnrctl services shows, or name a sid.',
  ],
  'NJS-519 ORA-12505': [
    'database-not-found',
    'The listener knows no such SID: most databases are reached by service_name.',
  ],
  'ORA-12521': ['database-not-found', 'The listener knows the service, but no such instance of it.'],
  'ORA-00018 ORA-00019 ORA-00020 ORA-12516 ORA-12519 ORA-12520': [
    'too-many-connections',
    'Raise PROCESSES or SESSIONS, or close idle sessions.',
  ],
  'ORA-12518': [
    'too-many-connections',
    'The listener could not hand the session on: the server is out of processes or memory, or is not up: raise PROCESSES, or look at the listener’s log.',
  ],
  'ORA-02391': [
    'too-many-connections',
    'The account has all the sessions that its profile allows: close idle ones, or ALTER PROFILE … LIMIT SESSIONS_PER_USER …;',
  ],
  'ORA-01033 ORA-01089 ORA-01090 ORA-01092 ORA-12528': [
    'server-error',
    'The instance is starting, mounting or shutting down: try again in a minute.',
  ],
  'ORA-01034 ORA-27101': ['server-error', 'The instance does not run: start it (STARTUP).'],
  'ORA-01109 ORA-01219 ORA-01507': [
    'server-error',
    'The database is not open: ALTER DATABASE OPEN; or, of a pluggable one, ALTER PLUGGABLE DATABASE … OPEN;',
  ],
  'ORA-01035 ORA-12526 ORA-12527': [
    'server-error',
    'The instance is in restricted mode, for maintenance: ALTER SYSTEM DISABLE RESTRICTED SESSION;',
  ],
  'ORA-00257': [
    'server-error',
    'The server’s destination for archived redo logs is full, and it lets administrators in alone: make room there.',
  ],
  'ORA-01555': [
    'server-error',
    'The server no longer had the old state that the reading needs: narrow config.schemas, or raise UNDO_RETENTION and the undo tablespace.',
  ],
  'ORA-04030 ORA-04031': [
    'server-error',
    'The server is out of memory: raise its shared pool (SGA_TARGET) or PGA_AGGREGATE_TARGET.',
  ],
  'ORA-01652': [
    'server-error',
    'The temporary tablespace is full: make room in it, or narrow config.schemas.',
  ],
  'ORA-00376 ORA-01110 ORA-01116 ORA-01157 ORA-01578': [
    'server-error',
    'A data file of the server is damaged, missing or offline: its alert log names it.',
  ],
  'ORA-28365': [
    'server-error',
    'The keystore of the server is closed: ADMINISTER KEY MANAGEMENT SET KEYSTORE OPEN …;',
  ],
  'ORA-00600 ORA-07445': [
    'server-error',
    'A fault inside the server: its alert log names the trace file, which Oracle Support asks for.',
  ],
  'ORA-00604 ORA-12801': [
    'server-error',
    'The server failed at SQL of its own; its alert log says more. A trigger AFTER LOGON may be the cause.',
  ],
  'ORA-00060': ['server-error', 'The server chose the session as the victim of a deadlock: try again.'],
  'ORA-00054 ORA-04021': ['timeout', 'Another session holds a lock on what was to be read: try again.'],
  'ORA-02392 ORA-02393 ORA-02394 ORA-02395': [
    'timeout',
    'The profile of the account allows no more CPU or reads: ALTER PROFILE … LIMIT …; or narrow config.schemas.',
  ],
  'ORA-02396 ORA-02399': [
    'connection-reset',
    'The profile of the account ends sessions so soon: ALTER PROFILE … LIMIT IDLE_TIME … CONNECT_TIME …;',
  ],
  'ORA-00028 ORA-01012 ORA-03113 ORA-03114 ORA-03135': [
    'connection-reset',
    'The server, or somebody at it, ended the session: try again, and look at its alert log.',
  ],
  'ORA-12537 ORA-12547': [
    'connection-reset',
    'The listener took the connection and closed it: its log says why; sqlnet.ora may invite other addresses alone (TCP.INVITED_NODES).',
  ],
  'ORA-12541': [
    'connection-refused',
    'No listener is at that port: start it (lsnrctl start), or check port.',
  ],
  'ORA-12154 ORA-12545': [
    'host-not-found',
    'The listener sends on to a host whose name is not known: check LOCAL_LISTENER.',
  ],
  'ORA-12170 ORA-12535': [
    'timeout',
    'The listener, or what it sends on to, did not answer in time: look at its load, and at SQLNET.INBOUND_CONNECT_TIMEOUT.',
  ],
  'ORA-12696': [
    'server-error',
    'The server refuses its own encryption within TLS: SQLNET.IGNORE_ANO_ENCRYPTION_FOR_TCPS = TRUE, in its sqlnet.ora.',
  ],
  'ORA-28759 ORA-12578': [
    'server-error',
    'The server cannot open its wallet: check WALLET_LOCATION and who may read the files.',
  ],
  'ORA-28860 ORA-28862': [
    'tls-unsupported',
    'TLS failed at the server: check SSL_VERSION and SSL_CIPHER_SUITES in its sqlnet.ora, and its wallet.',
  ],
  'ORA-29024': [
    'client-certificate-required',
    'The server does not trust our certificate, or wants one: add its authority to the wallet, or set SSL_CLIENT_AUTHENTICATION = FALSE.',
  ],
  'NJS-533 ORA-12650 ORA-12660': [
    'server-error',
    'The server insists on Oracle’s own encryption or checksums (sqlnet.ora), which the driver’s thin mode does not speak: use TLS (TCPS), or make it ACCEPTED.',
  ],
  'NJS-138 ORA-12618': [
    'unsupported-version',
    'Upgrade to Oracle Database 12.1 or later, which is the oldest that the driver speaks to.',
  ],
  'NJS-123 NJS-510 ORA-01013': [
    'timeout',
    'The server did not answer in time: look at its load and locks, or raise query_timeout_seconds.',
  ],
  'NJS-500 NJS-501 NJS-521': ['connection-reset'], // the socket was closed
  'NJS-068 NJS-102 NJS-103 NJS-504 NJS-509 NJS-514 NJS-522 NJS-536': ['protocol-mismatch'], // 536: too many redirects
});

import type { SourceFailure } from '../connector.ts';
import {
  permissionDenied,
  toSourceFailure,
  createFailureTable,
  readErrorFields,
  toTextOrEmpty,
  createTextClassifier,
  type FailureMeaning,
} from '../failure-table.ts';
import { connectDenied, classifyPoolerText } from './poolers.ts';
import { classifyRefusedToken, classifyRefusedPostgresqlLogin } from './login-failures.ts';

/**
 * Classifies by SQLSTATE. 28000 covers a dozen refusals, so there the `routine` of the server, an English text and the progress of the login
 * decide; the text may be translated.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export const classifyPostgresqlError = (error: unknown): SourceFailure | undefined => {
  const { code, routine, message, login } = readErrorFields(error);
  const [state, raisedBy, text] = [toTextOrEmpty(code), toTextOrEmpty(routine), toTextOrEmpty(message)];
  if (/^[0-9A-Z]{5}$/.test(state)) {
    const meaning =
      classifyRefusedToken(state, raisedBy, login) ??
      (state === '28000' ? classifyRefusedPostgresqlLogin(raisedBy, text, login) : undefined) ??
      (raisedBy === '' ? classifyPoolerText(text) : undefined) ??
      (login !== undefined && statementErrorClasses.test(state) ? loginTriggerFailed : undefined) ??
      postgresqlStateMeanings.get(`${state}/${raisedBy}`) ??
      postgresqlStateMeanings.get(state) ??
      postgresqlStateMeanings.get(state.slice(0, 2));
    return toSourceFailure(meaning ?? ['server-error'], state);
  }
  if (text === 'Unknown authenticationOk message type 13')
    return toSourceFailure(redshiftSha256Password, '13');
  const driverMeaning = classifyPgDriverText(text);
  return driverMeaning && toSourceFailure(driverMeaning);
};

/** SQLSTATE classes that statements cause and logins do not, without 42501: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const statementErrorClasses = /^(?:2[12357]|2F|3[89B]|42(?!501)|44|P0)/;

const loginTriggerFailed: FailureMeaning = [
  'server-error',
  'A trigger of the database, such as an event trigger ON LOGIN, failed or rejected the login. Change the trigger so that it accepts this account, or fix the error that it raises. To list the event triggers, run SELECT evtname, evtfoid::regproc FROM pg_event_trigger;',
];

/**
 * Keys are a code, its first two characters, or a code with the function of the server that raised it:
 * https://github.com/postgres/postgres/blob/master/src/backend/libpq/auth.c. Our own statements never cause class 42 on a real PostgreSQL,
 * so that class means an emulation.
 */
const postgresqlStateMeanings = createFailureTable({
  '08': ['protocol-mismatch'],
  '08P01/ProcessStartupPacket': ['protocol-mismatch'],
  '0A000': [
    'server-error',
    'The server does not support a feature that Mooring needs. Check the version of the server.',
  ],
  '28 28000 28P01': ['authentication-failed'], // Redshift reports a wrong password as 28000
  // "connection requires a valid client certificate", or no matching line in pg_hba.conf: over TLS the first is far more common.
  '28000/ClientAuthentication': [
    'client-certificate-required',
    'Send ssl.cert and ssl.key. If the server does not require a client certificate, pg_hba.conf has no entry for this user, database and address: add one.',
  ],
  '28000/InitializeSessionUserId': [
    'account-locked',
    'The role is not permitted to log in. Run ALTER ROLE … LOGIN;',
  ],
  '3D000': ['database-not-found', 'Check the database name. To list the databases, run psql -l.'],
  '3F000': ['server-error', 'A requested schema does not exist. Correct config.schemas.'],
  '25P02 25P03 25P04': [
    'timeout',
    'The server ended the transaction because it was idle or open for too long. Check idle_in_transaction_session_timeout and transaction_timeout of the role.',
  ],
  '25006': [
    'server-error',
    'The server is a standby or read-only, and the statement writes. Set config.host to the primary server.',
  ],
  '26000 42P05': [
    'server-error',
    'A connection pooler mixes up the prepared statements of different sessions. Connect to the server itself, or to the pooler’s port for session pooling.',
  ],
  '40': ['server-error', 'The transaction conflicted with another transaction. Try again.'],
  '40P01': ['server-error', 'The server cancelled the query to resolve a deadlock. Try again.'],
  '42': [
    'server-error',
    'The server lacks a table, column or function of the PostgreSQL system catalogs. Check whether this address belongs to a PostgreSQL server or to a PostgreSQL-compatible product, and check its version.',
  ],
  '42501': permissionDenied,
  '42501/CheckMyDatabase': connectDenied,
  '53': [
    'server-error',
    'The server is out of memory, disk space or another resource. Check the server log for which one, and free it.',
  ],
  '53400': [
    'server-error',
    'The statement reached a limit in the configuration of the server, most likely temp_file_limit. Raise the limit for the role, or narrow config.schemas.',
  ],
  '53100': ['server-error', 'The disk of the server is full. Free disk space on the server.'],
  '53200': [
    'server-error',
    'The server is out of memory. Check what else runs on it, and the settings work_mem and shared_buffers.',
  ],
  '53300': [
    'too-many-connections',
    'Close idle connections, or raise the limit: max_connections of the server, or CONNECTION LIMIT of the role or database.',
  ],
  '54': [
    'server-error',
    'The statement reached a limit of the server, such as max_locks_per_transaction. Narrow config.schemas, or raise the limit.',
  ],
  '55000/InitPostgres 55000/CheckMyDatabase': [
    'permission-denied',
    'The database does not accept connections. If it is a template, or connections to it are disabled, run ALTER DATABASE … ALLOW_CONNECTIONS true; or use another database. If an interrupted DROP DATABASE left it invalid, drop it again.',
  ],
  '55000': [
    'server-error',
    'The server or one of its objects is not in the required state. Possible causes are a database that does not accept connections, a replication slot, or a recovery in progress. Check the server log for the cause.',
  ],
  '55P03': [
    'timeout',
    'Another session holds a lock on an object that Mooring reads. Wait until that session releases it, or end that session.',
  ],
  '57014': [
    'timeout',
    'The statement exceeded its time limit. Raise query_timeout_seconds, or narrow config.schemas.',
  ],
  '57P01': [
    'connection-reset',
    'An administrator ended the session, or the server is shutting down. Try again.',
  ],
  '57P03': ['server-error', 'The server is starting, shutting down or recovering. Try again in a minute.'],
  '57P02': [
    'connection-reset',
    'The server ended all sessions after one of its processes crashed. Try again in a minute, and check the server log.',
  ],
  '57P04': [
    'database-not-found',
    'The database was dropped while the session was open. Set config.database to a database that exists.',
  ],
  '57P05': [
    'connection-reset',
    'The server ended the session because it was idle for too long. Raise idle_session_timeout.',
  ],
  '58': [
    'server-error',
    'The operating system of the server reported an error. Check the server log and the disk.',
  ],
  '58P01': [
    'server-error',
    'The server cannot find one of its files: a library that session_preload_libraries, shared_preload_libraries or an extension requires, or a tablespace. Find the name of the file in the server log, and restore the file.',
  ],
  P0001: [
    'server-error',
    'A trigger or function of the database, such as an event trigger ON LOGIN, raised an error. Change it so that it accepts this account, or fix the error that it raises.',
  ],
  '72': [
    'server-error',
    'The server no longer has the old row versions that the query needs (“snapshot too old”). Try again, or narrow config.schemas.',
  ],
  F0: [
    'server-error',
    'The configuration or the lock file of the server is invalid. Find the error in the server log, and fix that file.',
  ],
  HV: [
    'server-error',
    'A foreign server that this database reads from failed. Check the foreign servers in pg_foreign_server.',
  ],
  XX: [
    'server-error',
    'An internal error occurred in the server or in one of its extensions. Check the server log for details.',
  ],
  XX001: [
    'server-error',
    'Data on the server is corrupted. Find the affected table in the server log, and restore it from a backup.',
  ],
  XX002: [
    'server-error',
    'An index on the server is corrupted. Find its name in the server log, and run REINDEX on it.',
  ],
});

/** Errors of `pg` itself, which have a text and no code: https://github.com/brianc/node-postgres/tree/master/packages/pg/lib */
const classifyPgDriverText = createTextClassifier([
  [
    /^SASL: .*(iteration count \d+ exceeds|server signature|nonce|salt|attribute|iteration)/,
    'protocol-mismatch',
  ],
  [
    /^SASL: Only mechanism/,
    'server-error',
    'The server requires an authentication method that Mooring does not support. Configure it to accept SCRAM-SHA-256.',
  ],
  [
    /^Unknown authenticationOk message type/,
    'server-error',
    'The server requires an authentication method that Mooring does not support, such as Kerberos or SSPI. Let the account log in with a password.',
  ],
]);

/** A password hash of Redshift that the driver does not support. */
const redshiftSha256Password: FailureMeaning = [
  'authentication-failed',
  "The server stores the password of this account as a SHA-256 hash, which the driver does not support. Store it as an MD5 hash instead: run ALTER USER … PASSWORD 'md5HASH'; where HASH is the MD5 hash, in hexadecimal, of the password followed by the user name.",
];

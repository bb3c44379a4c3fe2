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
  const [state, place, text] = [toTextOrEmpty(code), toTextOrEmpty(routine), toTextOrEmpty(message)];
  if (/^[0-9A-Z]{5}$/.test(state)) {
    const meaning =
      classifyRefusedToken(state, place, login) ??
      (state === '28000' ? classifyRefusedPostgresqlLogin(place, text, login) : undefined) ??
      (place === '' ? classifyPoolerText(text) : undefined) ??
      (login !== undefined && statementErrorClasses.test(state) ? loginTriggerFailed : undefined) ??
      postgresqlStateMeanings.get(`${state}/${place}`) ??
      postgresqlStateMeanings.get(state) ??
      postgresqlStateMeanings.get(state.slice(0, 2));
    return toSourceFailure(meaning ?? ['server-error'], state);
  }
  if (text === 'Unknown authenticationOk message type 13')
    return toSourceFailure(redshiftSha256Password, '13');
  const ours = classifyPgDriverText(text);
  return ours && toSourceFailure(ours);
};

/** SQLSTATE classes that statements cause and logins do not, without 42501: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const statementErrorClasses = /^(?:2[12357]|2F|3[89B]|42(?!501)|44|P0)/;

const loginTriggerFailed: FailureMeaning = [
  'server-error',
  'A trigger of the database refused or failed, such as one ON LOGIN: let this account past it, or look at what it raises and does (SELECT evtname, evtfoid::regproc FROM pg_event_trigger;).',
];

/**
 * Keys are a code, its first two characters, or a code with the function of the server that raised it:
 * https://github.com/postgres/postgres/blob/master/src/backend/libpq/auth.c. Our own statements never cause class 42 on a real PostgreSQL,
 * so that class means an emulation.
 */
const postgresqlStateMeanings = createFailureTable({
  '08': ['protocol-mismatch'],
  '08P01/ProcessStartupPacket': ['protocol-mismatch'],
  '0A000': ['server-error', 'The server lacks a feature that is needed here: check its version.'],
  '28 28000 28P01': ['authentication-failed'], // Redshift reports a wrong password as 28000
  // "connection requires a valid client certificate", or no matching line in pg_hba.conf: over TLS the first is far more common.
  '28000/ClientAuthentication': [
    'client-certificate-required',
    'Send ssl.cert and ssl.key. Where the server wants none, pg_hba.conf has no line for this user, database and address: add one.',
  ],
  '28000/InitializeSessionUserId': ['account-locked', 'Let the account log in: ALTER ROLE … LOGIN.'],
  '3D000': ['database-not-found', 'Check the name: psql -l lists those that are there.'],
  '3F000': ['server-error', 'A schema that was asked for is not there: correct config.schemas.'],
  '25P02 25P03 25P04': [
    'timeout',
    'The server ended the transaction for being idle or open too long: look at idle_in_transaction_session_timeout and transaction_timeout of the role.',
  ],
  '25006': [
    'server-error',
    'The server is a standby or read-only, and the statement was to write: name the primary.',
  ],
  '26000 42P05': [
    'server-error',
    'A pooler mixes up sessions and their prepared statements: name the server itself, or the pooler’s port for sessions.',
  ],
  '40': ['server-error', 'Another transaction was in the way: try again.'],
  '40P01': ['server-error', 'The server ended the query to resolve a deadlock: try again.'],
  '42': [
    'server-error',
    'The server does not know a table, column or function of PostgreSQL’s catalog: check what stands at this address, such as an emulation of PostgreSQL, and its version.',
  ],
  '42501': permissionDenied,
  '42501/CheckMyDatabase': connectDenied,
  '53': ['server-error', 'The server is out of memory, disk or another resource.'],
  '53400': [
    'server-error',
    'A limit that the server’s configuration sets was reached, most likely temp_file_limit: raise it for the role, or narrow config.schemas.',
  ],
  '53100': ['server-error', 'The disk of the server is full: make room on it.'],
  '53200': [
    'server-error',
    'The server has no memory left: look at what else it runs, and at work_mem and shared_buffers.',
  ],
  '53300': [
    'too-many-connections',
    'Close idle connections, or raise max_connections of the server, or CONNECTION LIMIT of the role or database.',
  ],
  '54': [
    'server-error',
    'A limit of the server was reached, such as max_locks_per_transaction: narrow config.schemas, or raise it.',
  ],
  '55000/InitPostgres 55000/CheckMyDatabase': [
    'permission-denied',
    'The database takes no connections (a template, or left by a DROP DATABASE that failed): ALTER DATABASE … ALLOW_CONNECTIONS true; or name another one.',
  ],
  '55000': [
    'server-error',
    'The server is not in the state that this needs: a database that takes no connections, a slot or a recovery that is under way. Its log says which.',
  ],
  '55P03': ['timeout', 'Another session holds a lock on what was to be read: wait for it, or end it.'],
  '57014': [
    'timeout',
    'The statement ran into its time limit: raise query_timeout_seconds, or narrow config.schemas.',
  ],
  '57P01': [
    'connection-reset',
    'An administrator ended the session, or the server is shutting down: try again.',
  ],
  '57P03': ['server-error', 'The server is starting, stopping or recovering: try again in a minute.'],
  '57P02': [
    'connection-reset',
    'The server ended all sessions after a crash of one: try again in a minute, and look at its log.',
  ],
  '57P04': ['database-not-found', 'The database was dropped meanwhile.'],
  '57P05': ['connection-reset', 'The server ends idle sessions so soon: raise idle_session_timeout.'],
  '58': [
    'server-error',
    'The operating system of the server failed it: look at the log of the server, and at its disk.',
  ],
  '58P01': [
    'server-error',
    'The server misses a file of its own: a library that session_preload_libraries, shared_preload_libraries or an extension names, or a tablespace. Its log says which.',
  ],
  P0001: [
    'server-error',
    'A trigger or function of the database refused, such as one ON LOGIN: let this account past it, or look at what it raises.',
  ],
  '72': [
    'server-error',
    'The server no longer had the old state that the reading needs: try again, or narrow config.schemas.',
  ],
  F0: [
    'server-error',
    'The configuration of the server is damaged, or its lock file is: its log says which.',
  ],
  HV: ['server-error', 'A foreign server that this database reads from failed: look at pg_foreign_server.'],
  XX: ['server-error', 'A fault inside the server or an extension of it: its log says more.'],
  XX001: ['server-error', 'Data of the server is damaged: look at its log, and restore what it names.'],
  XX002: ['server-error', 'An index of the server is damaged: look at its log, and REINDEX what it names.'],
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
    'The server wants a kind of login that is not supported: let it take SCRAM-SHA-256.',
  ],
  [
    /^Unknown authenticationOk message type/,
    'server-error',
    'The server wants a kind of login that is not supported (Kerberos, SSPI): give the account a password.',
  ],
]);

/** A password hash of Redshift that the driver does not support. */
const redshiftSha256Password: FailureMeaning = [
  'authentication-failed',
  'The account’s password is hashed with sha256, which the driver does not speak. Set it again with md5: ALTER USER … PASSWORD ‘md5’ followed by the MD5 of password and user name in hexadecimal.',
];

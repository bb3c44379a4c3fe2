import type { ProblemCode } from '../../problem.ts';
import type { Failure } from '../connector.ts';

/**
 * Goes by SQLSTATE, and within 28000, which stands for a dozen refusals, by the server's `routine`: its text is translated.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export const failure = (error: unknown): Failure | undefined => {
  const { code, routine, message, login } = fieldsOf(error);
  const early = login && code === '28000' ? refusals.find(({ when }) => when(routine, login)) : undefined;
  if (early) return { native: code, ...early.failure };
  if (message === 'Unknown authenticationOk message type 13') return redshiftPassword;
  if (/^[0-9A-Z]{5}$/.test(code)) {
    const said = routine === '' ? poolers.find(({ text }) => text.test(message)) : undefined;
    const known: Said | undefined = said ??
      routines[`${code} ${routine}`] ??
      states[code] ??
      classes[code.slice(0, 2)] ?? { code: 'server-error' };
    return { code: known.code, native: code, ...(known.cure && { remediation: known.cure }) };
  }
  const ours = driver.find(({ text }) => text.test(message));
  return ours && { code: ours.code, ...(ours.cure && { remediation: ours.cure }) };
};

export interface Login {
  readonly encrypted: boolean;
  readonly passwordAsked: boolean;
}

/**
 * The error with how far the login had come. A server words "only with TLS" and "your certificate" alike in 28000: whether we were
 * encrypted, and whether it ever asked for a password, tells them apart in any language.
 */
export const seenAtLogin = (error: unknown, login: Login): unknown =>
  error instanceof Error ? Object.assign(error, { login }) : error;

interface Said {
  readonly code: ProblemCode;
  readonly cure?: string;
}

interface Fields {
  readonly code: string;
  readonly routine: string;
  readonly message: string;
  readonly login?: Login;
}

const fieldsOf = (error: unknown): Fields => {
  const { code, routine, message, login }: Partial<Record<keyof Fields, unknown>> = Object(error);
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return {
    code: text(code),
    routine: text(routine),
    message: text(message),
    ...(isLogin(login) && { login }),
  };
};

const isLogin = (value: unknown): value is Login =>
  typeof value === 'object' && value !== null && 'encrypted' in value && 'passwordAsked' in value;

const refusals: readonly {
  readonly when: (routine: string, login: Login) => boolean;
  readonly failure: Failure;
}[] = [
  {
    when: (routine, { encrypted }) => routine === 'ClientAuthentication' && !encrypted,
    failure: {
      code: 'tls-required',
      remediation:
        'Set ssl_mode to require or better. Where that changes nothing, pg_hba.conf has no line for this user, database and address at all: add one.',
    },
  },
  {
    when: (routine, { passwordAsked }) => routine === 'auth_failed' && !passwordAsked,
    failure: { code: 'client-certificate-required' },
  },
];

const connectCure = 'Let the account connect: GRANT CONNECT ON DATABASE … TO …;';

/** Functions of the server's source that raise 28000: https://github.com/postgres/postgres/blob/master/src/backend/libpq/auth.c */
const routines: Readonly<Record<string, Said>> = {
  // "connection requires a valid client certificate", and a pg_hba.conf without a line for us: the first is by far the commoner over TLS.
  '28000 ClientAuthentication': {
    code: 'client-certificate-required',
    cure: 'Send ssl.cert and ssl.key. Where the server wants none, pg_hba.conf has no line for this user, database and address: add one.',
  },
  '28000 auth_failed': { code: 'authentication-failed' },
  '28000 InitializeSessionUserId': {
    code: 'account-locked',
    cure: 'Let the account log in: ALTER ROLE … LOGIN.',
  },
  '42501 CheckMyDatabase': { code: 'permission-denied', cure: connectCure },
  '08P01 ProcessStartupPacket': { code: 'protocol-mismatch' },
};

const states: Readonly<Record<string, Said>> = {
  '28P01': { code: 'authentication-failed' },
  '28000': { code: 'authentication-failed' }, // Redshift's word for a wrong password
  '3D000': { code: 'database-not-found' },
  '3F000': {
    code: 'server-error',
    cure: 'A schema that was asked for is not there: correct config.schemas.',
  },
  '42501': { code: 'permission-denied', cure: 'Grant what the step privileges names.' },
  '53300': { code: 'too-many-connections' },
  '57014': {
    code: 'timeout',
    cure: 'The statement ran into its time limit: raise query_timeout_seconds, or narrow config.schemas.',
  },
  '57P01': {
    code: 'connection-reset',
    cure: 'An administrator ended the session, or the server is shutting down: try again.',
  },
  '57P03': {
    code: 'server-error',
    cure: 'The server is starting, stopping or recovering: try again in a minute.',
  },
  '57P05': { code: 'connection-reset' },
  '0A000': {
    code: 'server-error',
    cure: 'The server lacks a feature that is needed here: check its version.',
  },
};

/** The first two characters. Class 42 and the like would be a fault of our own statement, and stay `server-error`. */
const classes: Readonly<Record<string, Said>> = {
  '28': { code: 'authentication-failed' },
  '08': { code: 'protocol-mismatch' },
  '53': { code: 'server-error', cure: 'The server is out of memory, disk or another resource.' },
};

/**
 * Poolers send one SQLSTATE for all and no routine, so their text decides; it is never translated.
 * https://github.com/pgbouncer/pgbouncer/blob/master/src/client.c · https://github.com/supabase/supavisor/blob/main/lib/supavisor/client_handler.ex
 */
const poolers: readonly (Said & { readonly text: RegExp })[] = [
  {
    text: /^Tenant or user not found/,
    code: 'authentication-failed',
    cure: 'Supabase’s pooler wants the user name with the project behind it: postgres.PROJECT.',
  },
  {
    text: /^(SASL|password) authentication failed|^no such user|^wrong password type/i,
    code: 'authentication-failed',
  },
  { text: /^no such database|^database ".*" does not exist$/s, code: 'database-not-found' },
  { text: /^permission denied for database/, code: 'permission-denied', cure: connectCure },
  {
    text: /^no more connections allowed|^sorry, too many clients|^too many connections|^Max client connections reached|^remaining connection slots/,
    code: 'too-many-connections',
  },
  { text: /^(SSL|TLS) (connection is )?required/i, code: 'tls-required' },
  {
    text: /^query_wait_timeout|^client_login_timeout|^query_timeout/,
    code: 'timeout',
    cure: 'The pooler had no connection to the server in time: check the server behind it.',
  },
];

/** What `pg` itself throws, in its own words, which have no code: https://github.com/brianc/node-postgres/tree/master/packages/pg/lib */
const driver: readonly (Said & { readonly text: RegExp })[] = [
  {
    text: /^SASL: .*(iteration count \d+ exceeds|server signature|nonce|salt|attribute|iteration)/,
    code: 'protocol-mismatch',
  },
  {
    text: /^SASL: Only mechanism/,
    code: 'server-error',
    cure: 'The server wants a kind of login that is not supported: let it take SCRAM-SHA-256.',
  },
  {
    text: /^Unknown authenticationOk message type/,
    code: 'server-error',
    cure: 'The server wants a kind of login that is not supported (Kerberos, SSPI): give the account a password.',
  },
];

/** Redshift's own way to hash passwords, which the driver does not know. */
const redshiftPassword: Failure = {
  code: 'authentication-failed',
  native: '13',
  remediation:
    'The account’s password is hashed with sha256, which the driver does not speak. Set it again with md5: ALTER USER … PASSWORD ‘md5’ followed by the MD5 of password and user name in hexadecimal.',
};

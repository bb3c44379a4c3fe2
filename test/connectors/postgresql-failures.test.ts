import { describe, expect, test } from '@jest/globals';
import { classifyPostgresqlError } from '../../shared/connectors/postgresql/failures.ts';
import { addPostgresqlLoginProgress } from '../../shared/connectors/postgresql/login-failures.ts';
import { problems } from '../../shared/problem.ts';

const thrown = (fields: object) => Object.assign(new Error('in some language'), fields);

describe('PostgreSQL failure by SQLSTATE', () => {
  test.each([
    ['28P01', 'authentication-failed'],
    ['28000', 'authentication-failed'],
    ['3D000', 'database-not-found'],
    ['42501', 'permission-denied'],
    ['53300', 'too-many-connections'],
    ['53200', 'server-error'],
    ['57014', 'timeout'],
    ['57P01', 'connection-reset'],
    ['57P03', 'server-error'],
    ['08P01', 'protocol-mismatch'],
    ['XX000', 'server-error'],
    ['42703', 'server-error'],
  ])('maps %s to %s and reports it as the native code', (code, meaning) => {
    expect(classifyPostgresqlError(thrown({ code, routine: 'anything' }))).toMatchObject({
      code: meaning,
      native: code,
    });
  });
});

describe('PostgreSQL failure 28000 by routine and login progress, because its text is translated', () => {
  const refused = (routine: string, login: { encrypted: boolean; passwordAsked: boolean }) =>
    classifyPostgresqlError(addPostgresqlLoginProgress(thrown({ code: '28000', routine }), login))?.code;

  test.each([
    ['pg_hba.conf, in clear', 'ClientAuthentication', false, false, 'tls-required'],
    ['pg_hba.conf, encrypted', 'ClientAuthentication', true, false, 'client-certificate-required'],
    ['a certificate that is not accepted', 'auth_failed', true, false, 'client-certificate-required'],
    ['a directory behind the server', 'auth_failed', true, true, 'authentication-failed'],
    ['ident, in clear', 'auth_failed', false, false, 'authentication-failed'],
    ['an account that may not log in', 'InitializeSessionUserId', true, true, 'account-locked'],
  ] as const)('is classified for this case: %s', (_, routine, encrypted, passwordAsked, code) => {
    expect(refused(routine, { encrypted, passwordAsked })).toBe(code);
  });
});

describe('PostgreSQL failure 28000 by English text', () => {
  test.each([
    [
      'ClientAuthentication',
      true,
      'connection requires a valid client certificate',
      'client-certificate-required',
      'ssl.cert',
    ],
    [
      'ClientAuthentication',
      true,
      'no pg_hba.conf entry for host "::1", user "me", database "shop", SSL encryption',
      'permission-denied',
      'Add one',
    ],
    [
      'ClientAuthentication',
      true,
      'pg_hba.conf rejects connection for host "::1", user "me", database "shop", SSL encryption',
      'permission-denied',
      'rejects',
    ],
    [
      'ClientAuthentication',
      false,
      'no pg_hba.conf entry for host "::1", user "me", database "shop", no encryption',
      'tls-required',
      'pg_hba.conf',
    ],
    ['auth_failed', true, 'Ident authentication failed for user "me"', 'authentication-failed', 'ident'],
    ['auth_failed', false, 'Ident authentication failed for user "me"', 'authentication-failed', 'ident'],
    [
      'auth_failed',
      true,
      'Peer authentication failed for user "me"',
      'authentication-failed',
      'scram-sha-256',
    ],
    [
      'auth_failed',
      true,
      'authentication failed for user "me": host rejected',
      'permission-denied',
      'rejects',
    ],
    [
      'auth_failed',
      true,
      'certificate authentication failed for user "me"',
      'client-certificate-required',
      'ssl.cert',
    ],
    ['auth_failed', true, 'GSSAPI authentication failed for user "me"', 'authentication-failed', 'Kerberos'],
    ['auth_failed', true, 'LDAP authentication failed for user "me"', 'authentication-failed', 'LDAP'],
    // A text in another language leads to a remediation that names every possible cause.
    ['auth_failed', true, 'Zertifikat abgelehnt', 'client-certificate-required', 'ident, gss or reject'],
    [
      'auth_failed',
      false,
      'Ident-Authentifizierung fehlgeschlagen',
      'authentication-failed',
      'ident, gss or reject',
    ],
  ] as const)('maps routine %s, encrypted %s: %s', (routine, encrypted, message, code, words) => {
    const error = Object.assign(new Error(message), { code: '28000', routine });
    const said = classifyPostgresqlError(
      addPostgresqlLoginProgress(error, { encrypted, passwordAsked: false }),
    );
    expect(said?.code).toBe(code);
    expect(said?.remediation ?? problems[code].remediation).toContain(words);
  });
});

describe('PostgreSQL failure at login that only a statement can cause', () => {
  const atLogin = (code: string) =>
    classifyPostgresqlError(
      addPostgresqlLoginProgress(Object.assign(new Error('x'), { code, routine: 'x' }), {
        encrypted: true,
        passwordAsked: true,
      }),
    );

  test.each(['42P01', '42883', '25006', '22012', '23505', 'P0002'])(
    '%s is the failure of a login trigger',
    (code) => {
      expect(atLogin(code)).toMatchObject({
        code: 'server-error',
        native: code,
        remediation: expect.stringContaining('ON LOGIN'),
      });
      expect(classifyPostgresqlError(thrown({ code, routine: 'x' }))?.remediation ?? '').not.toContain(
        'ON LOGIN',
      );
    },
  );

  test.each([
    ['42501', 'permission-denied'],
    ['3D000', 'database-not-found'],
    ['53300', 'too-many-connections'],
    ['57P03', 'server-error'],
  ])('%s keeps its usual meaning', (code, meaning) => {
    expect(atLogin(code)?.code).toBe(meaning);
    expect(atLogin(code)?.remediation ?? '').not.toContain('ON LOGIN');
  });
});

describe('PostgreSQL failure by SQLSTATE and routine', () => {
  test.each([
    ['55000', 'InitPostgres', 'permission-denied', 'ALLOW_CONNECTIONS'],
    ['55000', 'anything', 'server-error', 'log'],
    ['58P01', 'internal_load_library', 'server-error', 'session_preload_libraries'],
    ['58030', 'mdread', 'server-error', 'disk'],
    ['P0001', 'exec_stmt_raise', 'server-error', 'ON LOGIN'],
    ['53100', 'anything', 'server-error', 'full'],
    ['XX001', 'anything', 'server-error', 'corrupted'],
  ])('maps %s from %s', (code, routine, meaning, words) => {
    expect(classifyPostgresqlError(thrown({ code, routine }))).toMatchObject({
      code: meaning,
      remediation: expect.stringContaining(words),
    });
  });
});

describe('PostgreSQL failure of a pooler, which reports one SQLSTATE without a routine', () => {
  test.each([
    ['SASL authentication failed', 'authentication-failed'],
    ['password authentication failed', 'authentication-failed'],
    ['no such user: x', 'authentication-failed'],
    ['no such database: x', 'database-not-found'],
    ['database "x" does not exist', 'database-not-found'],
    ['permission denied for database "x"', 'permission-denied'],
    ['no more connections allowed (max_client_conn)', 'too-many-connections'],
    ['SSL required', 'tls-required'],
    ['query_wait_timeout', 'timeout'],
    ['something new', 'protocol-mismatch'],
  ])('maps the text "%s" to %s', (message, code) => {
    expect(classifyPostgresqlError(Object.assign(new Error(message), { code: '08P01' }))?.code).toBe(code);
  });

  test('explains the form of user names when Supabase finds no tenant', () => {
    const error = Object.assign(new Error('Tenant or user not found'), { code: 'XX000' });
    expect(classifyPostgresqlError(error)).toMatchObject({
      code: 'authentication-failed',
      remediation: expect.stringContaining('postgres.'),
    });
  });

  test('ignores the text when the server reports its routine', () => {
    const error = Object.assign(new Error('no such database: x'), {
      code: '42501',
      routine: 'CheckMyDatabase',
    });
    expect(classifyPostgresqlError(error)?.code).toBe('permission-denied');
  });
});

describe('PostgreSQL failure that the driver throws', () => {
  test('has its own remediation for the password hash of Redshift', () => {
    expect(classifyPostgresqlError(new Error('Unknown authenticationOk message type 13'))).toMatchObject({
      code: 'authentication-failed',
      native: '13',
      remediation: expect.stringContaining('md5'),
    });
  });

  test.each([
    ['Unknown authenticationOk message type 7', 'server-error'],
    ['SASL: Only mechanism(s) SCRAM-SHA-256 are supported', 'server-error'],
    [
      'SASL: SCRAM-SERVER-FIRST-MESSAGE: iteration count 4000000000 exceeds scramMaxIterations of 100000',
      'protocol-mismatch',
    ],
    ['SASL: SCRAM-SERVER-FINAL-MESSAGE: server signature does not match', 'protocol-mismatch'],
  ])('is classified for this message: %s', (message, code) =>
    expect(classifyPostgresqlError(new Error(message))?.code).toBe(code),
  );

  test('differs from a server error with the same text', () => {
    const error = Object.assign(new Error('Unknown authenticationOk message type 13'), {
      code: 'XX000',
      routine: 'anything',
    });
    expect(classifyPostgresqlError(error)).toMatchObject({ code: 'server-error', native: 'XX000' });
  });

  test('leaves network errors to the network layer', () => {
    expect(classifyPostgresqlError(new Error('Connection terminated unexpectedly'))).toBeUndefined();
    expect(classifyPostgresqlError(thrown({ code: 'ECONNRESET' }))).toBeUndefined();
  });
});

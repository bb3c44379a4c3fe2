import { describe, expect, test } from '@jest/globals';
import { classifyMysqlError, attachMysqlLoginState } from '../../shared/connectors/mysql/failures.ts';

const thrown = (fields: object) => Object.assign(new Error('in some language'), fields);

describe('MySQL error number', () => {
  test.each([
    [1045, 'authentication-failed'],
    [1044, 'permission-denied'],
    [1698, 'authentication-failed'],
    [1049, 'database-not-found'],
    [1142, 'permission-denied'],
    [1040, 'too-many-connections'],
    [1203, 'too-many-connections'],
    [1226, 'too-many-connections'],
    [1129, 'permission-denied'],
    [1130, 'permission-denied'],
    [1820, 'credentials-expired'],
    [1862, 'credentials-expired'],
    [3118, 'account-locked'],
    [3955, 'account-locked'],
    [4150, 'account-locked'],
    [4151, 'account-locked'],
    [3159, 'tls-required'],
    [3024, 'timeout'],
    [1969, 'timeout'],
    [1317, 'timeout'],
    [1053, 'connection-reset'],
    [4031, 'connection-reset'],
    [3032, 'server-error'],
    [1927, 'connection-reset'],
    [1251, 'server-error'],
    [1184, 'server-error'],
    [1064, 'server-error'],
    [9999, 'server-error'],
  ])('%s maps to %s and is the native code', (errno, code) => {
    // The driver's name for a number often comes from another vendor.
    expect(classifyMysqlError(thrown({ errno, code: 'ER_SOMETHING_ELSE' }))).toMatchObject({
      code,
      native: String(errno),
    });
  });
});

test.each([
  [1184, 'init_connect'],
  [1152, 'init_connect'],
  [1021, 'disk'],
  [1041, 'memory'],
])('the remediation for MySQL error %s names the cause', (errno, words) => {
  expect(classifyMysqlError(thrown({ errno }))?.remediation).toContain(words);
});

describe('refused MySQL login, which has one error number for all causes', () => {
  test.each([
    [{ encrypted: false, certificate: false }, 'REQUIRE SSL'],
    [{ encrypted: true, certificate: false }, 'REQUIRE X509'],
  ])('names the other possible cause: %j', (login, cure) => {
    expect(classifyMysqlError(attachMysqlLoginState(thrown({ errno: 1045 }), login))?.remediation).toContain(
      cure,
    );
  });

  test('names no other cause when TLS and a certificate were used', () => {
    const said = classifyMysqlError(
      attachMysqlLoginState(thrown({ errno: 1045 }), { encrypted: true, certificate: true }),
    );
    expect(said?.remediation).not.toContain('REQUIRE');
  });
});

describe('MySQL driver error', () => {
  test.each([
    ['HANDSHAKE_UNKNOWN_ERROR', 'protocol-mismatch'],
    ['PROTOCOL_UNEXPECTED_PACKET', 'protocol-mismatch'],
    ['AUTH_SWITCH_PLUGIN_ERROR', 'protocol-mismatch'],
    ['MYSQL_CLEAR_PASSWORD_NOT_ENABLED', 'tls-required'],
  ])('%s maps to %s', (code, meaning) => expect(classifyMysqlError(thrown({ code }))?.code).toBe(meaning));

  test('for an unsupported plugin differs from the one for another protocol', () => {
    const error = Object.assign(
      new Error('Server requests authentication using unknown plugin client_ed25519.'),
      {
        code: 'AUTH_SWITCH_PLUGIN_ERROR',
      },
    );
    expect(classifyMysqlError(error)).toMatchObject({
      code: 'server-error',
      remediation: expect.stringContaining('ed25519'),
    });
  });

  test('from the network stays unclassified', () => {
    expect(classifyMysqlError(thrown({ code: 'ECONNRESET', errno: -104 }))).toBeUndefined();
    expect(classifyMysqlError(thrown({ code: 'ECONNREFUSED' }))).toBeUndefined();
  });
});

import { describe, expect, test } from '@jest/globals';
import { classifyMysqlError, attachMysqlLoginState } from '../../shared/connectors/mysql/failures.ts';

const thrown = (fields: object) => Object.assign(new Error('in some language'), fields);

describe('by number', () => {
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
  ])('%s is %s, and is shown', (errno, code) => {
    // The driver's name for it is another maker's as often as not.
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
])('what %s says to do is said here', (errno, words) => {
  expect(classifyMysqlError(thrown({ errno }))?.remediation).toContain(words);
});

describe('a refused login, which has one number for all, names what else it may be', () => {
  test.each([
    [{ encrypted: false, certificate: false }, 'REQUIRE SSL'],
    [{ encrypted: true, certificate: false }, 'REQUIRE X509'],
  ])('%j', (login, cure) => {
    expect(classifyMysqlError(attachMysqlLoginState(thrown({ errno: 1045 }), login))?.remediation).toContain(
      cure,
    );
  });

  test('nothing else where all was shown', () => {
    const said = classifyMysqlError(
      attachMysqlLoginState(thrown({ errno: 1045 }), { encrypted: true, certificate: true }),
    );
    expect(said?.remediation).not.toContain('REQUIRE');
  });
});

describe('what the driver itself throws', () => {
  test.each([
    ['HANDSHAKE_UNKNOWN_ERROR', 'protocol-mismatch'],
    ['PROTOCOL_UNEXPECTED_PACKET', 'protocol-mismatch'],
    ['AUTH_SWITCH_PLUGIN_ERROR', 'protocol-mismatch'],
    ['MYSQL_CLEAR_PASSWORD_NOT_ENABLED', 'tls-required'],
  ])('%s is %s', (code, meaning) => expect(classifyMysqlError(thrown({ code }))?.code).toBe(meaning));

  test('a plugin that it lacks is told from a server that is none', () => {
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

  test('what is the network’s is left to the network', () => {
    expect(classifyMysqlError(thrown({ code: 'ECONNRESET', errno: -104 }))).toBeUndefined();
    expect(classifyMysqlError(thrown({ code: 'ECONNREFUSED' }))).toBeUndefined();
  });
});

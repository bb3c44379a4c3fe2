import { describe, expect, test } from '@jest/globals';
import { assessLogin } from '../../shared/network/login-methods.ts';
import type { LoginKind } from '../../shared/network/login-methods.ts';

const login = (kind: LoginKind, instead?: string) => ({
  name: 'the login',
  kind,
  manual: 'https://example.test',
  ...(instead !== undefined && { instead }),
});
const kinds: readonly LoginKind[] = ['none', 'challenge', 'weak-challenge', 'clear', 'tls-only'];

describe('login', () => {
  test.each(kinds)('continues over TLS, for every kind: %s', (kind) => {
    for (const inClear of [true, false])
      expect(assessLogin(login(kind), { encrypted: true, inClear })).toBeUndefined();
  });

  test.each([
    ['none', undefined, undefined],
    ['challenge', undefined, undefined],
    ['weak-challenge', 'tls-off', 'tls-off'],
    ['clear', 'password-in-clear', { code: 'tls-unsupported' }],
    ['tls-only', { code: 'tls-required' }, { code: 'tls-required' }],
  ] as const)('without TLS, of kind %s, is judged by ssl_mode', (kind, asked, unasked) => {
    for (const [inClear, expected] of [[true, asked] as const, [false, unasked] as const]) {
      const judged = () => assessLogin(login(kind), { encrypted: false, inClear });
      if (typeof expected === 'object') expect(judged).toThrow(expect.objectContaining(expected));
      else expect(judged()?.code).toBe(expected);
    }
  });

  test('that never goes without TLS says what to set, and offers no way around TLS', () => {
    for (const inClear of [true, false]) {
      const refused = () => assessLogin(login('tls-only', 'no'), { encrypted: false, inClear });
      expect(refused).toThrow(
        expect.objectContaining({
          message: 'Expected TLS: without it, the login would send the secret unencrypted.',
          extras: {
            remediation:
              'Turn on TLS at the server, and set ssl_mode to require, verify-ca or verify-full. This login method always needs TLS.',
          },
        }),
      );
    }
  });

  test('of kind weak-challenge names itself and the remediation', () => {
    expect(assessLogin(login('weak-challenge'), { encrypted: false, inClear: true })?.remediation).toBe(
      'Set ssl_mode to verify-full: without TLS, the login allows anyone on the network to guess the password offline.',
    );
  });

  test('that is refused names only TLS when there is no alternative', () => {
    const refused = () => assessLogin(login('clear'), { encrypted: false, inClear: false });
    expect(refused).toThrow(
      expect.objectContaining({
        extras: {
          remediation:
            'Turn on TLS at the server. Set ssl_mode to disable only if you accept that the password is sent unencrypted.',
        },
      }),
    );
  });

  test('that is refused names TLS first, then the alternative, then the risk of ssl_mode disable', () => {
    const refused = () => assessLogin(login('clear', 'send a pigeon'), { encrypted: false, inClear: false });
    expect(refused).toThrow(
      expect.objectContaining({
        extras: {
          remediation:
            'Turn on TLS at the server, or send a pigeon. Set ssl_mode to disable only if you accept that the password is sent unencrypted.',
        },
      }),
    );
  });
});

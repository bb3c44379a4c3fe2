import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { networkFailure, problemOf } from '../../shared/network/failure.ts';
import { Problem } from '../../shared/problem.ts';

const coded = (code: string, cause?: unknown) =>
  Object.assign(new Error('text of a driver', { cause }), { code });

test.each([
  ['ENOTFOUND', 'host-not-found'],
  ['EAI_AGAIN', 'host-not-found'],
  ['ECONNREFUSED', 'connection-refused'],
  ['ECONNRESET', 'connection-reset'],
  ['EPIPE', 'connection-reset'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['EACCES', 'unreachable'],
  ['ETIMEDOUT', 'timeout'],
  ['CERT_HAS_EXPIRED', 'certificate-expired'],
  ['CERT_NOT_YET_VALID', 'certificate-expired'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate-untrusted'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate-hostname-mismatch'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls-unsupported'],
  ['HPE_INVALID_CONSTANT', 'protocol-mismatch'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'client-certificate-required'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'client-certificate-required'],
  ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'tls-unsupported'],
])('%s means %s', (native, code) => {
  expect(networkFailure(coded(native))).toEqual({ code, native });
});

test('the reason is found wherever a driver has put it', () => {
  expect(
    networkFailure(coded('DRIVER_1', new Error('wrapped', { cause: coded('ECONNREFUSED') })))?.code,
  ).toBe('connection-refused');
  expect(networkFailure(new AggregateError([coded('EHOSTUNREACH'), coded('ECONNREFUSED')]))?.code).toBe(
    'unreachable',
  );
  const circle = new Error('a');
  circle.cause = circle;
  expect(networkFailure(circle)).toBeUndefined();
});

test('whatever was thrown, a problem comes out that repeats nothing of its text', () => {
  fc.assert(
    fc.property(fc.anything(), fc.string({ minLength: 12 }), (thrown, text) => {
      const problem = problemOf(Object.assign(new Error(text), { code: text, detail: thrown }), undefined);
      expect(problem).toBeInstanceOf(Problem);
      if (/[^\w./-]/.test(text))
        expect(JSON.stringify([problem.message, problem.extras])).not.toContain(
          JSON.stringify(text).slice(1, -1),
        );
      expect(problemOf(thrown)).toBeInstanceOf(Problem);
    }),
  );
});

test('the connector’s table comes first, then the network’s, then server-error', () => {
  const connector = {
    title: 'PostgreSQL',
    failure: (error: unknown) =>
      error instanceof Error && error.message === 'known'
        ? ({ code: 'database-not-found', native: '3D000', remediation: 'create it' } as const)
        : undefined,
  };
  expect(problemOf(new Error('known'), connector)).toMatchObject({
    code: 'database-not-found',
    message: 'PostgreSQL: there is no such database (3D000).',
    extras: { native_code: '3D000', remediation: 'create it' },
  });
  expect(problemOf(coded('EPIPE'), connector).code).toBe('connection-reset');
  expect(problemOf(coded('XX000'), connector)).toMatchObject({
    code: 'server-error',
    extras: { native_code: 'XX000' },
  });
  expect(problemOf(new Error('unknown'), connector)).toMatchObject({
    code: 'server-error',
    message: 'PostgreSQL: the server reported an error.',
    extras: {},
  });
  expect(problemOf(new Problem('host-forbidden'), connector).message).toBe(
    'PostgreSQL: the host may not be dialled.',
  );
  const own = new Problem('timeout', 'A sentence of its own.');
  expect(problemOf(own, connector)).toBe(own);
});

test('a socket’s reason counts where the driver has none of its own', () => {
  const heard = { code: 'client-certificate-required', native: 'X' } as const;
  expect(problemOf(coded('ECONNRESET'), undefined, heard).code).toBe('client-certificate-required');
  expect(problemOf(new Error('terminated'), undefined, heard).code).toBe('client-certificate-required');
  expect(problemOf(coded('ECONNREFUSED'), undefined, heard).code).toBe('connection-refused');
  expect(problemOf(coded('XX000'), undefined, heard).code).toBe('server-error');
});

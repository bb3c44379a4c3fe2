import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { classifyNetworkError, toSourceProblem } from '../../shared/network/classify-network-error.ts';
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
  expect(classifyNetworkError(coded(native))).toEqual({ code, native });
});

test('finds the code in causes and aggregated errors, and survives a circle of causes', () => {
  expect(
    classifyNetworkError(coded('DRIVER_1', new Error('wrapped', { cause: coded('ECONNREFUSED') })))?.code,
  ).toBe('connection-refused');
  expect(classifyNetworkError(new AggregateError([coded('EHOSTUNREACH'), coded('ECONNREFUSED')]))?.code).toBe(
    'unreachable',
  );
  const circle = new Error('a');
  circle.cause = circle;
  expect(classifyNetworkError(circle)).toBeUndefined();
});

test('any thrown value becomes a problem that repeats none of its text', () => {
  fc.assert(
    fc.property(fc.anything(), fc.string({ minLength: 12 }), (thrown, text) => {
      const problem = toSourceProblem(
        Object.assign(new Error(text), { code: text, detail: thrown }),
        undefined,
      );
      expect(problem).toBeInstanceOf(Problem);
      if (/[^\w./-]/.test(text))
        expect(JSON.stringify([problem.message, problem.extras])).not.toContain(
          JSON.stringify(text).slice(1, -1),
        );
      expect(toSourceProblem(thrown)).toBeInstanceOf(Problem);
    }),
  );
});

test("uses the connector's table first, then the network's, then server-error", () => {
  const connector = {
    title: 'PostgreSQL',
    failure: (error: unknown) =>
      error instanceof Error && error.message === 'known'
        ? ({ code: 'database-not-found', native: '3D000', remediation: 'create it' } as const)
        : undefined,
  };
  expect(toSourceProblem(new Error('known'), connector)).toMatchObject({
    code: 'database-not-found',
    message: 'PostgreSQL: database not found (3D000).',
    extras: { native_code: '3D000', remediation: 'create it' },
  });
  expect(toSourceProblem(coded('EPIPE'), connector).code).toBe('connection-reset');
  expect(toSourceProblem(coded('XX000'), connector)).toMatchObject({
    code: 'server-error',
    extras: { native_code: 'XX000' },
  });
  expect(toSourceProblem(new Error('unknown'), connector)).toMatchObject({
    code: 'server-error',
    message: 'PostgreSQL: server error.',
    extras: {},
  });
  expect(toSourceProblem(new Problem('host-forbidden'), connector).message).toBe(
    'PostgreSQL: host not allowed.',
  );
  const own = new Problem('timeout', 'A sentence of its own.');
  expect(toSourceProblem(own, connector)).toBe(own);
});

test("uses the socket's error when the driver's error has no code of its own", () => {
  const heard = { code: 'client-certificate-required', native: 'X' } as const;
  expect(toSourceProblem(coded('ECONNRESET'), undefined, heard).code).toBe('client-certificate-required');
  expect(toSourceProblem(new Error('terminated'), undefined, heard).code).toBe('client-certificate-required');
  expect(toSourceProblem(coded('ECONNREFUSED'), undefined, heard).code).toBe('connection-refused');
  expect(toSourceProblem(coded('XX000'), undefined, heard).code).toBe('server-error');
});

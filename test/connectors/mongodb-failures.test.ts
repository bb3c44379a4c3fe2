import { describe, expect, test } from '@jest/globals';
import { classifyMongodbError, addMongodbLoginMethod } from '../../shared/connectors/mongodb/failures.ts';

const said = (code: number, errmsg = 'never told') =>
  Object.assign(new Error(errmsg), { name: 'MongoServerError', code });

describe('MongoDB failure classification', () => {
  test.each([
    [11, 'authentication-failed'],
    [13, 'permission-denied'],
    [18, 'authentication-failed'],
    [50, 'timeout'],
    [334, 'authentication-failed'],
    [391, 'credentials-expired'],
    [11600, 'server-error'],
    [424242, 'server-error'],
  ])('maps %i to %s and keeps its number', (number, code) => {
    expect(classifyMongodbError(said(number))).toMatchObject({ code, native: String(number) });
    expect(JSON.stringify(classifyMongodbError(said(number)))).not.toContain('never told');
  });

  test.each([
    ['bad auth : Authentication failed.', 'authentication-failed'],
    ['user is not allowed to do action [find] on [shop.users]', 'permission-denied'],
    ['too many connections', 'too-many-connections'],
    ['something unknown', 'server-error'],
  ])('maps Atlas errors, which all have the number 8000, by their text: %s', (text, code) => {
    expect(classifyMongodbError(said(8000, text))).toMatchObject({ code, native: '8000' });
  });

  test('distinguishes a refused certificate from a refused password', () => {
    expect(classifyMongodbError(addMongodbLoginMethod(said(18), 'certificate'))).toMatchObject({
      code: 'client-certificate-required',
    });
    expect(classifyMongodbError(addMongodbLoginMethod(said(11), 'certificate'))).toMatchObject({
      code: 'authentication-failed',
      remediation: expect.stringContaining('$external'),
    });
  });

  test('suggests the Atlas access list for the TLS alert of an unlisted address', () => {
    const alert = Object.assign(new Error('alert'), { code: 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR' });
    expect(classifyMongodbError(alert)).toMatchObject({
      code: 'connection-reset',
      remediation: expect.stringContaining('access list'),
    });
  });

  test('leaves network errors to the table of the network', () => {
    expect(
      classifyMongodbError(
        Object.assign(new Error('reset'), { name: 'MongoNetworkError', cause: { code: 'ECONNRESET' } }),
      ),
    ).toBeUndefined();
  });

  test('maps a password that SCRAM cannot carry to authentication-failed', () => {
    expect(
      classifyMongodbError(
        new Error('Prohibited character, see https://tools.ietf.org/html/rfc4013#section-2.3'),
      ),
    ).toMatchObject({
      code: 'authentication-failed',
    });
  });
});

import { describe, expect, test } from '@jest/globals';
import { classifyMongodbError, addMongodbLoginMethod } from '../../shared/connectors/mongodb/failures.ts';

const said = (code: number, errmsg = 'never told') =>
  Object.assign(new Error(errmsg), { name: 'MongoServerError', code });

describe('what a MongoDB refuses', () => {
  test.each([
    [11, 'authentication-failed'],
    [13, 'permission-denied'],
    [18, 'authentication-failed'],
    [50, 'timeout'],
    [334, 'authentication-failed'],
    [391, 'credentials-expired'],
    [11600, 'server-error'],
    [424242, 'server-error'],
  ])('with %i is %s, with its own number', (number, code) => {
    expect(classifyMongodbError(said(number))).toMatchObject({ code, native: String(number) });
    expect(JSON.stringify(classifyMongodbError(said(number)))).not.toContain('never told');
  });

  test.each([
    ['bad auth : Authentication failed.', 'authentication-failed'],
    ['user is not allowed to do action [find] on [shop.users]', 'permission-denied'],
    ['too many connections', 'too-many-connections'],
    ['something else', 'server-error'],
  ])('on Atlas, whose one number is 8000, goes by its words: %s', (text, code) => {
    expect(classifyMongodbError(said(8000, text))).toMatchObject({ code, native: '8000' });
  });

  test('of a certificate is told from what it refuses of a password', () => {
    expect(classifyMongodbError(addMongodbLoginMethod(said(18), 'certificate'))).toMatchObject({
      code: 'client-certificate-required',
    });
    expect(classifyMongodbError(addMongodbLoginMethod(said(11), 'certificate'))).toMatchObject({
      code: 'authentication-failed',
      remediation: expect.stringContaining('$external'),
    });
  });

  test('for want of an entry in Atlas’s access list names the cure', () => {
    const alert = Object.assign(new Error('alert'), { code: 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR' });
    expect(classifyMongodbError(alert)).toMatchObject({
      code: 'connection-reset',
      remediation: expect.stringContaining('access list'),
    });
  });

  test('by the network is left to the network’s table', () => {
    expect(
      classifyMongodbError(
        Object.assign(new Error('reset'), { name: 'MongoNetworkError', cause: { code: 'ECONNRESET' } }),
      ),
    ).toBeUndefined();
  });

  test('a password that SCRAM cannot carry is told', () => {
    expect(
      classifyMongodbError(
        new Error('Prohibited character, see https://tools.ietf.org/html/rfc4013#section-2.3'),
      ),
    ).toMatchObject({
      code: 'authentication-failed',
    });
  });
});

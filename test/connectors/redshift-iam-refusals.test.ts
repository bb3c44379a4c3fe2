import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { reach } from '../engines/reach.ts';
import { awsApi } from './aws-api.ts';
import { cluster, keys, standIn, workgroup, xml } from './redshift-stand-in.ts';

const engine = reach('postgres', { POSTGRES_VERSION: '18' });

if (engine)
  describe('Redshift with AWS’s keys is refused by', () => {
    const { reader, start, stop, tried, handsOut } = standIn(engine);
    beforeAll(start);
    afterAll(stop);

    describe('AWS refuses', () => {
      test.each([
        ['AccessDenied', 403, 'permission-denied', `arn:aws:redshift:eu-west-1:*:dbuser:shop/${reader}`],
        ['UnauthorizedOperation', 400, 'permission-denied', 'redshift:GetClusterCredentials'],
        ['InvalidClientTokenId', 403, 'authentication-failed', 'access_key_id'],
        ['SignatureDoesNotMatch', 403, 'authentication-failed', 'secret_access_key'],
        ['ExpiredToken', 403, 'credentials-expired', 'new keys'],
        ['RequestExpired', 400, 'server-error', 'clock'],
        ['ClusterNotFound', 404, 'database-not-found', 'cluster_identifier'],
        ['InvalidParameterValue', 400, 'authentication-failed', 'config.username'],
        ['Throttling', 400, 'server-error', 'try again'],
        ['UnsupportedOperation', 400, 'server-error', 'native_code'],
        ['InternalFailure', 500, 'server-error', 'native_code'],
        ['SomethingNew', 403, 'permission-denied', 'GetClusterCredentials'],
      ])('a cluster’s password with %s', async (name, status, code, cure) => {
        await using api = await awsApi(keys.secret_access_key, (_, response) =>
          response
            .writeHead(status, { 'content-type': 'text/xml' })
            .end(
              `<ErrorResponse xmlns="http://redshift.amazonaws.com/doc/2012-12-01/"><Error><Type>Sender</Type><Code>${name}</Code><Message>${keys.secret_access_key} no</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
            ),
        );
        const { failed, details } = await tried({ endpoint: api.url });
        expect(failed).toMatchObject({
          step: 'authenticate',
          code,
          native_code: name,
          remediation: expect.stringContaining(cure),
        });
        expect(JSON.stringify([failed, details])).not.toContain(keys.secret_access_key);
        expect(api.asked).toHaveLength(1);
      });

      test.each([
        [
          'AccessDeniedException',
          400,
          'permission-denied',
          'arn:aws:redshift-serverless:eu-west-1:123456789012:workgroup/*',
        ],
        ['UnrecognizedClientException', 400, 'authentication-failed', 'access_key_id'],
        ['InvalidSignatureException', 400, 'authentication-failed', 'secret_access_key'],
        ['ExpiredTokenException', 400, 'credentials-expired', 'new keys'],
        ['ResourceNotFoundException', 400, 'database-not-found', 'workgroup_name'],
        ['ValidationException', 400, 'authentication-failed', 'workgroup_name'],
        ['ThrottlingException', 400, 'server-error', 'try again'],
        ['InternalServerException', 500, 'server-error', 'native_code'],
      ])('a workgroup’s with %s', async (name, status, code, cure) => {
        await using api = await awsApi(keys.secret_access_key, (_, response) =>
          response
            .writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
            .end(JSON.stringify({ __type: `com.amazonaws.redshiftserverless#${name}`, message: 'no' })),
        );
        const { failed } = await tried({ endpoint: api.url, host: workgroup });
        expect(failed).toMatchObject({
          step: 'authenticate',
          code,
          native_code: name,
          remediation: expect.stringContaining(cure),
        });
      });
    });

    describe('an endpoint that', () => {
      test.each([301, 302, 307, 308])('sends elsewhere with %d is not followed', async (status) => {
        await using other = await awsApi(keys.secret_access_key, handsOut());
        await using api = await awsApi(keys.secret_access_key, (_, response) =>
          response.writeHead(status, { location: other.url }).end(),
        );
        const { failed } = await tried({ endpoint: api.url });
        expect(failed).toMatchObject({
          step: 'authenticate',
          code: 'protocol-mismatch',
          native_code: `${status}`,
        });
        expect(other.accepted).toHaveLength(0);
      });

      test.each([
        ['HTML', 200, '<html><body>welcome<br></body></html>'],
        ['nothing', 200, ''],
        ['a password of no user', 200, xml('')],
        ['a user that ends the text', 200, xml('me&#0;x')],
        ['a page that is not found', 404, '<html><p>not here</html>'],
        ['more than any answer', 200, xml('x'.repeat(2 ** 17))],
      ])('answers %s speaks another protocol', async (_, status, body) => {
        await using api = await awsApi(keys.secret_access_key, (__, response) =>
          response.writeHead(status).end(body),
        );
        expect((await tried({ endpoint: api.url })).failed).toMatchObject({
          step: 'authenticate',
          code: 'protocol-mismatch',
        });
      });

      test('is silent is a timeout of the login', async () => {
        await using api = await awsApi(keys.secret_access_key, () => {});
        expect((await tried({ endpoint: api.url })).failed).toMatchObject({
          step: 'authenticate',
          code: 'timeout',
        });
      });

      test('hangs up is no fault of the database’s', async () => {
        await using api = await awsApi(keys.secret_access_key, (_, response) => response.destroy());
        expect(await tried({ endpoint: api.url, host: workgroup })).toMatchObject({
          failed: {
            step: 'authenticate',
            code: 'connection-reset',
            remediation: expect.stringContaining('that the deployment names for redshift-serverless'),
          },
          details: { error: expect.stringContaining('AWS') },
        });
      });

      test('shows a certificate that nobody vouches for is told nothing, whatever ssl_mode allows', async () => {
        await using api = await awsApi(keys.secret_access_key, handsOut(), 'selfsigned');
        expect((await tried({ endpoint: api.url })).failed).toMatchObject({
          step: 'authenticate',
          code: 'certificate-untrusted',
        });
        expect(api.asked).toHaveLength(0);
      });

      test('speaks in clear is not asked', async () => {
        const { failed, names } = await tried({ endpoint: 'http://localhost:1' });
        expect(failed).toMatchObject({ step: 'authenticate', code: 'tls-required' });
        expect(names).toEqual([cluster]);
      });
    });
  });

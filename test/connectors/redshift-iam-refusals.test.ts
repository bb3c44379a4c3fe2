import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { onEngine, reach } from '../engines/reach.ts';
import { startAwsApi } from './aws-api.ts';
import { cluster, keys, createRedshiftStandIn, workgroup, xml } from './redshift-stand-in.ts';

const engine = reach('postgres', { POSTGRES_VERSION: '18' });

onEngine(engine, () => {
  describe('Redshift login with AWS keys', () => {
    const { reader, start, stop, tried, handsOut } = createRedshiftStandIn(engine);
    beforeAll(start);
    afterAll(stop);

    /** The result of a test against an AWS API that answers in this way. */
    const answeredWith = async (
      answer: Parameters<typeof startAwsApi>[1],
      given: Parameters<typeof tried>[0] = {},
      certificate?: 'selfsigned',
    ) => {
      await using api = await startAwsApi(keys.secret_access_key, answer, certificate);
      const { failed, details } = await tried({ endpoint: api.url, ...given });
      return { failed, details, asked: api.asked.length };
    };

    test.each([
      [
        cluster,
        'AccessDenied',
        403,
        'permission-denied',
        `arn:aws:redshift:eu-west-1:*:dbuser:shop/${reader}`,
      ],
      [cluster, 'UnauthorizedOperation', 400, 'permission-denied', 'redshift:GetClusterCredentials'],
      [cluster, 'InvalidClientTokenId', 403, 'authentication-failed', 'access_key_id'],
      [cluster, 'SignatureDoesNotMatch', 403, 'authentication-failed', 'secret_access_key'],
      [cluster, 'ExpiredToken', 403, 'credentials-expired', 'new keys'],
      [cluster, 'RequestExpired', 400, 'server-error', 'clock'],
      [cluster, 'ClusterNotFound', 404, 'database-not-found', 'cluster_identifier'],
      [cluster, 'InvalidParameterValue', 400, 'authentication-failed', 'config.username'],
      [cluster, 'Throttling', 400, 'server-error', 'Try again'],
      [cluster, 'UnsupportedOperation', 400, 'server-error', 'auth_method password'],
      [cluster, 'InternalFailure', 500, 'server-error', 'AWS reported an internal error'],
      [cluster, 'SomethingNew', 403, 'permission-denied', 'GetClusterCredentials'],
      [workgroup, 'AccessDeniedException', 400, 'permission-denied', 'eu-west-1:123456789012:workgroup/*'],
      [workgroup, 'UnrecognizedClientException', 400, 'authentication-failed', 'access_key_id'],
      [workgroup, 'InvalidSignatureException', 400, 'authentication-failed', 'secret_access_key'],
      [workgroup, 'ExpiredTokenException', 400, 'credentials-expired', 'new keys'],
      [workgroup, 'ResourceNotFoundException', 400, 'database-not-found', 'workgroup_name'],
      [workgroup, 'ValidationException', 400, 'authentication-failed', 'workgroup_name'],
      [workgroup, 'ThrottlingException', 400, 'server-error', 'Try again'],
      [workgroup, 'InternalServerException', 500, 'server-error', 'AWS reported an internal error'],
    ])('fails when the API for %s answers %s', async (host, name, status, code, cure) => {
      const [type, body] = host === cluster ? xmlRefusal(name) : jsonRefusal(name);
      const { failed, details, asked } = await answeredWith(
        (_, response) => response.writeHead(status, { 'content-type': type }).end(body),
        { host },
      );
      expect(failed).toMatchObject({
        step: 'authenticate',
        code,
        native_code: name,
        remediation: expect.stringContaining(cure),
      });
      expect(JSON.stringify([failed, details])).not.toContain(keys.secret_access_key);
      expect(asked).toBe(1);
    });

    describe('AWS endpoint', () => {
      test.each([301, 302, 307, 308])('that redirects with %d is not followed', async (status) => {
        await using other = await startAwsApi(keys.secret_access_key, handsOut());
        const { failed } = await answeredWith((_, response) =>
          response.writeHead(status, { location: other.url }).end(),
        );
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
      ])('that answers with %s causes protocol-mismatch', async (_, status, body) => {
        const { failed } = await answeredWith((__, response) => response.writeHead(status).end(body));
        expect(failed).toMatchObject({ step: 'authenticate', code: 'protocol-mismatch' });
      });

      test('that is silent causes a timeout of the login', async () => {
        const { failed } = await answeredWith(() => {});
        expect(failed).toMatchObject({ step: 'authenticate', code: 'timeout' });
      });

      test('that closes the connection causes a failure that names AWS, not the database', async () => {
        const outcome = await answeredWith((_, response) => response.destroy(), { host: workgroup });
        expect(outcome).toMatchObject({
          failed: {
            step: 'authenticate',
            code: 'connection-reset',
            remediation: expect.stringContaining('that the deployment configures for redshift-serverless'),
          },
          details: { error: expect.stringContaining('AWS') },
        });
      });

      test('with an untrusted certificate receives no request, whatever ssl_mode is', async () => {
        const { failed, asked } = await answeredWith(handsOut(), {}, 'selfsigned');
        expect(failed).toMatchObject({ step: 'authenticate', code: 'certificate-untrusted' });
        expect(asked).toBe(0);
      });

      test('with a plaintext URL receives no request', async () => {
        const { failed, names } = await tried({ endpoint: 'http://localhost:1' });
        expect(failed).toMatchObject({ step: 'authenticate', code: 'tls-required' });
        expect(names).toEqual([cluster]);
      });
    });
  });
});

/** Each message contains the secret. */
const xmlRefusal = (name: string) => [
  'text/xml',
  `<ErrorResponse xmlns="http://redshift.amazonaws.com/doc/2012-12-01/"><Error><Type>Sender</Type><Code>${name}</Code><Message>${keys.secret_access_key} no</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
];
const jsonRefusal = (name: string) => [
  'application/x-amz-json-1.1',
  JSON.stringify({
    __type: `com.amazonaws.redshiftserverless#${name}`,
    message: `${keys.secret_access_key} no`,
  }),
];

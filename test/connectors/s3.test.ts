import { createServer as createTlsServer } from 'node:tls';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { s3 } from '../../shared/connectors/s3/connector.ts';
import { sourceContract } from '../contracts/source.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { listen, pem, type Running } from '../network/servers.ts';

const env = reach('s3');
onEngine(env, () => {
  describe('S3 on versitygw', () => {
    const port = Number(new URL(env['S3_ENDPOINT'] ?? '').port);
    const at = ({ host = 'localhost', port: other }: { readonly host?: string; readonly port: number }) => ({
      config: { endpoint: `https://${host}:${other}` },
    });
    const as = (name: string, access_key_id = env[`${name}_KEY`] ?? '') => ({
      config: { access_key_id },
      credentials: { auth_method: 'access_key', secret_access_key: env[`${name}_SECRET`] ?? '' },
    });

    const fronts: Running[] = [];
    const certificate = { expired: 0, wronghost: 0, selfsigned: 0 };
    beforeAll(async () => {
      for (const name of ['expired', 'wronghost', 'selfsigned'] as const) {
        const front = await tlsFront(name, port);
        certificate[name] = front.port;
        fronts.push(front);
      }
    });
    afterAll(async () => {
      for (const front of fronts) await front[Symbol.asyncDispose]();
    });
    /** The port is known only when the test runs. */
    const behind = (name: keyof typeof certificate) => ({
      get config() {
        return at({ port: certificate[name] }).config;
      },
    });
    const plain = { config: { endpoint: env['S3_ENDPOINT'] ?? '' } };

    sourceContract({
      connector: s3,
      config: {
        endpoint: env['S3_TLS_ENDPOINT'],
        bucket: env['S3_BUCKET'],
        region: env['S3_REGION'],
        access_key_id: env['S3_KEY'],
      },
      credentials: as('S3').credentials,
      version: /^S3 2006-03-01$/,
      at,
      withoutTls: 'tls-unsupported',
      certificates: {
        plain,
        off: plain,
        expired: behind('expired'),
        wronghost: behind('wronghost'),
        selfsigned: behind('selfsigned'),
      },
      refused: {
        'a wrong secret key': {
          credentials: { auth_method: 'access_key', secret_access_key: 'never-the-right-one' },
          code: 'authentication-failed',
          native: 'SignatureDoesNotMatch',
        },
        'an unknown access key': {
          config: { access_key_id: 'nobody-at-all' },
          code: 'authentication-failed',
          native: 'InvalidAccessKeyId',
        },
        'an unknown session token': {
          credentials: { ...as('S3').credentials, session_token: 'obviously-fake' },
          code: 'authentication-failed',
          native: 'InvalidToken',
        },
        'an unknown bucket': {
          config: { bucket: 'nowhere' },
          code: 'database-not-found',
          native: 'NoSuchBucket',
        },
        'a bucket in another region': {
          config: { region: 'us-east-1' },
          code: 'database-not-found',
          native: 'AuthorizationHeaderMalformed',
        },
      },
      many: { config: { bucket: 'many-tables' } },
      odd: {
        config: { prefix: 'odd/' },
        names: ['spa ce+plus=eq&amp%25.csv', 'ключ-日本.json', 'no-extension'],
      },
      nobody: as('S3_NOBODY'),
      stall: async () => {
        const server = await listen(
          createTlsServer({ key: pem('server.key'), cert: pem('server.crt') }, (socket) => {
            socket.on('error', () => {});
            let asked = 0;
            socket.on('data', () => {
              asked += 1;
              if (asked === 1) socket.write(answer);
            });
          }),
        );
        return {
          ...at({ port: server.port }),
          [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
        };
      },
    });
  });
});

/** The same server with another certificate. */
const tlsFront = (name: string, port: number): Promise<Running> =>
  listen(
    createTlsServer({ key: pem(`${name}.key`), cert: pem(`${name}.crt`) }, (socket) => {
      const behind = connect({ host: '127.0.0.1', port });
      for (const each of [socket, behind]) each.on('error', () => {});
      socket.on('close', () => behind.destroy());
      behind.on('close', () => socket.destroy());
      socket.pipe(behind).pipe(socket);
    }),
  );

const listing = '<ListBucketResult><Name>shop-data</Name><KeyCount>0</KeyCount></ListBucketResult>';
const answer = `HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\ncontent-length: ${listing.length}\r\n\r\n${listing}`;

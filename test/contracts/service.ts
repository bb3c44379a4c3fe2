import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import type { Missing, CatalogScope, Table } from '../../shared/connectors/catalog.ts';
import type { Connector, SslMode, SessionTarget } from '../../shared/connectors/connector.ts';
import { runSourceTest, openManagedSession } from '../../shared/connectors/run-source-test.ts';
import type { SourceSessionOptions } from '../../shared/connectors/run-source-test.ts';
import type { ProblemCode } from '../../shared/problem.ts';
import { bundleContract } from './bundle.ts';
import { expectBoundedMemory } from './memory.ts';
import { type Refusals, refusalContract } from './refusals.ts';
import { findType } from './samples.ts';
import { closedPort, droppingPort, listen, pem, plainServer } from '../network/servers.ts';

/** A change to a working connection. */
export interface Change {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly credentials?: SessionTarget['credentials'];
  readonly endpoint?: string;
  readonly role?: SessionTarget['role'];
}

/** A working connection to a service whose host is fixed, except for the endpoint that a deployment configures. */
export interface Service {
  readonly connector: Connector;
  readonly config: Readonly<Record<string, unknown>>;
  readonly credentials: SessionTarget['credentials'];
  readonly endpoint: string;
  /** A catalog of a few tables, if the connection has a large one. */
  readonly small?: Pick<Change, 'config'>;
  /** The schemas with ten thousand tables of twenty columns each. Without them, a test of its own measures the memory. */
  readonly huge?: readonly string[];
  /** The code of a 404 at login, if the service answers so for an unknown account. */
  readonly unknown?: ProblemCode;
}

/** Functions that test, open and introspect such a connection, with or without a change. */
export const createServiceTester = (service: Service) => {
  const targetOf = ({ config, credentials, endpoint, role }: Change, mode: SslMode, seconds: number) =>
    ({
      config: { ...service.config, ...config },
      credentials: credentials ?? service.credentials,
      options: { ssl_mode: mode, query_timeout_seconds: seconds },
      role: role ?? 'source',
      endpoint: endpoint ?? service.endpoint,
    }) as const satisfies SessionTarget;
  const optionsOf = (mode: SslMode, ca: string | null, seconds: number): SourceSessionOptions => ({
    policy: { loopback: true },
    environment: 'default',
    tlsSettings: { mode, ...(ca !== null && { ca }) },
    options: { connection_timeout_seconds: seconds },
  });
  const ca = pem('ca.crt');
  const tried = (
    change: Change = {},
    mode: SslMode = 'verify-full',
    authority: string | null = ca,
    seconds = 8,
  ) => runSourceTest(service.connector, targetOf(change, mode, 10), optionsOf(mode, authority, seconds));
  const opened = (change: Change = {}, seconds = 20) =>
    openManagedSession(
      service.connector,
      targetOf(change, 'verify-full', seconds),
      optionsOf('verify-full', ca, 8),
    );
  const catalogOf = async (change: Change = {}, scope: CatalogScope = { excludedSchemas: [] }) => {
    await using session = await opened(change);
    const tables: Table[] = [];
    const missing: readonly Missing[] = await session.introspect(scope, (some) => void tables.push(...some));
    return { tables, missing };
  };
  return { tried, opened, catalogOf };
};

/** An HTTPS server with the trusted certificate. */
export const secureServer = (answer: (request: IncomingMessage, response: ServerResponse) => void) =>
  listen(createServer({ cert: pem('server.crt'), key: pem('server.key') }, answer));

/** The contract of every connector that speaks HTTPS to a service. */
export const serviceContract = (service: Service, refused: Refusals<Change>) => {
  const { connector, config, credentials, endpoint, small, huge } = service;
  const { tried, opened } = createServiceTester(service);
  const failed = ({ steps }: Awaited<ReturnType<typeof tried>>) =>
    steps.find(({ status }) => status === 'failed');

  refusalContract(refused, tried);

  const [refusal] = Object.values(refused);
  if (refusal) {
    bundleContract({
      connector,
      target: { config: { ...config, ...small?.config }, credentials, endpoint },
      ca: pem('ca.crt'),
      open: () => opened(small),
      refused: refusal,
    });
  }

  if (huge)
    test('a catalog of ten thousand tables is read in bounded memory', () =>
      expectBoundedMemory({
        connector: findType(connector),
        target: {
          config,
          credentials,
          options: { ssl_mode: 'verify-full', query_timeout_seconds: 60 },
          role: 'source',
          endpoint,
        },
        tlsSettings: { mode: 'verify-full', ca: pem('ca.crt') },
        schemas: huge,
      }));

  test.each([
    ['verify-full', 'ca.crt', 'passed'],
    ['verify-full', null, 'certificate-untrusted'],
    ['verify-full', 'other-ca.crt', 'certificate-untrusted'],
    ['verify-ca', 'ca.crt', 'tls-unverified'],
    ['verify-ca', 'other-ca.crt', 'certificate-untrusted'],
    ['require', null, 'tls-unverified'],
    ['prefer', null, 'tls-unverified'],
    ['disable', null, 'tls-required'],
  ] as const)(
    'the TLS step with ssl_mode %s and authority %s has the result %s',
    async (mode, authority, expected) => {
      const { steps } = await tried({}, mode, authority && pem(authority));
      const { code, status } = steps.find(({ step }) => step === 'tls') ?? {};
      expect(code ?? status).toBe(expected);
    },
  );

  test.each([
    ['expired', 'verify-full', 'certificate-expired'],
    ['wronghost', 'verify-full', 'certificate-hostname-mismatch'],
    ['selfsigned', 'verify-full', 'certificate-untrusted'],
  ] as const)('refuses an invalid certificate (%s) before sending data', async (name, mode, code) => {
    const heard: string[] = [];
    const certificate = { cert: pem(`${name}.crt`), key: pem(`${name}.key`) };
    await using server = await listen(
      createTlsServer(certificate, (socket) => {
        socket.on('error', () => {});
        socket.on('data', (data) => heard.push(String(data)));
      }),
    );
    const outcome = await tried({ endpoint: `https://localhost:${server.port}` }, mode);
    expect(failed(outcome)).toMatchObject({ step: 'tls', code });
    expect(heard).toEqual([]);
  });

  test('fails with connection-refused on a closed port', async () => {
    const outcome = await tried({ endpoint: `https://localhost:${await closedPort()}` });
    expect(failed(outcome)).toMatchObject({ step: 'connect', code: 'connection-refused' });
  });

  test('fails with host-not-found for an unknown host', async () => {
    const outcome = await tried({ endpoint: 'https://nowhere.invalid' });
    expect(failed(outcome)).toMatchObject({ step: 'resolve', code: 'host-not-found' });
  });

  test('times out in the connect step when the address drops packets', async () => {
    await using nowhere = await droppingPort();
    const outcome = await tried({ endpoint: `https://127.0.0.1:${nowhere.port}` }, 'require', null, 0.3);
    expect(failed(outcome)).toMatchObject({
      step: 'connect',
      code: 'timeout',
      remediation: expect.stringContaining('firewall'),
    });
  });

  test('times out in the TLS step when the server is silent', async () => {
    await using server = await plainServer();
    const outcome = await tried({ endpoint: `https://localhost:${server.port}` }, 'require', null, 0.5);
    expect(failed(outcome)).toMatchObject({
      step: 'tls',
      code: 'timeout',
      remediation: expect.stringContaining('accepted the connection, then sent nothing'),
    });
    expect(server.accepted.length).toBe(1);
  });

  test('times out in the login when the server is silent after TLS', async () => {
    await using server = await secureServer(() => {});
    const outcome = await tried(
      { endpoint: `https://localhost:${server.port}` },
      'verify-full',
      undefined,
      1,
    );
    expect(failed(outcome)).toMatchObject({
      step: 'authenticate',
      code: 'timeout',
      remediation: expect.stringContaining('did not respond to the login'),
    });
  });

  test('fails with connection-reset when the server resets the connection', async () => {
    await using server = await secureServer((request) => void request.socket.destroy());
    const outcome = await tried({ endpoint: `https://localhost:${server.port}` });
    expect(failed(outcome)).toMatchObject({ step: 'authenticate', code: 'connection-reset' });
  });

  test('fails with tls-unsupported when the server speaks HTTP without TLS', async () => {
    await using server = await plainServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'));
    });
    const outcome = await tried({ endpoint: `https://localhost:${server.port}` }, 'require');
    expect(failed(outcome)).toMatchObject({ step: 'tls', code: 'tls-unsupported' });
  });

  describe('hostile server', () => {
    const html = '<!doctype html><title>Welcome</title>';
    const answers: Readonly<
      Record<string, readonly [ProblemCode, (request: IncomingMessage, response: ServerResponse) => void]>
    > = {
      'answers 200 with a page': ['protocol-mismatch', (_, response) => void response.end(html)],
      'answers 404 with a page': [
        service.unknown ?? 'protocol-mismatch',
        (_, response) => void response.writeHead(404).end(html),
      ],
      'answers 502 with a page': ['server-error', (_, response) => void response.writeHead(502).end(html)],
      'speaks no HTTP': [
        'protocol-mismatch',
        (request) => void request.socket.end('220 mail.example.test\r\n'),
      ],
    };

    test.each(Object.entries(answers))(
      'that %s fails in the authenticate step',
      async (_, [code, answer]) => {
        await using server = await secureServer(answer);
        const outcome = await tried({ endpoint: `https://localhost:${server.port}` });
        expect(failed(outcome)).toMatchObject({ step: 'authenticate', code });
        expect(JSON.stringify(outcome)).not.toContain('Welcome');
      },
    );

    test('that never stops sending is abandoned', async () => {
      let sent = 0;
      await using server = await secureServer((_, response) => {
        const chunk = Buffer.alloc(2 ** 16, ' ');
        const more = () => {
          while (!response.destroyed && response.write(chunk)) sent += chunk.length;
        };
        response.writeHead(200, { 'content-type': 'application/json' }).on('drain', more);
        more();
      });
      const outcome = await tried({ endpoint: `https://localhost:${server.port}` });
      expect(failed(outcome)).toMatchObject({ step: 'authenticate' });
      expect(sent).toBeLessThan(128 * 2 ** 20);
    });

    test.each([301, 302, 307, 308])('that redirects with status %d is not followed', async (status) => {
      const seen: string[] = [];
      await using trap = await secureServer((request, response) => {
        seen.push(request.url ?? '');
        response.end('{}');
      });
      await using server = await secureServer((_, response) => {
        response.writeHead(status, { location: `https://localhost:${trap.port}/stolen` }).end();
      });
      const outcome = await tried({ endpoint: `https://localhost:${server.port}` });
      expect(failed(outcome)).toMatchObject({ step: 'authenticate', code: 'protocol-mismatch' });
      expect(seen).toEqual([]);
    });

    test('is not dialled when the egress policy forbids it', async () => {
      await using server = await secureServer((_, response) => void response.end('{}'));
      const outcome = await runSourceTest(
        service.connector,
        {
          config: service.config,
          credentials: service.credentials,
          options: { ssl_mode: 'require', query_timeout_seconds: 5 },
          role: 'source',
          endpoint: `https://localhost:${server.port}`,
        },
        {
          policy: {},
          environment: 'default',
          tlsSettings: { mode: 'require' },
          options: { connection_timeout_seconds: 5 },
        },
      );
      expect(failed(outcome)).toMatchObject({ step: 'egress', code: 'host-forbidden' });
      expect(server.accepted).toEqual([]);
    });
  });
};

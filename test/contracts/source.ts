import type { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import type { Table } from '../../shared/connectors/catalog.ts';
import type { Connector, SslMode, SessionTarget } from '../../shared/connectors/connector.ts';
import { runSourceTest, openManagedSession } from '../../shared/connectors/run-source-test.ts';
import type { SourceSessionOptions } from '../../shared/connectors/run-source-test.ts';
import type { ProblemCode } from '../../shared/problem.ts';
import { bundleContract } from './bundle.ts';
import { expectBoundedMemory } from './memory.ts';
import { type Refusals, refusalContract } from './refusals.ts';
import { findType } from './samples.ts';
import { type EngineVariables, onEngine } from '../engines/reach.ts';
import { closedPort, droppingPort, pem, plainServer } from '../network/servers.ts';

interface Change {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly credentials?: SessionTarget['credentials'];
}

/** A change that leads to another engine than that of the source, if `engine` is set. */
interface CertificateChange extends Change {
  readonly engine?: EngineVariables;
}

/** How to connect to a real server, and the databases and accounts on it. */
export interface Source {
  readonly connector: Connector;
  /** An account that may read everything. The server has the certificate `server.crt`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly credentials: SessionTarget['credentials'];
  readonly version: RegExp;
  readonly refused: Refusals<Change>;
  /** The same server with another certificate or without one. */
  readonly certificates?: Readonly<
    Partial<Record<'plain' | 'off' | 'expired' | 'wronghost' | 'selfsigned', CertificateChange>>
  >;
  /** Returns the change to another host or port, if it takes more than the fields `host` and `port`. */
  readonly at?: (place: { readonly host?: string; readonly port: number }) => Change;
  /** The code for a server that answers TLS with HTTP, if the connector's protocol sends nothing before TLS. */
  readonly withoutTls?: ProblemCode;
  /** The login sends the password in clear text, so that `prefer` fails without TLS. */
  readonly inClear?: true;
  /** The server speaks first, so that a server that waits for the client appears silent. */
  readonly greets?: true;
  /** A catalog of a thousand tables. */
  readonly many: Change;
  /** A catalog of ten thousand tables with twenty columns each. Without it, a test of its own measures the memory. */
  readonly huge?: Change;
  /** A catalog whose names contain quotes, spaces, Unicode and dots, with some of its table names. */
  readonly odd: Change & { readonly names: readonly string[] };
  /** An account that may connect but sees no tables. */
  readonly nobody: Change;
  /** Makes catalog queries hang until disposal. */
  readonly stall: () => Promise<AsyncDisposable & Change>;
}

/** The contract of every connector with a real server. */
export const sourceContract = (source: Source) => {
  const { connector, at = (config): Change => ({ config }), withoutTls = 'protocol-mismatch' } = source;

  const targetOf = ({ config, credentials }: Change, mode: SslMode, seconds = 10): SessionTarget => ({
    config: { ...source.config, ...config },
    credentials: credentials ?? source.credentials,
    options: { ssl_mode: mode, query_timeout_seconds: seconds },
    role: 'source',
  });
  const optionsOf = (mode: SslMode, ca: string | null, seconds = 5): SourceSessionOptions => ({
    policy: { loopback: true },
    environment: 'default',
    tlsSettings: { mode, ...(ca !== null && { ca }) },
    options: { connection_timeout_seconds: seconds },
  });
  const tried = (
    change: Change = {},
    mode: SslMode = 'verify-full',
    ca: string | null = pem('ca.crt'),
    seconds = 5,
  ) => runSourceTest(connector, targetOf(change, mode), optionsOf(mode, ca, seconds));
  const opened = (change: Change, seconds = 10) =>
    openManagedSession(
      connector,
      targetOf(change, 'verify-full', seconds),
      optionsOf('verify-full', pem('ca.crt')),
    );
  const catalogOf = async (change: Change) => {
    await using session = await opened(change);
    const tables: Table[] = [];
    const missing = await session.introspect({ excludedSchemas: [] }, (some) => void tables.push(...some));
    return { tables, missing };
  };

  const onceSpokenTo = (answer: (socket: Socket) => void) => (socket: Socket) => {
    if (source.greets) answer(socket);
    else socket.once('data', () => answer(socket));
  };

  test('a valid connection passes every step and returns the version of the server', async () => {
    const { status, details, steps } = await tried();
    expect({ status, details }).toEqual({
      status: 'connected',
      details: { latency_ms: expect.any(Number), version: expect.stringMatching(source.version) },
    });
    expect(new Set(steps.map((step) => step.status))).toEqual(new Set(['passed']));
  });

  refusalContract(source.refused, tried);

  describe('TLS', () => {
    type Expected = ProblemCode | 'passed';
    // One port speaks with and without TLS, unless the source defines `plain` as the port without TLS.
    const certificates: Source['certificates'] & { good?: CertificateChange } = {
      good: {},
      plain: {},
      ...source.certificates,
    };
    const rows: readonly [keyof typeof certificates, SslMode, string | null, Expected][] = [
      ['good', 'verify-full', 'ca.crt', 'passed'],
      ['good', 'verify-full', null, 'certificate-untrusted'],
      ['good', 'verify-full', 'other-ca.crt', 'certificate-untrusted'],
      ['good', 'verify-ca', 'ca.crt', 'tls-unverified'],
      ['good', 'verify-ca', 'other-ca.crt', 'certificate-untrusted'],
      ['good', 'require', null, 'tls-unverified'],
      ['good', 'prefer', null, 'tls-unverified'],
      ['plain', 'disable', null, 'tls-off'],
      ['off', 'verify-full', 'ca.crt', 'tls-unsupported'],
      ['off', 'require', null, 'tls-unsupported'],
      ['off', 'prefer', null, 'tls-off'],
      ['expired', 'verify-full', 'ca.crt', 'certificate-expired'],
      ['expired', 'verify-ca', 'ca.crt', 'certificate-expired'],
      ['expired', 'require', null, 'tls-unverified'],
      ['wronghost', 'verify-full', 'ca.crt', 'certificate-hostname-mismatch'],
      ['wronghost', 'verify-ca', 'ca.crt', 'tls-unverified'],
      ['selfsigned', 'verify-full', 'ca.crt', 'certificate-untrusted'],
      ['selfsigned', 'require', null, 'tls-unverified'],
    ];
    const there = rows.filter(([certificate]) => certificates[certificate] !== undefined);

    for (const row of there)
      onEngine(certificates[row[0]]?.engine ?? [], () => {
        test.each([row])(
          'with certificate %s, ssl_mode %s and authority %s, the result is %s',
          async (certificate, mode, ca, expected) => {
            const { steps, status } = await tried(certificates[certificate], mode, ca && pem(ca));
            const tls = steps.find(({ step }) => step === 'tls');
            if (expected === 'passed')
              expect(tls).toMatchObject({ status: 'passed', protocol: expect.stringMatching(/^TLSv1/) });
            else if (source.inClear && expected === 'tls-off') {
              const login = steps.find(({ step }) => step === 'authenticate');
              expect([status, tls, login]).toMatchObject(
                mode === 'disable'
                  ? ['connected', { code: 'tls-off' }, { status: 'warning', code: 'password-in-clear' }]
                  : ['failed', { code: 'tls-off' }, { status: 'failed', code: 'tls-unsupported' }],
              );
            } else if (/^tls-(off|unverified)$/.test(expected)) {
              expect([status, tls]).toEqual([
                'connected',
                expect.objectContaining({ status: 'warning', code: expected }),
              ]);
            } else
              expect([status, tls]).toEqual([
                'failed',
                expect.objectContaining({ status: 'failed', code: expected }),
              ]);
          },
        );
      });
  });

  describe('unexpected server', () => {
    test('on a closed port fails with connection-refused', async () => {
      const { details } = await tried(at({ port: await closedPort() }));
      expect(details).toMatchObject({ code: 'connection-refused' });
    });

    test('that drops packets times out in the connect step', async () => {
      await using nowhere = await droppingPort();
      // Long enough for a driver to start dialling on a busy machine.
      const { steps } = await tried(at({ host: '127.0.0.1', port: nowhere.port }), 'require', null, 1.5);
      expect(steps.find(({ status }) => status === 'failed')).toMatchObject({
        step: 'connect',
        code: 'timeout',
        remediation: expect.stringContaining('firewall'),
      });
    });

    test.each(['require', 'disable'] as const)('that is silent times out, with ssl_mode %s', async (mode) => {
      await using server = await plainServer();
      const { steps } = await tried(at({ port: server.port }), mode, null, 0.3);
      expect(steps.find(({ status }) => status === 'failed')).toMatchObject({
        code: 'timeout',
        // The server accepted the connection, so no firewall is in the way.
        remediation: expect.not.stringContaining('firewall'),
      });
      expect(server.accepted.length).toBe(1);
    });

    test.each(['require', 'disable'] as const)(
      'that resets the connection fails with connection-reset, with ssl_mode %s',
      async (mode) => {
        await using server = await plainServer(onceSpokenTo((socket) => socket.resetAndDestroy()));
        const { details } = await tried(at({ port: server.port }), mode);
        expect(details).toMatchObject({ code: 'connection-reset' });
      },
    );

    test.each(['require', 'disable'] as const)(
      'that speaks HTTP fails as another protocol, with ssl_mode %s',
      async (mode) => {
        await using server = await plainServer(
          onceSpokenTo((socket) => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n')),
        );
        const { details } = await tried(at({ port: server.port }), mode);
        expect(details).toMatchObject({ code: mode === 'require' ? withoutTls : 'protocol-mismatch' });
      },
    );
  });

  const [refused] = Object.values(source.refused);
  if (refused) {
    const plain = { ...source.certificates?.plain?.config, ...source.many.config };
    const target = targetOf({ ...source.many, config: plain }, 'disable');
    bundleContract({ connector, target, open: () => opened(source.many), refused });
  }

  test('a query times out at its time limit', async () => {
    await using stalled = await source.stall();
    await using session = await opened(stalled, 1);
    const work = session.introspect({ excludedSchemas: [] }, () => {});
    await expect(work).rejects.toMatchObject({ code: 'timeout' });
  });

  test('a catalog of a thousand tables is complete', async () => {
    const { tables, missing } = await catalogOf(source.many);
    expect(missing).toEqual([]);
    expect(tables.length).toBe(1000);
    for (const { columns } of tables) expect(columns.length).toBeGreaterThan(0);
  });

  const { huge } = source;
  if (huge)
    test('a catalog of ten thousand tables is read in bounded memory', () =>
      expectBoundedMemory({
        connector: findType(connector),
        target: targetOf(huge, 'verify-full', 60),
        tlsSettings: { mode: 'verify-full', ca: pem('ca.crt') },
      }));

  test('names with quotes, spaces, Unicode and dots are returned unchanged', async () => {
    const { tables } = await catalogOf(source.odd);
    expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining([...source.odd.names]));
  });

  test('an account without privileges connects and gets the GRANT statements that it needs', async () => {
    const { tables, missing } = await catalogOf(source.nobody);
    expect(tables).toEqual([]);
    expect(missing.length).toBeGreaterThan(0);
    for (const { remediation } of missing) expect(remediation).toMatch(/GRANT/i);
    const { status, steps } = await tried(source.nobody);
    expect(status).toBe('connected');
    expect(steps.at(-1)).toMatchObject({ status: 'warning', code: 'privileges-missing' });
  });
};

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { defineConnector } from '../../shared/connectors/connector.ts';
import type { Connector, Privileges, Session, SessionTarget } from '../../shared/connectors/connector.ts';
import {
  runSourceTest,
  createStepLimits,
  openManagedSession,
} from '../../shared/connectors/run-source-test.ts';
import type { SourceSessionOptions } from '../../shared/connectors/run-source-test.ts';
import { exactNames } from '../../shared/connectors/name-rules.ts';
import {
  closedPort,
  droppingPort,
  countOpenResources,
  pem,
  plainServer,
  tlsServer,
} from '../network/servers.ts';

interface Behaviour {
  version?: string;
  privileges?: Privileges;
  refuse?: unknown;
  session?: Partial<Session>;
  onClose?: () => void;
}

/** A source that greets every client and otherwise behaves as the arguments say. */
const greeter = ({
  version = 'Greeter 12.3',
  privileges,
  refuse,
  session,
  onClose,
}: Behaviour = {}): Connector =>
  defineConnector({
    title: 'Greeter',
    driver: 'none',
    minimum: '11.2',
    config: v.strictObject({ host: v.string(), port: v.number() }),
    credentials: { password: v.strictObject({ password: v.string() }) },
    destination: ['host', 'port'],
    strength: {},
    reach: ({ host, port }) => ({ named: [{ hosts: [{ host, port }] }] }),
    autocomplete: [],
    names: exactNames,
    loadQuote: async () => (name) => name,
    load: async () => ({
      failure: (error) =>
        error === refuse && error !== undefined
          ? { code: 'authentication-failed', native: '28P01' }
          : undefined,
      open: async ({ config }, dialer) => {
        const socket = await dialer.tls(await dialer.tcp(config), config);
        await dialer.step('authenticate', async () => {
          await greeting(socket);
          if (refuse !== undefined) throw refuse;
        });
        return {
          ping: async () => version,
          privileges: async () => privileges ?? { missing: [], excess: [] },
          introspect: async () => [],
          [Symbol.asyncDispose]: async () => onClose?.(),
          ...session,
        };
      },
    }),
  });
const greeting = (socket: Socket): Promise<unknown> =>
  new Promise((resolve, reject) => {
    socket.once('data', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
    socket.write('hello');
  });

const targetOf = (port: number, host = 'localhost', query_timeout_seconds = 5): SessionTarget => ({
  config: { host, port },
  credentials: { auth_method: 'password', password: 'obviously-fake-password' },
  options: { ssl_mode: 'disable', query_timeout_seconds },
  role: 'source',
});
const options = (changes: Partial<SourceSessionOptions> = {}): SourceSessionOptions => ({
  policy: { loopback: true },
  environment: 'default',
  tlsSettings: { mode: 'disable' },
  options: { connection_timeout_seconds: 5 },
  ...changes,
});
const impatient = options({ options: { connection_timeout_seconds: 0.2 } });
const helloServer = () => plainServer((socket) => void socket.once('data', () => socket.write('hello')));
const never = () => new Promise<never>(() => {});
const statuses = ({ steps }: { steps: readonly { status: string }[] }) =>
  steps.map(({ status }) => status).join(' ');
/** Resources that a test must not leave open. Timers of the servers here and of Jest come and go. */
const held = /Timeout|TCPConnectWrap|GetAddrInfo/;
const live = () => process.getActiveResourcesInfo().filter((name) => held.test(name)).length;

describe('connection test', () => {
  test('reports latency, version and every step when it succeeds', async () => {
    await using server = await tlsServer({ key: pem('server.key'), cert: pem('server.crt') });
    const tlsSettings = { mode: 'verify-full', ca: pem('ca.crt') } as const;
    const result = await runSourceTest(
      greeter(),
      targetOf(server.port),
      options({ tlsSettings: tlsSettings }),
    );
    expect(result).toMatchObject({
      status: 'connected',
      details: { latency_ms: expect.any(Number), version: 'Greeter 12.3' },
    });
    expect(result.steps.map(({ step, status }) => `${step} ${status}`)).toEqual([
      'resolve passed',
      'egress passed',
      'connect passed',
      'tls passed',
      'authenticate passed',
      'query passed',
      'privileges passed',
    ]);
    expect(
      result.status === 'connected' &&
        Number.isInteger(result.details.latency_ms) &&
        result.details.latency_ms >= 1,
    ).toBe(true);
    for (const { duration_ms } of result.steps) expect(Number.isInteger(duration_ms)).toBe(true);
  });

  test('warns about missing privileges with each grant, or about excess privileges with the remediation', async () => {
    await using server = await helloServer();
    const missing = [
      { what: 'a', grant: 'grant select on a to me' },
      { what: 'b', grant: 'grant select on b to me' },
    ];
    const excess = [{ what: 'superuser', revoke: 'alter role me nosuperuser' }];
    const lacking = await runSourceTest(
      greeter({ privileges: { missing, excess } }),
      targetOf(server.port),
      options(),
    );
    expect(lacking.status).toBe('connected');
    expect(lacking.steps[6]).toMatchObject({
      status: 'warning',
      code: 'privileges-missing',
      remediation: 'grant select on a to me\ngrant select on b to me',
    });
    const mighty = await runSourceTest(
      greeter({ privileges: { missing: [], excess } }),
      targetOf(server.port),
      options(),
    );
    expect(mighty.steps[6]).toMatchObject({
      status: 'warning',
      code: 'over-privileged',
      remediation: 'alter role me nosuperuser',
    });
  });

  test.each([
    [undefined, '-- and 280 more'],
    ['//', '// and 280 more'],
    ['#', '# and 280 more'],
  ] as const)(
    'keeps the first statements of a long list, and a comment counts the others: %j',
    async (commentMark, rest) => {
      await using server = await helloServer();
      const statements = Array.from({ length: 300 }, (_, at) => `statement ${at}`);
      const missing = statements.map((grant) => ({ what: 'select', grant }));
      const excess = statements.map((revoke) => ({ what: 'insert', revoke }));
      const [lacking, mighty] = await Promise.all(
        [
          { missing, excess: [] },
          { missing: [], excess },
        ].map((privileges) =>
          runSourceTest(
            { ...greeter({ privileges }), ...(commentMark && { commentMark }) },
            targetOf(server.port),
            options(),
          ),
        ),
      );
      const remediation = [...statements.slice(0, 20), rest].join('\n');
      expect(lacking?.steps[6]).toMatchObject({ code: 'privileges-missing', remediation });
      expect(mighty?.steps[6]).toMatchObject({ code: 'over-privileged', remediation });
    },
  );

  test.each([
    ['Greeter 11.1.9', false],
    ['Greeter 11.2', true],
    ['Greeter 11.10', true],
    ['Greeter 9.6', false],
    ['Greeter 12', true],
    ['Greeter', true],
  ])('accepts the version %s: %s', async (version, enough) => {
    await using server = await helloServer();
    const result = await runSourceTest(greeter({ version }), targetOf(server.port), options());
    expect(result.status).toBe(enough ? 'connected' : 'failed');
    if (!enough) {
      expect(result.details).toMatchObject({
        code: 'unsupported-version',
        error: expect.stringMatching(/11\.2/),
      });
      expect(result.details).toMatchObject({ error: expect.stringContaining(version.slice(8)) });
      expect(statuses(result)).toMatch(/passed failed skipped$/);
    }
  });

  test('shortens the version that a server reports, and removes control characters', async () => {
    await using server = await helloServer();
    const result = await runSourceTest(
      greeter({ version: `Greeter 12\n\u0007${'x'.repeat(100_000)}` }),
      targetOf(server.port),
      options(),
    );
    expect(JSON.stringify(result.details).length).toBeLessThan(300);
    expect(JSON.stringify(result.details)).not.toMatch(/\\[nu]/);
  });

  test('fails at authenticate with refused credentials, without the text of the driver', async () => {
    await using server = await helloServer();
    const refuse = new Error('obviously-fake-password is wrong');
    const result = await runSourceTest(greeter({ refuse }), targetOf(server.port), options());
    expect(result).toMatchObject({
      status: 'failed',
      details: { code: 'authentication-failed', error: 'Greeter: authentication failed (28P01).' },
    });
    expect(statuses(result)).toBe('passed passed passed warning failed skipped skipped');
    expect(result.steps[4]).toMatchObject({
      code: 'authentication-failed',
      blame: 'credentials',
      native_code: '28P01',
      remediation: expect.any(String),
    });
    expect(JSON.stringify(result)).not.toContain('obviously-fake');
  });

  test('fails at the right step for a closed port, an unknown host and a forbidden host', async () => {
    const port = await closedPort();
    const refused = await runSourceTest(greeter(), targetOf(port), options());
    expect([refused.details, statuses(refused)]).toMatchObject([
      { code: 'connection-refused' },
      'passed passed failed skipped skipped skipped skipped',
    ]);
    const unknown = await runSourceTest(
      greeter(),
      targetOf(port, 'nowhere.test'),
      options({ resolve: async () => [] }),
    );
    expect([unknown.details, statuses(unknown)]).toMatchObject([
      { code: 'host-not-found' },
      'failed skipped skipped skipped skipped skipped skipped',
    ]);
    const forbidden = await runSourceTest(greeter(), targetOf(port, '169.254.169.254'), options());
    expect([forbidden.details, statuses(forbidden)]).toMatchObject([
      { code: 'host-forbidden' },
      'passed failed skipped skipped skipped skipped skipped',
    ]);
  });

  test('ends at the connect limit for an unreachable address, and leaves nothing open', async () => {
    await using dropping = await droppingPort();
    const before = live();
    const result = await runSourceTest(greeter(), targetOf(dropping.port), impatient);
    expect(result.details).toMatchObject({ code: 'timeout', error: expect.stringContaining('connect') });
    expect(statuses(result)).toBe('passed passed failed skipped skipped skipped skipped');
    expect(await countOpenResources(held, before)).toBe(0);
  });

  test('fails at the right step when a server closes, resets or never answers', async () => {
    await using ending = await plainServer((socket) => void socket.once('data', () => socket.end()));
    expect((await runSourceTest(greeter(), targetOf(ending.port), options())).details).toMatchObject({
      code: 'connection-reset',
    });
    await using resetting = await plainServer(
      (socket) => void socket.once('data', () => socket.resetAndDestroy()),
    );
    expect((await runSourceTest(greeter(), targetOf(resetting.port), options())).details).toMatchObject({
      code: 'connection-reset',
    });
    await using silent = await plainServer((socket) => void socket.resume());
    const before = live();
    const result = await runSourceTest(greeter(), targetOf(silent.port), impatient);
    expect([result.details, statuses(result)]).toMatchObject([
      { code: 'timeout', error: 'No response within 0.2 s in the step authenticate.' },
      'passed passed passed warning failed skipped skipped',
    ]);
    expect(await countOpenResources(held, before)).toBe(0);
    for (const socket of silent.accepted) if (!socket.closed) await once(socket, 'close');
  });

  test.each(['query', 'privileges'] as const)(
    'reports a timeout at %s when the source stops answering there',
    async (step) => {
      await using server = await helloServer();
      const session = step === 'query' ? { ping: never } : { privileges: never };
      const result = await runSourceTest(
        greeter({ session }),
        targetOf(server.port, 'localhost', 0.2),
        options(),
      );
      expect(result.details).toMatchObject({ code: 'timeout' });
      expect(result.steps.find(({ status }) => status === 'failed')?.step).toBe(step);
    },
  );

  test('ends at its budget, whatever the limits of its steps', async () => {
    await using silent = await plainServer();
    const result = await runSourceTest(greeter(), targetOf(silent.port), options({ budget: 100 }));
    expect(result.details).toMatchObject({ code: 'timeout' });
  });

  test('closes its session once, also after a failure, and does not wait for the close', async () => {
    await using server = await helloServer();
    let closed = 0;
    const onClose = () => (closed += 1);
    await runSourceTest(greeter({ onClose }), targetOf(server.port), options());
    expect(closed).toBe(1);
    await runSourceTest(
      greeter({ onClose, session: { ping: () => Promise.reject(new Error('x')) } }),
      targetOf(server.port),
      options(),
    );
    expect(closed).toBe(2);
    const stuck = await runSourceTest(
      greeter({ session: { [Symbol.asyncDispose]: never } }),
      targetOf(server.port),
      options(),
    );
    expect(stuck.status).toBe('connected');
    const torn = await runSourceTest(
      greeter({ session: { [Symbol.asyncDispose]: () => Promise.reject(new Error('x')) } }),
      targetOf(server.port),
      options(),
    );
    expect(torn.status).toBe('connected');
    for (const socket of server.accepted)
      if (!socket.closed) await new Promise((done) => void socket.once('close', done));
  });

  test('returns a failed result when the connector throws outside all steps', async () => {
    const broken = {
      ...greeter(),
      load: () => Promise.reject(new Error('obviously-fake')),
    };
    const result = await runSourceTest(broken, targetOf(1), options());
    expect(result).toMatchObject({
      status: 'failed',
      details: { code: 'server-error', error: 'Greeter: server error.' },
    });
    expect(statuses(result)).toBe('failed skipped skipped skipped skipped skipped skipped');
  });
});

describe('managed session', () => {
  test('reads the source, and closes everything when it is disposed of', async () => {
    await using server = await helloServer();
    {
      await using session = await openManagedSession(
        greeter(),
        targetOf(server.port),
        options({ budget: 60_000 }),
      );
      expect(await session.ping()).toBe('Greeter 12.3');
      expect(await session.introspect({ excludedSchemas: [] }, () => {})).toEqual([]);
      expect(session.recorder.listSteps()[4]).toMatchObject({ step: 'authenticate', status: 'passed' });
    }
    const [socket] = server.accepted;
    if (socket && !socket.closed) await once(socket, 'close');
    expect(socket?.closed).toBe(true);
  });

  test('throws a problem with the steps when it cannot be opened, and leaves nothing open', async () => {
    const port = await closedPort();
    const before = live();
    const problem = await openManagedSession(greeter(), targetOf(port), options()).catch(
      (error: unknown) => error,
    );
    expect(problem).toMatchObject({
      code: 'connection-refused',
      extras: { step: 'connect', steps: expect.any(Array) },
    });
    expect(await countOpenResources(held, before)).toBe(0);
  });

  test('throws only problems, and ends at its budget', async () => {
    await using server = await helloServer();
    const text = Object.assign(new Error('obviously-fake'), { code: '42501' });
    await using failing = await openManagedSession(
      greeter({ session: { introspect: () => Promise.reject(text) } }),
      targetOf(server.port),
      options(),
    );
    await expect(failing.introspect({ excludedSchemas: [] }, () => {})).rejects.toMatchObject({
      code: 'server-error',
      cause: text,
      extras: { native_code: '42501' },
    });
    await using slow = await openManagedSession(
      greeter({ session: { introspect: never } }),
      targetOf(server.port),
      options({ budget: 200 }),
    );
    await expect(slow.introspect({ excludedSchemas: [] }, () => {})).rejects.toMatchObject({
      code: 'timeout',
    });
  });
});

test('the limit of a step leaves time for the other steps, whatever the options allow', () => {
  const generous = createStepLimits(30, 60);
  expect(generous('resolve')).toBe(5000);
  for (const step of ['connect', 'tls', 'authenticate'] as const) expect(generous(step)).toBe(30_000);
  for (const step of ['query', 'privileges'] as const) expect(generous(step)).toBe(10_000);
  const strict = createStepLimits(2, 3);
  expect([strict('resolve'), strict('connect'), strict('query')]).toEqual([2000, 2000, 3000]);
});

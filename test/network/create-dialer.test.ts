import type { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { createDialer } from '../../shared/network/create-dialer.ts';
import type { Dialer, HostPort, StepName, TlsSettings } from '../../shared/network/dialer.ts';
import type { EgressPolicy } from '../../shared/network/egress.ts';
import type { HostResolver } from '../../shared/network/resolve-host.ts';
import { createStepRecorder } from '../../shared/network/step-recorder.ts';
import { Problem } from '../../shared/problem.ts';
import { closedPort, droppingPort, countOpenResources, pem, plainServer, tlsServer } from './servers.ts';

/** Creates a dialer that may dial loopback, with a limit for each step. */
const dialerOf = ({
  policy = { loopback: true },
  resolve,
  limits = () => 5000,
  tlsSettings = { mode: 'disable' },
  mayDial,
}: {
  policy?: EgressPolicy;
  resolve?: HostResolver;
  limits?: (step: StepName) => number;
  tlsSettings?: TlsSettings;
  mayDial?: (place: HostPort) => boolean;
} = {}) => {
  const stack = new AsyncDisposableStack();
  const trail = stack.use(createStepRecorder({ limits, budget: 25_000 }));
  const dialer = stack.use(
    createDialer({
      policy,
      environment: 'default',
      tlsSettings: tlsSettings,
      recorder: trail,
      ...(resolve && { resolve }),
      ...(mayDial && { mayDial }),
    }),
  );
  return { trail, dialer, [Symbol.asyncDispose]: () => stack.disposeAsync() };
};
/** Limits one step, and gives the others enough time on a busy machine. */
const only =
  (step: StepName, limit: number) =>
  (each: StepName): number =>
    each === step ? limit : 20_000;

/** Includes accepted sockets. */
const ofClients = /^TCP(Socket|Connect)Wrap$/;
const connecting = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPConnectWrap').length;

describe('dialer', () => {
  test('connects to an address that the policy allows and records the steps', async () => {
    await using server = await plainServer((socket) => socket.write('hello'));
    await using way = dialerOf();
    const socket = await way.dialer.tcp({ host: 'localhost', port: server.port });
    expect(String(await new Promise((done) => void socket.once('data', done)))).toBe('hello');
    expect(
      way.trail
        .listSteps()
        .slice(0, 4)
        .map(({ status }) => status),
    ).toEqual(['passed', 'passed', 'passed', 'skipped']);
  });

  test('refuses a forbidden address without dialling it, and reveals neither the address nor the rule', async () => {
    await using server = await plainServer();
    for (const policy of [
      {},
      { loopback: true, deny: ['127.0.0.0/8'] },
      { loopback: true, allow: ['10.0.0.0/8'] },
    ]) {
      await using way = dialerOf({ policy });
      const problem = await way.dialer
        .tcp({ host: '127.0.0.1', port: server.port })
        .catch((error: unknown) => error);
      expect(problem).toMatchObject({ code: 'host-forbidden', extras: { step: 'egress' } });
      expect(JSON.stringify([problem, String(problem), way.trail.listSteps()])).not.toMatch(
        /127|deny|allow-list/,
      );
    }
    expect(server.accepted).toHaveLength(0);
  });

  test('refuses to dial any member when the credentials may not be sent to one of them', async () => {
    await using server = await plainServer();
    const { port } = server;
    const asked: HostPort[] = [];
    const mayDial = (place: HostPort) => {
      asked.push(place);
      return place.host === 'localhost';
    };
    await using way = dialerOf({ mayDial });
    const members = [
      { host: 'localhost', port },
      { host: '127.0.0.1', port },
    ];
    await expect(way.dialer.tcpAny(members)).rejects.toMatchObject({
      code: 'secret-not-shared',
      extras: { step: 'egress', remediation: expect.stringContaining('mooring:host') },
    });
    expect(asked).toEqual(members);
    expect(server.accepted).toHaveLength(0);
    await using named = dialerOf({ mayDial });
    await named.dialer.tcp({ host: 'localhost', port });
    // The service that issues the password is not the source, and no caller chooses its address.
    await named.dialer.withoutSteps({ mode: 'disable' }).tcp({ host: '127.0.0.1', port });
    expect(server.accepted).toHaveLength(2);
  });

  test('refuses the whole host when one of its addresses is forbidden', async () => {
    await using server = await plainServer();
    await using way = dialerOf({ resolve: async () => ['127.0.0.1', '169.254.169.254'] });
    await expect(way.dialer.tcp({ host: 'both.test', port: server.port })).rejects.toMatchObject({
      code: 'host-forbidden',
    });
    expect(server.accepted).toHaveLength(0);
  });

  test('resolves a name only once per connection, so DNS rebinding has no effect', async () => {
    await using server = await plainServer();
    const answers = [['127.0.0.1'], ['169.254.169.254']];
    let asked = 0;
    await using way = dialerOf({ resolve: async () => answers[asked++] ?? [] });
    const socket = await way.dialer.tcp({ host: 'rebinding.test', port: server.port });
    expect(socket.remoteAddress).toBe('127.0.0.1');
    expect(asked).toBe(1);
    await using again = dialerOf({ resolve: async () => answers[1] ?? [] });
    await expect(again.dialer.tcp({ host: 'rebinding.test', port: server.port })).rejects.toMatchObject({
      code: 'host-forbidden',
    });
  });

  test('matches a name on the allow-list in any spelling', async () => {
    await using server = await plainServer();
    const policy = { loopback: true, allow: ['db.example.com', 'xn--bcher-kva.example'] };
    await using way = dialerOf({ policy, resolve: async () => ['127.0.0.1'] });
    for (const host of ['DB.Example.com.', 'Bücher.example'])
      expect((await way.dialer.tcp({ host, port: server.port })).remoteAddress).toBe('127.0.0.1');
    await expect(way.dialer.tcp({ host: 'db.example.org', port: server.port })).rejects.toMatchObject({
      code: 'host-forbidden',
    });
  });

  test('destroys a socket that connects at the moment when the work is aborted', async () => {
    await using server = await plainServer();
    const controller = new AbortController();
    const { signal } = controller;
    const forget = signal.removeEventListener.bind(signal);
    // The dialer stops listening for the abort once it is connected, and its caller does not hold the socket
    // yet.
    signal.removeEventListener = (type: string, listener: () => void) => {
      forget(type, listener);
      controller.abort();
    };
    using trail = createStepRecorder({ limits: () => 5000, budget: 25_000 });
    await using dialer = createDialer({
      policy: { loopback: true },
      environment: 'default',
      tlsSettings: { mode: 'disable' },
      recorder: { ...trail, signal, step: (_, work) => work() },
    });
    const socket = await dialer.tcp({ host: '127.0.0.1', port: server.port });
    expect(socket.destroyed).toBe(true);
  });

  test('tries the next address when one refuses or does not answer', async () => {
    await using server = await plainServer(() => {}, '127.0.0.3');
    await using refused = dialerOf({ resolve: async () => ['127.0.0.1', '127.0.0.2', '127.0.0.3'] });
    expect((await refused.dialer.tcp({ host: 'many.test', port: server.port })).remoteAddress).toBe(
      '127.0.0.3',
    );
    await using dropping = await droppingPort('127.0.0.1', server.port);
    await using silent = dialerOf({ resolve: async () => ['127.0.0.1', '127.0.0.3'] });
    const second = await silent.dialer.tcp({ host: 'many.test', port: dropping.port });
    expect(second.remoteAddress).toBe('127.0.0.3');
  });

  test('reports connection-refused when no server listens', async () => {
    const port = await closedPort();
    await using way = dialerOf();
    await expect(way.dialer.tcp({ host: 'localhost', port })).rejects.toMatchObject({
      code: 'connection-refused',
      extras: { step: 'connect', native_code: 'ECONNREFUSED' },
    });
    await using many = dialerOf({ resolve: async () => ['127.0.0.1', '127.0.0.2', '127.0.0.3'] });
    await expect(many.dialer.tcp({ host: 'many.test', port })).rejects.toMatchObject({
      code: 'connection-refused',
    });
  });

  test('reports host-not-found for an unknown host', async () => {
    await using way = dialerOf({
      resolve: () => Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' })),
    });
    await expect(way.dialer.tcp({ host: 'nowhere.test', port: 1 })).rejects.toMatchObject({
      code: 'host-not-found',
      extras: { step: 'resolve' },
    });
  });

  test('reports a timeout of resolve when the resolver never answers', async () => {
    await using way = dialerOf({ resolve: () => new Promise(() => {}), limits: () => 30 });
    await expect(way.dialer.tcp({ host: 'slow.test', port: 1 })).rejects.toMatchObject({
      code: 'timeout',
      extras: { step: 'resolve' },
    });
  });

  test('destroys the sockets when a step exceeds its limit', async () => {
    await using server = await plainServer();
    await using way = dialerOf({ limits: only('authenticate', 100) });
    const socket = await way.dialer.tcp({ host: 'localhost', port: server.port });
    await expect(way.dialer.step('authenticate', () => new Promise(() => {}))).rejects.toMatchObject({
      code: 'timeout',
      extras: { step: 'authenticate' },
    });
    expect(socket.destroyed).toBe(true);
    await expect(way.dialer.tcp({ host: 'localhost', port: server.port })).rejects.toMatchObject({
      code: 'timeout',
    });
  });

  test('closes all sockets that it opened, also those that are still connecting', async () => {
    // The sockets of the earlier tests are closed.
    expect(await countOpenResources(ofClients)).toBe(0);
    await using server = await plainServer();
    const opened: Socket[] = [];
    {
      await using way = dialerOf();
      for (let n = 0; n < 2; n += 1)
        opened.push(await way.dialer.tcp({ host: 'localhost', port: server.port }));
    }
    expect(opened.map(({ closed }) => closed)).toEqual([true, true]);
    expect(await countOpenResources(ofClients)).toBe(0);
    {
      await using dropping = await droppingPort();
      const before = connecting();
      {
        await using way = dialerOf({ limits: only('connect', 100) });
        const asked = way.dialer.tcp({ host: '127.0.0.1', port: dropping.port });
        await expect(asked).rejects.toMatchObject({ code: 'timeout', extras: { step: 'connect' } });
      }
      expect(await countOpenResources(/^TCPConnectWrap$/, before)).toBe(0);
    }
  });

  test('survives a reset between two steps', async () => {
    await using server = await plainServer(
      (socket) => void socket.once('data', () => socket.resetAndDestroy()),
    );
    await using way = dialerOf();
    const socket = await way.dialer.tcp({ host: 'localhost', port: server.port });
    socket.write('hello');
    await new Promise((done) => void socket.once('close', done));
    await expect(
      way.dialer.step('authenticate', () => Promise.reject(new Error('terminated'))),
    ).rejects.toMatchObject({ code: 'connection-reset' });
  });
});

test('disposing the dialer right after the TLS handshake does not end the process', async () => {
  await using server = await tlsServer({ key: pem('server.key'), cert: pem('server.crt') });
  await using way = dialerOf({ tlsSettings: { mode: 'require' } });
  const socket = await way.dialer.tcp({ host: '127.0.0.1', port: server.port });
  const secured = await way.dialer.tls(socket, { host: '127.0.0.1' });
  await way[Symbol.asyncDispose]();
  expect(secured.destroyed).toBe(true);
});

describe('connection outside the steps', () => {
  const pair = () => ({ key: pem('server.key'), cert: pem('server.crt') });

  test('has TLS settings of its own and adds nothing to the recorded steps', async () => {
    await using server = await tlsServer(pair());
    await using way = dialerOf();
    const aside = way.dialer.withoutSteps({ mode: 'verify-full', ca: pem('ca.crt') });
    await way.trail.step('authenticate', async () => {
      const socket = await aside.tls(await aside.tcp({ host: 'localhost', port: server.port }), {
        host: 'localhost',
      });
      expect(String(await new Promise((done) => void socket.once('data', done)))).toBe('hello');
    });
    const told = way.trail.listSteps().filter(({ status }) => status !== 'skipped');
    expect(told).toMatchObject([{ step: 'authenticate', status: 'passed' }]);
    expect(JSON.stringify(told)).not.toMatch(/protocol|expires_at/);
  });

  test('follows the same egress policy and is closed with the dialer', async () => {
    await using server = await plainServer();
    await using way = dialerOf({ policy: { loopback: true, deny: ['127.0.0.2'] } });
    const aside = way.dialer.withoutSteps({ mode: 'disable' });
    await expect(aside.tcp({ host: '127.0.0.2', port: server.port })).rejects.toMatchObject({
      code: 'host-forbidden',
    });
    const socket = await aside.tcp({ host: '127.0.0.1', port: server.port });
    await way[Symbol.asyncDispose]();
    expect(socket.destroyed).toBe(true);
  });

  test('counts its silence as a timeout of the surrounding step', async () => {
    await using server = await plainServer();
    await using way = dialerOf({ limits: only('authenticate', 100) });
    const aside = way.dialer.withoutSteps({ mode: 'verify-full' });
    const asked = way.trail.step('authenticate', async () =>
      aside.tls(await aside.tcp({ host: '127.0.0.1', port: server.port }), { host: 'localhost' }),
    );
    await expect(asked).rejects.toMatchObject({ code: 'timeout', extras: { step: 'authenticate' } });
  });
});

describe('source with several members', () => {
  const at = (port: number, host = '127.0.0.1') => ({ host, port });

  test('returns the first member that answers', async () => {
    await using server = await plainServer();
    await using way = dialerOf();
    const members = [at(await closedPort()), at(1, 'nowhere.invalid'), at(server.port)];
    const { to } = await way.dialer.tcpAny(members);
    expect(to).toBe(members[2]);
    expect(way.trail.listSteps().some(({ status }) => status === 'failed')).toBe(false);
  });

  test('does not wait for a member that does not answer', async () => {
    await using nowhere = await droppingPort();
    await using server = await plainServer();
    await using way = dialerOf({ limits: () => 3000 });
    expect((await way.dialer.tcpAny([at(nowhere.port), at(server.port)])).to.port).toBe(server.port);
  });

  test('is not dialled when one member is forbidden', async () => {
    await using server = await plainServer();
    await using way = dialerOf();
    const members = [at(server.port), at(80, '169.254.169.254')];
    await expect(way.dialer.tcpAny(members)).rejects.toMatchObject({ code: 'host-forbidden' });
    expect(server.accepted.length).toBe(0);
  });

  test('reports host-not-found when no member has an address', async () => {
    await using way = dialerOf();
    const members = [at(1, 'nowhere.invalid'), at(2, 'neither.invalid')];
    await expect(way.dialer.tcpAny(members)).rejects.toMatchObject({ code: 'host-not-found' });
  });
});

describe('port that requires TLS from the first byte or has none', () => {
  const tried = async (mode: TlsSettings['mode'], inClear: (dialer: Dialer) => Promise<Socket>) => {
    await using server = await plainServer((socket) => void socket.once('data', () => socket.end()));
    await using way = dialerOf({ tlsSettings: { mode } });
    const to = { host: 'localhost', port: server.port };
    const first = await way.dialer.tcp(to);
    const secured = way.dialer.tls(first, to, undefined, () => inClear(way.dialer));
    const [outcome] = await Promise.allSettled([secured]);
    return { ...outcome, step: way.trail.listSteps().find(({ step }) => step === 'tls') };
  };
  const speaking = async (dialer: Dialer) => {
    await using server = await plainServer();
    return await dialer.tcp({ host: 'localhost', port: server.port });
  };

  test('continues in clear with a warning where ssl_mode is prefer', async () => {
    expect(await tried('prefer', speaking)).toMatchObject({
      status: 'fulfilled',
      step: { status: 'warning', code: 'tls-off' },
    });
  });

  test('fails with tls-unsupported where TLS is required', async () => {
    expect(await tried('require', speaking)).toMatchObject({ reason: { code: 'tls-unsupported' } });
  });

  test('is never continued in clear after a TLS alert', async () => {
    // This is what a server sends that speaks TLS 1.1 at most.
    const alert = Buffer.from([0x15, 3, 1, 0, 2, 2, 70]);
    let asked = 0;
    await using server = await plainServer((socket) => void socket.once('data', () => socket.end(alert)));
    await using way = dialerOf({ tlsSettings: { mode: 'prefer' } });
    const to = { host: 'localhost', port: server.port };
    const secured = way.dialer.tls(await way.dialer.tcp(to), to, undefined, () => {
      asked += 1;
      return way.dialer.tcp(to);
    });
    await expect(secured).rejects.toMatchObject({
      code: 'tls-unsupported',
      extras: { native_code: expect.stringContaining('ALERT') },
    });
    expect(asked).toBe(0);
  });

  test('fails with the error of the second attempt when the port also rejects the plain protocol', async () => {
    const neither = () => Promise.reject(new Problem('protocol-mismatch'));
    expect(await tried('prefer', neither)).toMatchObject({ reason: { code: 'protocol-mismatch' } });
  });
});

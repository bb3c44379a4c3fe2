import { describe, expect, test } from '@jest/globals';
import { createDialer } from '../../shared/network/create-dialer.ts';
import type { EgressPolicy } from '../../shared/network/egress.ts';
import { createStepRecorder } from '../../shared/network/step-recorder.ts';
import { udpServer } from './servers.ts';

/** A dialer that may reach loopback, with a limit per step. */
const dialerOf = ({
  policy = { loopback: true },
  addresses = ['127.0.0.1'],
  limit = 20_000,
}: { policy?: EgressPolicy; addresses?: readonly string[]; limit?: number } = {}) => {
  const stack = new AsyncDisposableStack();
  const trail = stack.use(createStepRecorder({ limits: () => limit, budget: 25_000 }));
  const dialer = stack.use(
    createDialer({
      policy,
      environment: 'default',
      tlsSettings: { mode: 'disable' },
      recorder: trail,
      resolve: async () => addresses,
    }),
  );
  return { trail, dialer, [Symbol.asyncDispose]: () => stack.disposeAsync() };
};
const hello = Buffer.from('hello');
const sockets = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('UDP')).length;

describe('a question by UDP', () => {
  test('is answered, and the way to the answer is recorded', async () => {
    await using server = await udpServer((question) => Buffer.concat([question, Buffer.from('!')]));
    await using way = dialerOf();
    expect(String(await way.dialer.udp({ host: 'db.test', port: server.port }, hello))).toBe('hello!');
    const passed = way.trail.listSteps().filter(({ status }) => status === 'passed');
    expect(passed.map(({ step }) => step)).toEqual(['resolve', 'egress', 'connect']);
  });

  test.each([
    ['which nobody may dial', {}, ['127.0.0.1']],
    ['which this deployment denies', { loopback: true, deny: ['127.0.0.0/8'] }, ['127.0.0.1']],
    ['of which one is forbidden', { loopback: true }, ['127.0.0.1', '169.254.169.254']],
  ])('is not sent to addresses %s', async (_, policy, addresses) => {
    await using server = await udpServer((question) => question);
    await using way = dialerOf({ policy, addresses });
    await expect(way.dialer.udp({ host: 'db.test', port: server.port }, hello)).rejects.toMatchObject({
      code: 'host-forbidden',
      extras: { step: 'egress' },
    });
    // What was sent before this would have come before it.
    await using other = dialerOf();
    await other.dialer.udp({ host: 'db.test', port: server.port }, Buffer.from('last'));
    expect(server.heard.map(String)).toEqual(['last']);
  });

  test('is sent again where the first one was lost', async () => {
    await using server = await udpServer((question, count) => (count === 1 ? undefined : question));
    await using way = dialerOf();
    expect(String(await way.dialer.udp({ host: 'db.test', port: server.port }, hello))).toBe('hello');
    expect(server.heard.length).toBe(2);
  });

  test('is answered by whichever address answers', async () => {
    await using server = await udpServer((question) => question, { host: '127.0.0.2' });
    await using way = dialerOf({ addresses: ['127.0.0.1', '::1', '127.0.0.2'] });
    expect(String(await way.dialer.udp({ host: 'db.test', port: server.port }, hello))).toBe('hello');
  });

  test('has no answer where nobody listens, and none where nobody speaks', async () => {
    await using way = dialerOf();
    const asked = async (server: { readonly port: number }) =>
      way.dialer.udp({ host: 'db.test', port: server.port }, hello);
    let last;
    {
      await using server = (last = await udpServer());
      expect(await asked(server)).toBeUndefined();
      expect(server.heard.length).toBeGreaterThan(1);
    }
    expect(await asked(last)).toBeUndefined();
  });

  test('is given up at the limit of its step', async () => {
    await using server = await udpServer();
    await using way = dialerOf({ limit: 100 });
    await expect(way.dialer.udp({ host: 'db.test', port: server.port }, hello)).rejects.toMatchObject({
      code: 'timeout',
      extras: { step: 'connect' },
    });
  });

  test('leaves no socket open, however it ends', async () => {
    const before = sockets();
    {
      await using server = await udpServer();
      await using way = dialerOf({ limit: 50, addresses: ['127.0.0.1', '127.0.0.2'] });
      await way.dialer.udp({ host: 'db.test', port: server.port }, hello).catch(() => {});
    }
    await new Promise((done) => void setImmediate(done));
    expect(sockets()).toBe(before);
  });
});

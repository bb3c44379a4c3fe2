import { describe, expect, test } from '@jest/globals';
import { createDialer } from '../../shared/network/create-dialer.ts';
import type { EgressPolicy } from '../../shared/network/egress.ts';
import { createStepRecorder } from '../../shared/network/step-recorder.ts';
import { udpServer } from './servers.ts';

/** Creates a dialer that may dial loopback, with a limit for each step. */
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

describe('UDP question', () => {
  test('returns the answer and records the steps', async () => {
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
    // An earlier datagram would have arrived before this one.
    await using other = dialerOf();
    await other.dialer.udp({ host: 'db.test', port: server.port }, Buffer.from('last'));
    expect(server.heard.map(String)).toEqual(['last']);
  });

  test('is sent again when the first datagram is lost', async () => {
    await using server = await udpServer((question, count) => (count === 1 ? undefined : question));
    await using way = dialerOf();
    expect(String(await way.dialer.udp({ host: 'db.test', port: server.port }, hello))).toBe('hello');
    expect(server.heard.length).toBe(2);
  });

  test('accepts the answer of any address of the host', async () => {
    await using server = await udpServer((question) => question, { host: '127.0.0.2' });
    await using way = dialerOf({ addresses: ['127.0.0.1', '::1', '127.0.0.2'] });
    expect(String(await way.dialer.udp({ host: 'db.test', port: server.port }, hello))).toBe('hello');
  });

  test('returns undefined when the port is closed and when the server never answers', async () => {
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

  test('fails with timeout at the limit of its step', async () => {
    await using server = await udpServer();
    await using way = dialerOf({ limit: 100 });
    await expect(way.dialer.udp({ host: 'db.test', port: server.port }, hello)).rejects.toMatchObject({
      code: 'timeout',
      extras: { step: 'connect' },
    });
  });

  test('leaves no socket open, with or without an answer', async () => {
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

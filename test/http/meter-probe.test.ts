import { beforeEach, describe, expect, test } from '@jest/globals';
import { meterProbe } from '../../shared/http/meter-probe.ts';
import { Problem } from '../../shared/problem.ts';
import type { DialledSource, MeteredProbe, Probe } from '../../shared/ports/probe.ts';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';

const tenant = { org: 'org_test', environment: 'default' };
const of = (id: string) => ({ tenant, id, request_id: `request-${id}` });
const source = (id: string): DialledSource & { readonly id: string } => ({
  id,
  type: 'postgresql',
  config: { host: '127.0.0.1', port: 1, database: 'shop', username: 'reader' },
  options: { ssl_mode: 'require' } as DialledSource['options'],
});

/** In order: each count, and each call of the probe behind. */
let happened: string[];
beforeEach(() => {
  happened = [];
});
const note =
  <T>(what: string) =>
  (): Promise<T> => {
    happened.push(what);
    return Promise.reject(new Problem('unavailable'));
  };
const behind: Probe = {
  test: note('test'),
  introspect: note('introspect'),
  credentials: note('credentials'),
};
const meter = (counted: boolean, count = async () => void happened.push('count')): MeteredProbe =>
  meterProbe(behind, {
    store: createSqliteStore({ path: ':memory:' }),
    limits: { tests_per_minute: 10, destination_tests_per_minute: 10 } as Parameters<
      typeof meterProbe
    >[1]['limits'],
    org: tenant.org,
    now: Date.now(),
    count,
    counted,
  });

const calls: readonly (readonly [string, (probe: MeteredProbe, id: string) => Promise<unknown>])[] = [
  ['test', (probe, id) => probe.test({ ...of(id), actor: 'key_1', trigger: 'request' })],
  ['introspect', (probe, id) => probe.introspect({ ...of(id), actor: 'key_1' }, 0)],
];

describe.each(calls)('%s', (name, ask) => {
  test('is counted before it dials, once for each connection in a request', async () => {
    const probe = meter(false);
    for (const id of ['one', 'one', 'two']) await expect(ask(probe, id)).rejects.toThrow(Problem);
    expect(happened).toEqual(['count', name, name, 'count', name]);
  });

  test('is not counted for the first connection when the request itself was counted', async () => {
    const probe = meter(true);
    for (const id of ['one', 'two']) await expect(ask(probe, id)).rejects.toThrow(Problem);
    expect(happened).toEqual([name, 'count', name]);
  });

  test('does not dial when the quota is exceeded', async () => {
    const probe = meter(false, () => Promise.reject(new Problem('quota-exceeded')));
    await expect(ask(probe, 'one')).rejects.toMatchObject({ code: 'quota-exceeded' });
    expect(happened).toEqual([]);
  });
});

test('an admitted source is not counted again', async () => {
  const probe = meter(false);
  await probe.admit(source('one'));
  await expect(probe.introspect({ ...of('one'), actor: 'key_1' }, 0)).rejects.toThrow(Problem);
  expect(happened).toEqual(['count', 'introspect']);
});

test('a change of credentials is counted by the probe, which knows whether it dials', async () => {
  const call = { ...of('one'), actor: 'key_1', patch: {} };
  await expect(meter(false).credentials(call)).rejects.toThrow(Problem);
  expect(happened).toEqual(['credentials']);
});

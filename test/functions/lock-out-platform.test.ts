import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import type { TestTrigger } from '../../shared/domain/testing/test-result.ts';
import type { Item } from '../../shared/ports/store.ts';
import { type Api, startApi } from '../api.ts';
import { postgresql } from '../recording/postgresql.ts';
import { type Recorder, startRecorder } from '../recording/recorder.ts';
import { createConnectionBody } from '../samples.ts';

const tenant = { org: 'org_test', environment: 'default' };
let now: number;
let api: Api;
/** A server that refuses every password and counts the logins. */
let source: Recorder;
let id: string;
beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  source = await startRecorder(postgresql);
  source.behave({ tls: 'off', asks: 'challenge' });
  api = await startApi({ clock: () => now });
  await mkdir(`${api.folder}/shared`, { recursive: true });
  await share('not-a-real-password');
  const body = {
    ...createConnectionBody(),
    mode: 'platform',
    config: { host: '127.0.0.1', port: source.port, database: 'shop', username: 'reader' },
    credentials: { secret_arn: 'arn:aws:secretsmanager:local:000000000000:secret:theirs' },
    options: { ssl_mode: 'disable' },
  };
  id = (await api.call('POST /v1/connections?test=false', { body })).body.id;
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  await source[Symbol.asyncDispose]();
});

const share = (password: string) =>
  writeFile(
    `${api.folder}/shared/theirs.json`,
    JSON.stringify({
      tags: {
        'mooring:tenant': 'org_test/default',
        'mooring:host': `127.0.0.1:${source.port}`,
        'mooring:tls': 'disable',
      },
      value: { password },
    }),
  );
const logins = () => source.heard.length;
const runTest = (trigger: TestTrigger) => {
  now += 3_600_000;
  return api.probe.test({ tenant, id: id.slice(5), actor: 'mooring', request_id: 'run', trigger, due: now });
};
const refuseThreeTimes = async () => {
  for (let i = 0; i < 3; i++) await runTest('request');
};
const paused = async () => Object((await api.call(`GET /v1/connections/${id}`)).body['health']).paused;

describe('after three refused logins with a secret that the customer keeps', () => {
  test('scheduled tests make no login until the secret has another version', async () => {
    await refuseThreeTimes();
    const since = new Date(now).toISOString();
    expect(await paused()).toEqual({ since, reason: expect.any(String), resume: expect.any(String) });
    const before = logins();
    for (const trigger of ['schedule', 'event', 'rotation', 'schedule'] as const) await runTest(trigger);
    expect(logins()).toBe(before);
    await share('another-made-up-password');
    await runTest('schedule');
    expect(logins()).toBe(before + 1);
    expect(await paused()).toBeNull();
    // The new version is refused too, so that it counts from the beginning.
    expect(await api.stored(id)).toMatchObject({ status: 'failed', refusals: 1 });
    for (let i = 0; i < 4; i++) await runTest('schedule');
    expect(logins()).toBe(before + 3);
  });

  test('an introspection counts for the version that it used', async () => {
    await runTest('request');
    await runTest('request');
    await share('another-made-up-password');
    await api.call(`GET /v1/connections/${id}/schema?max_age=0`);
    expect(await api.stored(id)).toMatchObject({ refusals: 1 });
    expect(await paused()).toBeNull();
  });

  test('a secret that is gone ends nothing, and a request still tests', async () => {
    await refuseThreeTimes();
    const before = logins();
    await writeFile(`${api.folder}/shared/theirs.json`, JSON.stringify({ tags: {}, value: {} }));
    expect((await runTest('request')).details.code).toBe('secret-not-shared');
    expect(logins()).toBe(before);
    expect(await paused()).not.toBeNull();
  });

  test('a pause of an earlier release, which stored no version, ends with the next version', async () => {
    await refuseThreeTimes();
    const key = tableKeys.connection(tenant, id.slice(5));
    const found: Item = { ...key, ...(await api.store.get(key)) };
    const { refusals_version: _, paused_since: __, ...item } = found;
    await api.store.write([{ put: item }]);
    const before = logins();
    expect(await paused()).not.toBeNull();
    await runTest('schedule');
    expect(logins()).toBe(before);
    await share('another-made-up-password');
    await runTest('schedule');
    expect(logins()).toBe(before + 1);
  });
});

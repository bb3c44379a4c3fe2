import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Api, startApi } from '../api.ts';
import { postgresql } from '../recording/postgresql.ts';
import { type Recorder, startRecorder } from '../recording/recorder.ts';
import { createConnectionBody } from '../samples.ts';

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
  const config = { ...createConnectionBody().config, port: source.port };
  const body = { ...createConnectionBody(), config, options: { ssl_mode: 'disable' } };
  id = (await api.call('POST /v1/connections?test=false', { body })).body.id;
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  await source[Symbol.asyncDispose]();
});

const logins = () => source.heard.length;
const state = async () => {
  const stored = await api.stored(id);
  return [stored?.status, stored?.status_reason, stored?.awaits_test, stored?.refusals];
};
/** Makes a change that requires a test but does not affect the login. */
const change = async (role: string) => {
  const { status } = await api.call(`PATCH /v1/connections/${id}`, { body: { role } });
  expect(status).toBe(200);
};
const refuseThreeTimes = async () => {
  for (let i = 0; i < 3; i++) await api.call(`POST /v1/connections/${id}/test`);
  expect(await state()).toEqual(['failed', 'authentication-failed', null, 3]);
};

describe('after three refused logins in a row', () => {
  test('a queued test does not dial, and the connection no longer awaits it', async () => {
    await refuseThreeTimes();
    const before = logins();
    await change('target');
    expect((await api.stored(id))?.status).toBe('testing');
    await api.settle();
    expect(await state()).toEqual(['failed', 'authentication-failed', null, 3]);
    expect(logins()).toBe(before);
    const { body } = await api.call(`GET /v1/connections/${id}/tests`);
    expect(body.data.map((record) => record['trigger'])).toEqual(['request', 'request', 'request']);
  });

  test('a queued test returns why it did not dial and what to do about it', async () => {
    await refuseThreeTimes();
    const call = {
      tenant: { org: 'org_test', environment: 'default' },
      id: id.slice(5),
      actor: 'system',
      request_id: 'request-1',
    };
    const revision = async () => (await api.stored(id))?.revision;
    const before = await revision();
    expect(await api.probe.test({ ...call, trigger: 'event' })).toEqual({
      status: 'failed',
      details: {
        error: 'The source refused these credentials three times in a row, so Mooring did not try again',
        code: 'authentication-failed',
      },
      steps: expect.arrayContaining([
        expect.objectContaining({
          step: 'authenticate',
          status: 'failed',
          code: 'authentication-failed',
          remediation: expect.stringContaining('Send the credentials again'),
        }),
      ]),
      tested_at: '2026-01-01T00:00:00.000Z',
      vantage: { region: null, vpc_id: null, egress_ips: [] },
    });
    expect(await revision()).toBe(before); // the connection did not await this test
    await change('target');
    const waiting = await api.stored(id);
    await api.probe.test({ ...call, trigger: 'event', awaited: -1 });
    expect(await api.stored(id)).toEqual(waiting); // the connection awaits another test than this one
    await api.probe.test({ ...call, trigger: 'event', awaited: waiting?.awaits_test ?? 0 });
    expect(await state()).toEqual(['failed', 'authentication-failed', null, 3]);
  });

  test('autocomplete starts no introspection', async () => {
    await refuseThreeTimes();
    const before = logins();
    const { body } = await api.call(`GET /v1/connections/${id}/autocomplete?type=tables`);
    expect(body).toMatchObject({ suggestions: [], as_of: null });
    expect(logins()).toBe(before);
    expect((await api.stored(id))?.last_introspection).toBeNull();
  });

  test('tests and introspections that a caller requests still run', async () => {
    await refuseThreeTimes();
    const before = logins();
    await api.call(`POST /v1/connections/${id}/test`);
    const schema = await api.call(`GET /v1/connections/${id}/schema?max_age=0`);
    expect(schema.body.code).toBe('authentication-failed');
    expect(logins()).toBe(before + 2);
  });

  test('new credentials are tested', async () => {
    await refuseThreeTimes();
    const before = logins();
    const body = { credentials: { password: 'another-not-real-password' } };
    await api.call(`PATCH /v1/connections/${id}`, { body });
    await api.settle();
    expect(logins()).toBe(before + 1);
    expect(await state()).toEqual(['failed', 'authentication-failed', null, 1]);
  });
});

test('a refused login counts, whatever operation caused it', async () => {
  await api.call(`POST /v1/connections/${id}/test`, { body: { options: { ssl_mode: 'prefer' } } });
  await api.call(`GET /v1/connections/${id}/schema?max_age=0`);
  await change('target');
  await api.settle();
  expect(await state()).toEqual(['failed', 'authentication-failed', null, 3]);
});

test('a refused login with credentials from the test request does not count', async () => {
  const body = { credentials: { password: 'another-not-real-password' } };
  for (let i = 0; i < 3; i++) await api.call(`POST /v1/connections/${id}/test`, { body });
  expect((await api.stored(id))?.refusals).toBe(0);
});

import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Api, startApi } from '../../api.ts';
import { onEngine, reach } from '../../engines/reach.ts';

const postgres = reach('postgres');
const snowflake = reach('snowflake');

let api: Api;
beforeAll(async () => {
  const url = snowflake['SNOWFLAKE_URL'];
  api = await startApi({
    policy: { loopback: true, ...(url !== undefined && { endpoints: { snowflake: url } }) },
  });
});
afterAll(() => api[Symbol.asyncDispose]());

const create = async (provider: string, credentials: object) => {
  const name = `${provider} ${Math.random()}`;
  const answer = await api.call(`POST /v1/providers/${provider}/connections`, {
    body: { name, mode: 'managed', credentials },
  });
  expect([answer.status, answer.body['status']]).toEqual([201, 'pending']);
  return `/v1/connections/${answer.body.id}`;
};
const statusOf = async (at: string) => (await api.call(`GET ${at}`)).body['status'];

onEngine(postgres, () => {
  const given = {
    host: postgres['POSTGRES_HOST'],
    port: Number(postgres['POSTGRES_PORT']),
    database: postgres['POSTGRES_DATABASE'],
    user: postgres['POSTGRES_USER'],
    password: postgres['POSTGRES_PASSWORD'],
  };

  test('PostgreSQL connects in its queued test and in a requested one', async () => {
    const at = await create('postgresql', given);
    await api.settle();
    expect(await statusOf(at)).toBe('connected');
    const { status, body } = await api.call(`POST ${at}/test`);
    expect([status, body]).toMatchObject([
      200,
      { status: 'connected', details: { latency_ms: expect.any(Number) } },
    ]);
  });

  test('PostgreSQL is verified with the CA certificate that was sent with the password', async () => {
    const ssl_ca = await readFile(postgres['POSTGRES_CA'] ?? '', 'utf8');
    const other = await readFile(postgres['POSTGRES_OTHER_CA'] ?? '', 'utf8');
    const at = await create('postgresql', { ...given, ssl_mode: 'verify-ca', ssl_ca });
    expect((await api.call(`POST ${at}/test`)).body).toMatchObject({ status: 'connected' });
    await api.call(`PUT ${at}`, { body: { credentials: { ...given, ssl_ca: other } } });
    expect((await api.call(`POST ${at}/test`)).body).toMatchObject({
      status: 'failed',
      details: { code: 'certificate-untrusted' },
    });
  });

  test('a wrong password fails, and a PUT with the right credentials connects', async () => {
    const at = await create('postgresql', { ...given, password: 'never-the-right-one' });
    const { status, body } = await api.call(`POST ${at}/test`);
    expect([status, body]).toMatchObject([
      200,
      { status: 'failed', details: { error: expect.any(String), code: 'authentication-failed' } },
    ]);
    expect((await api.call(`PUT ${at}`, { body: { credentials: given } })).status).toBe(200);
    expect((await api.call(`POST ${at}/test`)).body).toMatchObject({ status: 'connected' });
  });

  test('a port where nothing listens returns a readable cause', async () => {
    const at = await create('postgresql', { ...given, port: 1 });
    await api.settle();
    expect(await statusOf(at)).toBe('failed');
    expect((await api.call(`POST ${at}/test`)).body['details']).toMatchObject({
      error: expect.stringMatching(/refused/),
    });
  });
});

onEngine(snowflake, () => {
  const account = {
    account: snowflake['SNOWFLAKE_ACCOUNT'],
    user: snowflake['SNOWFLAKE_USER'],
    warehouse: snowflake['SNOWFLAKE_WAREHOUSE'],
    database: snowflake['SNOWFLAKE_DATABASE'],
    schema: snowflake['SNOWFLAKE_SCHEMA'],
  };

  test('Snowflake connects with a password, and its tables are listed', async () => {
    const at = await create('snowflake', {
      ...account,
      auth_method: 'password',
      password: snowflake['SNOWFLAKE_PASSWORD'],
    });
    await api.settle();
    expect(await statusOf(at)).toBe('connected');
    expect((await api.call(`POST ${at}/test`)).body).toMatchObject({
      status: 'connected',
      details: { latency_ms: expect.any(Number) },
    });
    const { body } = await api.call(`GET ${at}/schema`);
    expect(body.data.map(({ name }) => name)).toContain('ORDERS');
  });

  test('Snowflake connects with a registered key and refuses an unknown one', async () => {
    const key = (name: string) => readFile(snowflake[name] ?? '', 'utf8');
    const robot = { ...account, user: snowflake['SNOWFLAKE_KEY_USER'], auth_method: 'key_pair' };
    const at = await create('snowflake', { ...robot, private_key: await key('SNOWFLAKE_KEY') });
    expect((await api.call(`POST ${at}/test`)).body).toMatchObject({ status: 'connected' });
    const change = { auth_method: 'key_pair', private_key: await key('SNOWFLAKE_KEY_UNKNOWN') };
    await api.call(`PUT ${at}`, { body: { credentials: change } });
    expect((await api.call(`POST ${at}/test`)).body).toMatchObject({
      status: 'failed',
      details: { code: 'authentication-failed' },
    });
  });
});

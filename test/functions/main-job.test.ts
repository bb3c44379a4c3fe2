import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { type Api, startApi } from '../api.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { createConnectionBody } from '../samples.ts';

const engine = reach('postgres');

onEngine(engine, () => {
  describe('the main use case against a real PostgreSQL', () => {
    let api: Api;
    let real: ReturnType<typeof draftOf>;
    beforeAll(async () => {
      api = await startApi();
      real = draftOf(engine, await readFile(engine['POSTGRES_CA'] ?? '', 'utf8'));
    });
    afterAll(() => api[Symbol.asyncDispose]());

    test('a create with verify=true tests the connection and saves it when it connects', async () => {
      const { status, body } = await api.call('POST /v1/connections?verify=true', {
        body: { ...real, name: 'Verified' },
      });
      expect([status, body['status'], body['status_reason']]).toEqual([201, 'connected', null]);
      expect(body['last_test']).toMatchObject({ status: 'connected' });
      expect(await api.settle()).toMatchObject({
        events: [
          { type: 'connection.created', data: { connection: { status: 'connected' } } },
          { type: 'connection.status_changed', data: { from: null, to: 'connected', code: null } },
        ],
        tests: [],
      });
    });

    test('a connection is created, tested, introspected and suggests table names', async () => {
      const { body: made } = await api.call('POST /v1/connections', { body: real });
      const at = `/v1/connections/${made.id}`;
      await api.settle();
      const { body: tested } = await api.call(`GET ${at}`);
      expect(tested).toMatchObject({ status: 'connected', status_reason: null, version: 1 });

      const { body: result } = await api.call(`POST ${at}/test`);
      expect(result).toMatchObject({
        status: 'connected',
        details: { version: expect.stringMatching(/^PostgreSQL 1/) },
      });
      expect(result.steps.map(({ step }) => step)).toEqual(
        'resolve egress connect tls authenticate query privileges'.split(' '),
      );
      const { body: history } = await api.call(`GET ${at}/tests?limit=1`);
      expect(history.data).toMatchObject([
        { trigger: 'request', status: 'connected', id: expect.stringMatching(/^test_/) },
      ]);
      const { body: older } = await api.call(`GET ${at}/tests?cursor=${history.next_cursor}`);
      expect(older).toMatchObject({ data: [{ trigger: 'create' }], next_cursor: null });

      const { status, body: schema } = await api.call(`GET ${at}/schema`);
      expect(status).toBe(200);
      expect(schema.data.length).toBeGreaterThan(0);
      const [table] = schema.data;
      const prefix = encodeURIComponent(table?.name ?? '');
      const { body: suggested } = await api.call(`GET ${at}/autocomplete?type=tables&prefix=${prefix}`);
      expect(suggested['suggestions']).toContainEqual(expect.objectContaining({ label: table?.name }));
    });

    test('an unsaved change is tested without changing the connection', async () => {
      const { body: made } = await api.call('POST /v1/connections?verify=true', {
        body: { ...real, name: 'Patched' },
      });
      const at = `/v1/connections/${made.id}`;
      const outcome = async (body: object) => {
        const answer = await api.call(`POST ${at}/test`, { body });
        return Object(answer.body['details'])['code'] ?? answer.body['status'];
      };
      expect(await outcome({ options: { query_timeout_seconds: 9 } })).toBe('connected');
      expect(await outcome({ config: { database: 'no_such_database' } })).toBe('database-not-found');
      expect(await outcome({ credentials: { password: 'a-wrong-password' } })).toBe('authentication-failed');
      expect((await api.call(`GET ${at}`)).body).toEqual(made);
    });

    test('refused logins are counted in a row, and a change of credentials resets the count', async () => {
      const { body: made } = await api.call('POST /v1/connections?test=false', {
        body: { ...real, name: 'Refused', credentials: { password: 'a-wrong-password' } },
      });
      const at = `/v1/connections/${made.id}`;
      for (let i = 0; i < 2; i++) await api.call(`POST ${at}/test`);
      expect(await api.stored(made.id)).toMatchObject({
        refusals: 2,
        status_reason: 'authentication-failed',
      });
      const { body } = await api.call(`PATCH ${at}`, { body: { credentials: real.credentials } });
      expect(body).toMatchObject({ status: 'testing', status_reason: null });
      await api.settle();
      expect(await api.stored(made.id)).toMatchObject({
        refusals: 0,
        status: 'connected',
        awaits_test: null,
      });
    });
  });
});

const draftOf = (env: Readonly<Record<string, string>>, ca: string) => ({
  ...createConnectionBody(),
  config: {
    host: env['POSTGRES_HOST'],
    port: Number(env['POSTGRES_PORT']),
    database: env['POSTGRES_DATABASE'],
    username: env['POSTGRES_USER'],
  },
  credentials: { password: env['POSTGRES_PASSWORD'] },
  options: { ssl_mode: 'verify-full' },
  ssl: { ca },
});

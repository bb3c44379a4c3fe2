import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectors } from '../../shared/connectors/registry.ts';
import { routes } from '../../functions/routes.ts';
import { catalogSource } from '../catalog-probe.ts';
import { createTable } from '../domain/catalog-fixtures.ts';
import { type ApiAnswer, type Api, startApi } from '../api.ts';
import { fenced, jsonExamples, seed } from '../seeds/read.ts';

const text = seed('000-v1');
const [request, answer] = jsonExamples(text) as [
  Readonly<Record<string, unknown>> & { readonly config: Readonly<Record<string, unknown>> },
  Readonly<Record<string, unknown>>,
];
/** The requests that the document prints relative to the base URL. */
const printed = [...fenced(text, 'text'), ...fenced(text, 'sql')]
  .map((code) => code.trim())
  .filter((line) => /^[A-Z]+ \//.test(line))
  .map((line) => line.replace(' /', ' /v1/'));

describe('seed 000, as printed', () => {
  let api: Api;
  let made: ApiAnswer;
  beforeAll(async () => {
    const source = catalogSource([createTable({ schema: 'HR', name: 'PEOPLE' })]);
    api = await startApi({ probe: source.probe });
    const [example = ''] = fenced(text, 'json');
    made = await api.call('POST /v1/connections', { text: example });
  });
  afterAll(() => api[Symbol.asyncDispose]());

  test('has a request that returns 201 with the printed fields', () => {
    const { id: _, created_at: __, ...others } = answer;
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject(others);
    expect(made.body).toMatchObject({
      id: expect.stringMatching(/^conn_\w+$/),
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
  });

  test('has a connection whose GET shows everything except the password', async () => {
    const { body, text: shown } = await api.call(`GET /v1/connections/${made.body.id}`);
    const { password, ...config } = request.config;
    expect(body).toMatchObject({ ...request, config });
    expect(shown).not.toContain(password);
    expect((await api.secretOf(made.body.id)).credentials['password']).toBe(password);
  });

  test('lists ten types, each of which is a connector', async () => {
    const types = [...text.matchAll(/^\| `(\w+)` /gm)].map(([, type]) => type);
    expect(new Set(types).size).toBe(10);
    const { body } = await api.call('GET /v1/connectors');
    const listed = body.data.map((one) => String(one['type']));
    expect(listed).toEqual(expect.arrayContaining(types));
    expect(listed.toSorted()).toEqual(Object.keys(connectors).toSorted());
  });

  test('has seven routes, and all of them exist', () => {
    expect(new Set(printed).size).toBe(7);
    expect(Object.keys(routes)).toEqual(expect.arrayContaining(printed));
  });

  test('has routes that do what it describes', async () => {
    const at = `/v1/connections/${made.body.id}`;
    expect((await api.call('GET /v1/connections')).body.data).toMatchObject([{ id: made.body.id }]);
    const changed = await api.call(`PATCH ${at}`, { body: { tags: ['hr-data'] } });
    expect(changed.body).toMatchObject({ name: 'Oracle Production', tags: ['hr-data'] });
    const schema = await api.call(`GET ${at}/schema`);
    expect([schema.status, schema.body.data]).toMatchObject([200, [{ schema: 'HR', name: 'PEOPLE' }]]);
    expect((await api.call(`DELETE ${at}`)).status).toBe(204);
    expect((await api.call(`GET ${at}`)).status).toBe(404);
  });
});

describe('seed 003 on the routes of /v1', () => {
  let api: Api;
  let at: string;
  beforeAll(async () => {
    api = await startApi();
    const { body } = await api.call('POST /v1/providers/postgresql/connections', {
      body: {
        name: 'Sales',
        mode: 'managed',
        credentials: { host: '127.0.0.1', port: 1, database: 'shop', user: 'reader', password: 'x' },
      },
    });
    at = `/v1/connections/${body.id}`;
  });
  afterAll(() => api[Symbol.asyncDispose]());

  test('returns a failed test in the printed form', async () => {
    const [, failed] = [...seed('003-providers').matchAll(/^\{\s"status": [\s\S]*?^\}/gm)].map(
      ([example]) => JSON.parse(example) as { status: string; details: Record<string, unknown> },
    );
    const { status, body } = await api.call(`POST ${at}/test`);
    expect([status, body['status']]).toEqual([200, failed?.status]);
    expect(body['details']).toMatchObject({ error: expect.stringMatching(/refused/) });
    expect(Object.keys(failed?.details ?? {})).toEqual(['error']);
  });

  test('pages lists by cursor and limit', async () => {
    for (const name of ['Two', 'Three'])
      await api.call('POST /v1/providers/postgresql/connections', {
        body: {
          name,
          mode: 'managed',
          credentials: { host: 'h', database: 'd', user: 'u', password: 'p' },
        },
      });
    const first = (await api.call('GET /v1/connections?limit=2')).body;
    expect(first.data.map(({ name }) => name)).toEqual(['Three', 'Two']);
    const second = (await api.call(`GET /v1/connections?limit=2&cursor=${first.next_cursor}`)).body;
    expect([second.data.map(({ name }) => name), second.next_cursor]).toEqual([['Sales'], null]);
  });

  test('returns 409 for a delete while the connection is in use, and then 204 without a body', async () => {
    await api.call(`PUT ${at}/usages/vector-table`, { body: {} });
    expect((await api.call(`DELETE ${at}`)).status).toBe(409);
    await api.call(`DELETE ${at}/usages/vector-table`);
    const answered = await api.call(`DELETE ${at}`);
    expect([answered.status, answered.text]).toEqual([204, '']);
  });
});

import { expect, test } from '@jest/globals';
import { type Api, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

const create = async (api: Api, name: string, query = '', key?: string) => {
  const body = { ...createConnectionBody(), name };
  return (await api.call(`POST /v1/connections${query}`, { body, ...(key && { key }) })).body.id;
};

const readSummary = async (api: Api, query = '', key?: string) =>
  (await api.call(`GET /v1/health/connections${query}`, key ? { key } : {})).body;

test('the summary counts connections by status, connector and code, and lists the failing ones', async () => {
  let now = Date.parse('2026-01-01T00:00:00Z');
  await using api = await startApi({ clock: () => now });
  const first = await create(api, 'A');
  await api.settle();
  now += 60_000;
  const second = await create(api, 'B');
  await create(api, 'C', '?test=false');
  await api.settle();
  await api.settle();
  const found = await readSummary(api);
  const zero = { pending: 0, testing: 0, connected: 0, degraded: 0, failed: 0 };
  expect(found).toEqual({
    total: 3,
    by_status: { ...zero, pending: 1, failed: 2 },
    by_connector: { postgresql: { ...zero, pending: 1, failed: 2 } },
    by_code: { 'connection-refused': 2 },
    longest_failing: [
      {
        id: first,
        name: 'A',
        type: 'postgresql',
        code: 'connection-refused',
        since: '2026-01-01T00:00:00.000Z',
      },
      {
        id: second,
        name: 'B',
        type: 'postgresql',
        code: 'connection-refused',
        since: '2026-01-01T00:01:00.000Z',
      },
    ],
  });
  expect((await readSummary(api, '?limit=1'))['longest_failing']).toMatchObject([{ name: 'A' }]);
});

test('the summary stays right after a rename, a delete, a restore and a purge', async () => {
  await using api = await startApi();
  const id = await create(api, 'A');
  const read = async () => {
    // The results of tests are changes too.
    await api.settle();
    await api.settle();
    const { total, by_status, longest_failing: failing } = await readSummary(api);
    return [total, Object(by_status).failed, ...(failing as { name: string }[]).map(({ name }) => name)];
  };
  expect(await read()).toEqual([1, 1, 'A']);
  await api.call(`PATCH /v1/connections/${id}`, { body: { name: 'Renamed' } });
  expect(await read()).toEqual([1, 1, 'Renamed']);
  await api.call(`DELETE /v1/connections/${id}`);
  expect(await read()).toEqual([0, 0]);
  await api.call(`POST /v1/connections/${id}/restore`);
  expect(await read()).toEqual([1, 1, 'Renamed']);
  await api.call(`DELETE /v1/connections/${id}?purge=true`);
  expect(await read()).toEqual([0, 0]);
});

test('a tenant sees only its own connections in the summary', async () => {
  await using api = await startApi();
  await api.addKey('sk_of_another', { org: 'org_other' });
  await create(api, 'A');
  await create(api, 'B', '', 'sk_of_another');
  await api.settle();
  await api.settle();
  expect(await readSummary(api)).toMatchObject({ total: 1, longest_failing: [{ name: 'A' }] });
  expect(await readSummary(api, '', 'sk_of_another')).toMatchObject({
    total: 1,
    longest_failing: [{ name: 'B' }],
  });
  await api.addKey('sk_without_scope', { org: 'org_test', scopes: ['connections:write'] });
  expect((await api.call('GET /v1/health/connections', { key: 'sk_without_scope' })).status).toBe(403);
});

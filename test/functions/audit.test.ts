import { expect, test } from '@jest/globals';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import { startApi } from '../api.ts';
import { catalogSource } from '../catalog-probe.ts';
import { createTable } from '../domain/catalog-fixtures.ts';
import { createConnectionBody } from '../samples.ts';

const tenant = { org: 'org_test', environment: 'default' };
const days = 86_400_000;

test('each action writes one audit record with actor, request id and time, kept for 400 days', async () => {
  let now = Date.parse('2026-01-01T00:00:00Z');
  const source = catalogSource([createTable({})]);
  await using api = await startApi({ clock: () => now, probe: source.probe });
  await api.addKey('sk_of_somebody', { org: 'org_test', id: 'key_somebody' });
  const { pk } = tableKeys.audit(tenant, '', '', '');
  let id = '';
  const readRecords = async () =>
    (await api.store.query({ pk: `${pk}${id}`, from: 'AUDIT#', to: 'AUDIT#~', limit: 100 })).items;

  const seen = new Set<string>();
  const perform = async (actions: readonly string[], request: string, body?: object) => {
    now += 1000;
    const answer = await api.call(request.replace('{id}', `conn_${id}`), {
      key: 'sk_of_somebody',
      ...(body && { body }),
    });
    expect([request, answer.status < 300]).toEqual([request, true]);
    if (id === '') id = answer.body.id.slice(5);
    const added = (await readRecords()).filter(({ sk }) => !seen.has(sk));
    for (const { sk } of added) seen.add(sk);
    expect([request, ...added.map(({ action }) => String(action)).toSorted()]).toEqual([request, ...actions]);
    for (const record of added)
      expect(record).toMatchObject({
        actor: 'key_somebody',
        request_id: answer.headers['x-request-id'],
        at: new Date(now).toISOString(),
        expires: Math.floor((now + 400 * days) / 1000),
      });
  };

  await perform(['created'], 'POST /v1/connections', createConnectionBody());
  await perform(['changed'], 'PATCH /v1/connections/{id}', { tags: ['a'] });
  await perform(['changed'], 'PATCH /v1/connections/{id}', {
    credentials: { password: 'another-made-up-one' },
  });
  await perform(['changed'], 'PUT /v1/connections/{id}', {
    name: 'Renamed',
    credentials: { password: 'a-third-made-up-one' },
  });
  await perform(['tested'], 'POST /v1/connections/{id}/test');
  await perform(['introspected', 'read-schema'], 'GET /v1/connections/{id}/schema');
  await perform(['read-schema'], 'GET /v1/connections/{id}/schema');
  await perform(['used'], 'PUT /v1/connections/{id}/usages/reports', {});
  await perform(['released'], 'DELETE /v1/connections/{id}/usages/reports');
  await perform([], 'GET /v1/connections/{id}');
  await perform(['deleted'], 'DELETE /v1/connections/{id}');
  await perform(['restored'], 'POST /v1/connections/{id}/restore');

  const sorted = (await readRecords()).map(({ at }) => String(at));
  expect(sorted).toEqual(sorted.toSorted());
});

test('a test that an event starts writes an audit record with Mooring as the actor', async () => {
  await using api = await startApi();
  const { body } = await api.call('POST /v1/connections', { body: createConnectionBody() });
  const { events } = await api.settle();
  const { pk } = tableKeys.audit(tenant, body.id.slice(5), '', '');
  const { items } = await api.store.query({ pk, from: 'AUDIT#', to: 'AUDIT#~', limit: 10 });
  expect(items.filter(({ action }) => action === 'tested')).toMatchObject([
    { actor: 'mooring', request_id: events[0]?.id },
  ]);
});

test('event ids of one connection are unique across all its changes', async () => {
  await using api = await startApi();
  const { body } = await api.call('POST /v1/connections', { body: createConnectionBody() });
  const at = `/v1/connections/${body.id}`;
  const ids = (await api.settle()).events.map((event) => event.id);
  for (const request of [
    `PUT ${at}/usages/reports`,
    `POST ${at}/test`,
    `POST ${at}/test`,
    `DELETE ${at}/usages/reports`,
    `DELETE ${at}`,
    `POST ${at}/restore`,
    `POST ${at}/test`,
  ]) {
    expect([request, (await api.call(request)).status < 300]).toEqual([request, true]);
    ids.push(...(await api.settle()).events.map((event) => event.id));
  }
  ids.push(...(await api.publish()).events.map((event) => event.id));
  expect(ids.length).toBeGreaterThanOrEqual(7);
  expect(new Set(ids).size).toBe(ids.length);
});

test('a test result stays in the history for 30 days', async () => {
  let now = Date.parse('2026-01-01T00:00:00Z');
  await using api = await startApi({ clock: () => now });
  const { body } = await api.call('POST /v1/connections?test=false', { body: createConnectionBody() });
  await api.call(`POST /v1/connections/${body.id}/test`);
  const countTests = async () => (await api.call(`GET /v1/connections/${body.id}/tests`)).body.data.length;
  now += 30 * days - 1000;
  expect(await countTests()).toBe(1);
  now += 2000;
  expect(await countTests()).toBe(0);
});

import { expect, test } from '@jest/globals';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import { startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

const toBody = (identifier: string) => ({
  ...createConnectionBody(),
  config: {
    host: `${identifier}.c1a2b3c4d5e6.eu-central-1.rds.amazonaws.com`,
    database: 'shop',
    username: 'reader',
    password: 'not-a-real-password',
  },
  options: { ssl_mode: 'verify-full' },
});

test('a connection is found by its RDS identifier while it exists', async () => {
  await using api = await startApi();
  const listFound = async (identifier: string) => {
    const pk = tableKeys.rdsTriggerPartition('eu-central-1', identifier);
    return (await api.store.query({ pk, limit: 10 })).items.map(({ sk }) => `conn_${sk}`);
  };
  const { body } = await api.call('POST /v1/connections', { body: toBody('shop') });
  const { id } = body;
  expect(await listFound('shop')).toEqual([id]);

  await api.call(`PATCH /v1/connections/${id}`, { body: { name: 'Renamed' } });
  expect(await listFound('shop')).toEqual([id]);

  const { host } = toBody('stock').config;
  const password = 'another-made-up-one';
  expect(
    (await api.call(`PATCH /v1/connections/${id}`, { body: { config: { host }, credentials: { password } } }))
      .status,
  ).toBe(200);
  expect([await listFound('shop'), await listFound('stock')]).toEqual([[], [id]]);

  expect((await api.call(`DELETE /v1/connections/${id}`)).status).toBe(204);
  expect(await listFound('stock')).toEqual([]);
  expect((await api.call(`POST /v1/connections/${id}/restore`)).status).toBe(200);
  expect(await listFound('stock')).toEqual([id]);
  expect((await api.call(`DELETE /v1/connections/${id}?purge=true`)).status).toBe(204);
  expect(await listFound('stock')).toEqual([]);
});

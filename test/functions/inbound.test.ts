import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { handleInbound, uses } from '../../functions/inbound.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import { type Api, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

const account = '111122223333';
const foreignAccount = '444455556666';
const settings = {
  event_accounts: { [account]: ['org_test/default'], [foreignAccount]: ['org_other/*'] },
};
const start = async () => {
  const api = await startApi({ settings });
  await api.addKey('sk_of_another', { org: 'org_other' });
  return api;
};

const envelope = (more: object) => ({
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  account,
  region: 'eu-central-1',
  time: '2026-01-01T00:00:00Z',
  resources: [],
  ...more,
});
const requested = (detail: object, from = account) =>
  envelope({
    'detail-type': 'mooring.test-requested',
    source: 'deploy.pipeline',
    account: from,
    detail: { org_id: 'org_test', environment_id: 'default', reason: 'not-for-the-log', ...detail },
  });
const labelUpdated = (arn: string, more: object = {}) =>
  envelope({
    'detail-type': 'Secret Label Updated',
    source: 'aws.secretsmanager',
    resources: [arn],
    detail: { name: 'shop', labelUpdated: 'AWSCURRENT', versionId: 'a1b2c3d4' },
    ...more,
  });
const failover = (identifier: string, more: object = {}) =>
  envelope({
    'detail-type': 'RDS DB Instance Event',
    source: 'aws.rds',
    detail: { EventCategories: ['failover'], SourceType: 'DB_INSTANCE', SourceIdentifier: identifier },
    ...more,
  });

/** Handles an event. Returns the connections that are tested for it, in order, and why it was dropped. */
const handle = async (api: Api, event: unknown) => {
  const logged: string[] = [];
  await handleInbound(event, {
    clock: Date.now,
    settings: api.settings,
    writeLog: (line) => void logged.push(line),
    ports: async (wanted) => {
      expect(wanted).toBe(uses);
      return { store: api.store, queue: api.queue };
    },
  });
  expect(logged).toHaveLength(1);
  expect(logged.join('')).not.toMatch(/not-for-the-log|org_|conn_|rds\.amazonaws|secretsmanager/);
  const sent = api.queued.splice(0);
  return {
    tested: sent.map(({ org_id, connection_id }) => `${org_id} conn_${connection_id}`),
    triggers: [...new Set(sent.map(({ trigger }) => trigger))],
    dropped: (JSON.parse(logged[0] ?? '{}') as { reason?: string }).reason,
  };
};

const create = async (api: Api, name: string, more: object = {}, key?: string) => {
  const body = { ...createConnectionBody(), name, ...more };
  const answer = await api.call('POST /v1/connections?test=false', { body, ...(key && { key }) });
  expect(answer.status).toBe(201);
  return answer.body.id;
};

const rdsHost = (identifier: string) => ({
  config: {
    ...createConnectionBody().config,
    host: `${identifier}.c1a2b3c4d5e6.eu-central-1.rds.amazonaws.com`,
  },
});

/** Stores the connection as one in platform mode that uses this secret. */
const setSecret = async (api: Api, org: string, id: string, arn: string, more: object = {}) => {
  const tenant = { org, environment: 'default' };
  const item = await api.store.get(tableKeys.connection(tenant, id.slice(5)));
  if (!item) throw new Error('expected the connection');
  const next = { ...item, secret: { arn }, mode: 'platform', ...more };
  const { buildTriggerIndexChanges } = await import('../../shared/domain/triggers/trigger-index.ts');
  const { readConnection } = await import('../../shared/domain/connections/stored-connection.ts');
  await api.store.write([
    { put: next },
    ...buildTriggerIndexChanges(readConnection(item), readConnection(next)),
  ]);
};

describe('mooring.test-requested', () => {
  test.each<[string, object, readonly string[]]>([
    ['without a filter', {}, ['A', 'B', 'C']],
    ['by tags', { tags: ['blue', 'none'] }, ['A', 'B']],
    ['by types', { types: ['mysql'] }, ['C']],
    ['by hosts', { hosts: ['DB-1.example.com.'] }, ['A']],
    ['by tags and hosts', { tags: ['blue'], hosts: ['db-2.example.com', 'db-3.example.com'] }, ['B']],
    ['by what no connection has', { tags: ['red'] }, []],
  ])('%s tests the connections that match every filter', async (_, filter, expected) => {
    await using api = await start();
    const at = (n: number) => ({ config: { ...createConnectionBody().config, host: `db-${n}.example.com` } });
    const ids: Record<string, string> = {
      A: await create(api, 'A', { tags: ['blue'], ...at(1) }),
      B: await create(api, 'B', { tags: ['blue', 'old'], ...at(2) }),
      C: await create(api, 'C', { type: 'mysql', ...at(3) }),
    };
    await create(api, 'D', { tags: ['blue'], ...at(1) }, 'sk_of_another');
    const { tested, dropped } = await handle(api, requested(filter));
    expect(tested.toSorted()).toEqual(expected.map((name) => `org_test ${ids[name]}`).toSorted());
    expect(dropped).toBeUndefined();
  });

  test('by ids tests those of the tenant alone, each once', async () => {
    await using api = await start();
    const own = await create(api, 'A');
    const foreign = await create(api, 'B', {}, 'sk_of_another');
    const { tested, triggers } = await handle(api, requested({ connection_ids: [own, foreign, own] }));
    expect([tested, triggers]).toEqual([[`org_test ${own}`], ['event']]);
  });

  test.each<[string, unknown, string]>([
    ['for the tenant of another account', requested({ org_id: 'org_other' }), 'foreign tenant'],
    ['for another environment', requested({ environment_id: 'staging' }), 'foreign tenant'],
    ['of an account without tenants', requested({}, '999999999999'), 'foreign tenant'],
    ['with an unknown filter', requested({ tag: ['a'] }), 'malformed'],
    ['with an empty filter', requested({ tags: [] }), 'malformed'],
    ['without a tenant', requested({ org_id: undefined }), 'malformed'],
    ['with a long reason', requested({ reason: 'x'.repeat(201) }), 'malformed'],
    [
      'with more than 1000 ids',
      requested({ connection_ids: Array.from({ length: 1001 }, () => `conn_${'0'.repeat(32)}`) }),
      'malformed',
    ],
    ['with an id of another form', requested({ connection_ids: ['sales'] }), 'malformed'],
    ['without an account', { ...requested({}), account: undefined }, 'malformed'],
    ['with a detail that is no object', { ...requested({}), detail: 'all' }, 'malformed'],
    ['of another type', { ...requested({}), 'detail-type': 'mooring.delete' }, 'malformed'],
    ['that is no object', null, 'malformed'],
  ])('%s is dropped and counted', async (_, event, reason) => {
    await using api = await start();
    await create(api, 'A');
    await create(api, 'B', {}, 'sk_of_another');
    expect(await handle(api, event)).toEqual({ tested: [], triggers: [], dropped: reason });
  });

  test('that matches more than 1000 connections is dropped', async () => {
    await using api = await start();
    const id = (await create(api, 'A')).slice(5);
    const tenant = { org: 'org_test', environment: 'default' };
    const item = await api.store.get(tableKeys.connection(tenant, id));
    if (!item) throw new Error('expected the connection');
    const copies = Array.from({ length: 1000 }, (_, n) => {
      const copy = `${n}`.padStart(32, '0');
      return { put: { ...item, ...tableKeys.connection(tenant, copy), id: copy } };
    });
    for (let i = 0; i < copies.length; i += 100) await api.store.write(copies.slice(i, i + 100));
    expect((await handle(api, requested({}))).dropped).toBe('too many connections');
  });

  test('of any form never fails and never tests for another tenant', async () => {
    await using api = await start();
    await create(api, 'A');
    const base = requested({});
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(base)),
        fc.jsonValue(),
        fc.jsonValue(),
        async (name, value, inner) => {
          await handle(api, { ...base, account: foreignAccount, [name]: value });
          const { tested } = await handle(api, {
            ...base,
            account: foreignAccount,
            detail: { ...base, detail: inner },
          });
          expect(tested).toEqual([]);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('a secret with a new version', () => {
  const arn = (name: string, owner = account) =>
    `arn:aws:secretsmanager:eu-central-1:${owner}:secret:${name}`;

  test('tests the connections that use it, and no others', async () => {
    await using api = await start();
    const [first, second] = [await create(api, 'A'), await create(api, 'B')];
    await setSecret(api, 'org_test', first, arn('shop-a1b2c3'));
    await setSecret(api, 'org_test', second, arn('stock-a1b2c3'));
    const { tested, triggers } = await handle(api, labelUpdated(arn('shop-a1b2c3')));
    expect([tested, triggers]).toEqual([[`org_test ${first}`], ['rotation']]);
  });

  test('tests nothing of a tenant that only names the ARN', async () => {
    await using api = await start();
    const id = await create(api, 'B', {}, 'sk_of_another');
    await setSecret(api, 'org_other', id, arn('shop-a1b2c3'), { status_reason: 'secret-not-shared' });
    expect((await handle(api, labelUpdated(arn('shop-a1b2c3')))).tested).toEqual([]);
  });

  test('cannot be named in a create by a tenant with which it is not shared', async () => {
    await using api = await start();
    const body = { ...createConnectionBody(), mode: 'platform', credentials: { secret_arn: arn('shop') } };
    const { password: _, ...config } = createConnectionBody().config;
    const answer = await api.call('POST /v1/connections', { body: { ...body, config } });
    expect([answer.status, answer.body.code]).toEqual([422, 'secret-not-shared']);
    expect((await handle(api, labelUpdated(arn('shop-a1b2c3')))).tested).toEqual([]);
  });

  test.each<[string, object, string]>([
    [
      'of another account than that of the event',
      labelUpdated(arn('shop-a1b2c3', foreignAccount)),
      'foreign account',
    ],
    [
      'with another label',
      labelUpdated(arn('shop-a1b2c3'), { detail: { labelUpdated: 'BLUE' } }),
      'malformed',
    ],
    ['of another source', labelUpdated(arn('shop-a1b2c3'), { source: 'deploy' }), 'malformed'],
    ['without an ARN', labelUpdated('', { resources: [] }), 'malformed'],
    [
      'with the ARN of something else',
      labelUpdated(`arn:aws:s3:eu-central-1:${account}:secret:shop-a1b2c3`),
      'malformed',
    ],
  ])('%s is dropped', async (_, event, reason) => {
    await using api = await start();
    const id = await create(api, 'A');
    await setSecret(api, 'org_test', id, arn('shop-a1b2c3', foreignAccount));
    expect(await handle(api, event)).toEqual({ tested: [], triggers: [], dropped: reason });
  });
});

describe('an event of RDS', () => {
  test('tests the connections to its source of the tenants of its account', async () => {
    await using api = await start();
    const own = await create(api, 'A', rdsHost('shop'));
    await create(api, 'B', rdsHost('stock'));
    // The host is known to another tenant, who must not learn of the failover.
    const foreign = await create(api, 'C', rdsHost('shop'), 'sk_of_another');
    const { tested, triggers } = await handle(api, failover('Shop'));
    expect([tested, triggers]).toEqual([[`org_test ${own}`], ['event']]);
    const other = await handle(api, failover('shop', { account: foreignAccount }));
    expect(other.tested).toEqual([`org_other ${foreign}`]);
    expect((await handle(api, failover('shop', { region: 'us-east-1' }))).tested).toEqual([]);
  });

  test('does not test a connection that was deleted', async () => {
    await using api = await start();
    const id = await create(api, 'A', rdsHost('shop'));
    await api.call(`DELETE /v1/connections/${id}`);
    expect((await handle(api, failover('shop'))).tested).toEqual([]);
  });

  test.each<[string, object, string]>([
    ['of an account without tenants', failover('shop', { account: '999999999999' }), 'foreign account'],
    ['of another source', failover('shop', { source: 'deploy' }), 'malformed'],
    [
      'about a backup',
      failover('shop', { detail: { SourceIdentifier: 'shop', EventCategories: ['backup'] } }),
      'malformed',
    ],
    ['with another identifier', failover('shop#x'), 'malformed'],
  ])('%s is dropped', async (_, event, reason) => {
    await using api = await start();
    await create(api, 'A', rdsHost('shop'));
    expect(await handle(api, event)).toEqual({ tested: [], triggers: [], dropped: reason });
  });
});

import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { StoredConnection } from '../../../shared/domain/connections/connection.ts';
import { parseRdsEndpoint } from '../../../shared/domain/triggers/rds-endpoint.ts';
import {
  buildTriggerIndexChanges,
  toRdsTriggers,
  toSecretTriggers,
} from '../../../shared/domain/triggers/trigger-index.ts';
import type { Item } from '../../../shared/ports/store.ts';

const arnPrefix = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:';

const createIndexed = (host: string, arn?: string) =>
  ({
    id: 'a'.repeat(32),
    org_id: 'org',
    environment_id: 'default',
    type: 'postgresql',
    config: { host, port: 5432, database: 'shop', username: 'reader' },
    options: { ssl_mode: 'verify-full' },
    secret: arn === undefined ? { name: 'managed', version: '1' } : { arn: `${arnPrefix}${arn}` },
  }) as unknown as StoredConnection; // only these attributes are read

describe('the RDS source of an endpoint', () => {
  test.each([
    ['shop.c1a2b3c4d5e6.eu-central-1.rds.amazonaws.com', 'eu-central-1', 'shop'],
    ['SHOP.c1a2b3c4d5e6.eu-central-1.rds.amazonaws.com.', 'eu-central-1', 'shop'],
    ['shop-2.cluster-c1a2b3c4d5e6.us-east-1.rds.amazonaws.com', 'us-east-1', 'shop-2'],
    ['shop.cluster-ro-c1a2b3c4d5e6.us-gov-west-1.rds.amazonaws.com', 'us-gov-west-1', 'shop'],
    ['shop.proxy-c1a2b3c4d5e6.ap-southeast-2.rds.amazonaws.com', 'ap-southeast-2', 'shop'],
    ['shop.cluster-custom-c1a2b3c4d5e6.eu-central-1.rds.amazonaws.com', 'eu-central-1', 'shop'],
    ['shop.c1a2b3c4d5e6.rds.cn-north-1.amazonaws.com.cn', 'cn-north-1', 'shop'],
    ['shop.c1a2b3c4d5e6.cn-north-1.rds.amazonaws.com.cn', 'cn-north-1', 'shop'],
  ])('%s is found', (host, region, identifier) =>
    expect(parseRdsEndpoint(host)).toEqual({ region, identifier }),
  );

  test.each([
    'db.example.com',
    'shop.c1a2b3c4d5e6.eu-central-1.rds.amazonaws.com.example.com',
    'shop.eu-central-1.rds.amazonaws.com',
    'a.shop.c1a2b3c4d5e6.eu-central-1.rds.amazonaws.com',
    '127.0.0.1',
    'shop#x.c1a2b3c4d5e6.eu-central-1.rds.amazonaws.com',
    `${'a'.repeat(64)}.c1a2b3c4d5e6.eu-central-1.rds.amazonaws.com`,
  ])('%s has none', (host) => expect(parseRdsEndpoint(host)).toBeUndefined());
});

/** The connections that an event finds, of those in `items`. */
const findIn = (items: ReadonlyMap<string, Item>, { pk, accepts }: ReturnType<typeof toSecretTriggers>) =>
  [...items.values()].filter((item) => item.pk === pk && accepts(item)).map(({ sk }) => sk);

const applyChanges = (items: Map<string, Item>, changes: ReturnType<typeof buildTriggerIndexChanges>) => {
  const keys = changes.map((change) => JSON.stringify('put' in change ? [change.put.pk] : change));
  expect(new Set(keys).size).toBe(keys.length);
  for (const change of changes)
    if ('put' in change) items.set(change.put.pk, change.put);
    else if ('remove' in change) items.delete(change.remove.pk);
};

describe('a secret', () => {
  test.each([
    ['shop-a1b2c3', 'shop-a1b2c3'],
    ['shop', 'shop-a1b2c3'],
    ['prod-mysql1', 'prod-mysql1-a1b2c3'],
    ['prod-mysql1-a1b2c3', 'prod-mysql1-a1b2c3'],
  ])('stored as %s is found by the event of %s', (stored, changed) => {
    const items = new Map<string, Item>();
    applyChanges(items, buildTriggerIndexChanges(undefined, createIndexed('db.example.com', stored)));
    expect(findIn(items, toSecretTriggers(`${arnPrefix}${changed}`))).toEqual(['a'.repeat(32)]);
  });

  test.each([
    ['prod-mysql1', 'prod-a1b2c3'],
    ['prod-mysql1-a1b2c3', 'prod-mysql1'],
    ['shop-a1b2c3', 'shop-d4e5f6'],
  ])('stored as %s is not found by the event of %s', (stored, changed) => {
    const items = new Map<string, Item>();
    applyChanges(items, buildTriggerIndexChanges(undefined, createIndexed('db.example.com', stored)));
    expect(findIn(items, toSecretTriggers(`${arnPrefix}${changed}`))).toEqual([]);
  });
});

test('the items after any changes are those of the last state', () => {
  const anyHost = fc.constantFrom(
    'db.example.com',
    'shop.c1a2b3c4d5e6.eu-central-1.rds.amazonaws.com',
    'stock.cluster-c1a2b3c4d5e6.eu-central-1.rds.amazonaws.com',
  );
  const anyArn = fc.constantFrom(undefined, 'shop', 'shop-a1b2c3', 'shop-d4e5f6', 'stock-a1b2c3');
  const anyState = fc.option(
    fc.tuple(anyHost, anyArn).map(([host, arn]) => createIndexed(host, arn)),
    { nil: undefined },
  );
  fc.assert(
    fc.property(fc.array(anyState, { maxLength: 8 }), (states) => {
      const items = new Map<string, Item>();
      let before: StoredConnection | undefined;
      for (const after of states) {
        applyChanges(items, buildTriggerIndexChanges(before, after));
        before = after;
      }
      const fresh = new Map<string, Item>();
      applyChanges(fresh, buildTriggerIndexChanges(undefined, before));
      expect(items).toEqual(fresh);
      expect(buildTriggerIndexChanges(before, before)).toEqual([]);
    }),
  );
});

test('an RDS source is found by region and identifier', () => {
  const items = new Map<string, Item>();
  applyChanges(
    items,
    buildTriggerIndexChanges(undefined, createIndexed('shop.c1a2b3c4d5e6.eu-central-1.rds.amazonaws.com')),
  );
  expect(findIn(items, toRdsTriggers('eu-central-1', 'shop'))).toEqual(['a'.repeat(32)]);
  expect(findIn(items, toRdsTriggers('eu-west-1', 'shop'))).toEqual([]);
});

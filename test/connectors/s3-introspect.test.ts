import { describe, expect, test } from '@jest/globals';
import type { Table } from '../../shared/connectors/catalog.ts';
import type { SessionTarget } from '../../shared/connectors/connector.ts';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { s3 } from '../../shared/connectors/s3/connector.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { countingFront } from '../network/servers.ts';

interface Asked {
  readonly prefix?: string;
  readonly who?: string;
  readonly role?: SessionTarget['role'];
  readonly endpoint?: string;
}

const env = reach('s3');
onEngine(env, () => {
  const open = (
    bucket: string,
    { prefix, who = 'S3', role = 'source', endpoint = env['S3_ENDPOINT'] ?? '' }: Asked = {},
  ) =>
    openManagedSession(
      s3,
      {
        config: {
          endpoint,
          region: env['S3_REGION'],
          bucket,
          access_key_id: env[`${who}_KEY`],
          ...(prefix && { prefix }),
        },
        credentials: { auth_method: 'access_key', secret_access_key: env[`${who}_SECRET`] ?? '' },
        options: { ssl_mode: 'disable', query_timeout_seconds: 10 },
        role,
      },
      {
        policy: { loopback: true },
        environment: 'default',
        tlsSettings: { mode: 'disable' },
        options: { connection_timeout_seconds: 5 },
      },
    );
  const read = async (bucket: string, prefix?: string, excludedSchemas: readonly string[] = []) => {
    await using session = await open(bucket, prefix === undefined ? {} : { prefix });
    const tables: Table[] = [];
    const missing = await session.introspect({ excludedSchemas }, (some) => void tables.push(...some));
    return { tables, missing };
  };
  const shapeOf = (table: Table | undefined) =>
    table?.columns.map(({ name, type, kind }) => [name, type, kind].join(' '));

  describe('S3 catalog', () => {
    test('has one table per object and one table for all partitions, sorted by folder and name', async () => {
      const { tables } = await read('shop-data');
      expect(tables.map(({ schema, name, kind }) => [schema, name, kind])).toEqual([
        ['lake', 'orders', 'table'],
        ['lake', 'orders.csv', 'file'],
        ['lake', 'orders.jsonl', 'file'],
        ['lake', 'orders.jsonl.gz', 'file'],
        ['odd', 'broken.parquet', 'file'],
        ['odd', 'empty.csv', 'file'],
        ['odd', 'no-extension', 'file'],
        ['odd', 'semicolon.csv', 'file'],
        ['odd', 'spa ce+plus=eq&amp%25.csv', 'file'],
        ['odd', 'ключ-日本.json', 'file'],
      ]);
    });

    test('has the native types of a Parquet file, and the partition keys as the last columns', async () => {
      const { tables } = await read('shop-data', 'lake/orders/');
      expect(tables.length).toBe(1);
      expect(shapeOf(tables[0])).toEqual([
        'id INT_64 integer',
        'total DECIMAL(12,2) decimal',
        'customer UTF8 string',
        'paid BOOLEAN boolean',
        'at TIMESTAMP(MICROS,true) timestamp',
        'address struct<city: UTF8, zip: INT_64> json',
        'sizes array<INT_64> array',
        'tags map<UTF8, UTF8> json',
        'note UTF8 string',
        'year integer integer',
        'month integer integer',
      ]);
      expect(tables[0]?.columns.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
      // Six files with 20 000 rows in total, of which one is read.
      expect(tables[0]?.rows).toBeGreaterThan(18_000);
      expect(tables[0]?.rows).toBeLessThan(22_000);
    });

    test('has the columns of a CSV file, from its header and rows', async () => {
      const { tables } = await read('shop-data', 'lake/orders.csv');
      expect(shapeOf(tables[0])).toEqual([
        'id integer integer',
        'total decimal decimal',
        'customer string string',
        'paid boolean boolean',
        'at timestamp timestamp',
        'note string string',
        'year integer integer',
        'month integer integer',
      ]);
    });

    test('has the fields of JSON Lines, compressed or not, and the share of documents that contain each', async () => {
      const { tables } = await read('shop-data', 'lake/orders.jsonl');
      const [plain, packed] = tables;
      expect(shapeOf(plain)).toEqual(expect.arrayContaining(['address object json', 'sizes array array']));
      expect(shapeOf(packed)).toEqual(shapeOf(plain));
      expect(plain?.columns.find(({ name }) => name === 'note')).toMatchObject({ nullable: true, share: 1 });
      expect(packed?.rows).toBe(3000);
    });

    test('contains unreadable objects without columns, and reports them', async () => {
      const { tables, missing } = await read('shop-data', 'odd/');
      expect(tables.find(({ name }) => name === 'broken.parquet')).toMatchObject({ columns: [], rows: null });
      expect(missing).toMatchObject([{ count: 1 }]);
    });

    test('leaves out excluded schemas', async () => {
      const { tables } = await read('shop-data', undefined, ['lake']);
      expect(new Set(tables.map(({ schema }) => schema))).toEqual(new Set(['odd']));
    });

    test('folds a hundred thousand objects into one table', async () => {
      const { tables, missing } = await read('many-keys');
      expect(missing).toEqual([]);
      expect(tables).toMatchObject([{ schema: '', name: 'many-keys', columns: [{ name: 'part' }] }]);
    });
  });

  test('S3 introspection reads a few hundred KB of a Parquet file of 5 GB', async () => {
    await using front = await countingFront(Number(new URL(env['S3_ENDPOINT'] ?? '').port));
    await using session = await open('big-data', { endpoint: `http://127.0.0.1:${front.port}` });
    const tables: Table[] = [];
    await session.introspect({ excludedSchemas: [] }, (some) => void tables.push(...some));
    expect(tables).toMatchObject([{ name: 'big.parquet', rows: 200_000 }]);
    expect(tables[0]?.size_bytes).toBeGreaterThan(5_000_000_000);
    expect(tables[0]?.columns.length).toBe(11);
    expect(front.received()).toBeLessThan(500_000);
  });

  describe('S3 privileges', () => {
    const admin = { who: 'S3_ADMIN' };

    test('of a reading account are exactly sufficient for a source', async () => {
      await using session = await open('shop-data');
      expect(await session.privileges()).toEqual({ missing: [], excess: [] });
    });

    test('of a writing account are excessive for a source, and sufficient for a target', async () => {
      await using source = await open('empty-data', admin);
      expect((await source.privileges()).excess).toMatchObject([{ what: 's3:PutObject' }]);
      await using target = await open('empty-data', { ...admin, role: 'target' });
      expect(await target.privileges()).toEqual({ missing: [], excess: [] });
    });

    test('are checked without writing to the bucket', async () => {
      await using session = await open('empty-data', admin);
      await session.privileges();
      const tables: Table[] = [];
      await session.introspect({ excludedSchemas: [] }, (some) => void tables.push(...some));
      expect(tables).toEqual([]);
    });

    test('that are missing are reported with the policy statement that grants them', async () => {
      await using source = await open('audit-data');
      const { missing } = await source.privileges();
      expect(missing.map(({ what }) => what)).toEqual(['s3:ListBucket', 's3:GetObject']);
      for (const { grant } of missing) {
        const statement: unknown = JSON.parse(/\{.*\}/.exec(grant)?.[0] ?? '');
        expect(statement).toMatchObject({ Effect: 'Allow', Resource: expect.stringContaining('audit-data') });
      }
      await using target = await open('shop-data', { role: 'target' });
      expect((await target.privileges()).missing.map(({ what }) => what)).toEqual(['s3:PutObject']);
    });
  });
});

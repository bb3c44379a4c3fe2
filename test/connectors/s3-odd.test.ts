import { readFile } from 'node:fs/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Missing, Table } from '../../shared/connectors/catalog.ts';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { s3 } from '../../shared/connectors/s3/connector.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { BYTE_ARRAY, logical, OPTIONAL, buildParquetFile, UTF8 } from './parquet-footer.ts';

const env = reach('s3');
onEngine(env, () => {
  describe('catalog of an S3 bucket with files of many programs', () => {
    const Bucket = `odd-${process.pid}`;
    const admin = { accessKeyId: env['S3_ADMIN_KEY'] ?? '', secretAccessKey: env['S3_ADMIN_SECRET'] ?? '' };
    const client = new S3Client({
      endpoint: env['S3_ENDPOINT'] ?? '',
      region: env['S3_REGION'] ?? '',
      forcePathStyle: true,
      credentials: admin,
    });
    const csv = 'id,name\n1,x\n2,y\n';
    const uuid = '61d16c75-6994-46b7-a15b-8b538852e50e';
    const corpus = (file: string) => readFile(new URL(`../files/corpus/${file}`, import.meta.url));
    const objects = async (): Promise<Readonly<Record<string, string | Buffer>>> => {
      const parquet = await corpus('made/type-int32.parquet');
      return {
        'empty/a.csv': '',
        'empty/b.parquet': '',
        'folder/': '',
        'job/_SUCCESS': '',
        'hive/t/year=__HIVE_DEFAULT_PARTITION__/a.csv': csv,
        'hive/t/year=2026/b.csv': csv,
        'hive/at/at=2026-01-01%2010%3A00%3A00/a.csv': csv,
        'hive/day/day=2026%2D01%2D01/a.csv': csv,
        'mixed/t/d=1/a.csv': csv,
        'mixed/t/d=2/b.csv': csv,
        'mixed/t/d=3/README.md': '# Not a table',
        'packed/a.csv': gzipSync(csv),
        'packed/b.csv.gz': csv,
        'packed/c.csv.zst': zstdCompressSync(csv),
        'packed/d.csv.snappy': 'x',
        'packed/e.parquet.gzip': parquet,
        'packed/f.csv': parquet,
        'packed/g.parquet': csv,
        'packed/h.csv': '<!DOCTYPE html><p>Denied, again</p>',
        // Only this magic number shows that the footer of a file is encrypted.
        'encrypted/a.parquet': Buffer.concat([parquet.subarray(0, -4), Buffer.from('PARE')]),
        'unknown/a.parquet': buildParquetFile([
          { name: 'known', type: BYTE_ARRAY, repetition: OPTIONAL, converted: UTF8 },
          { name: 'unknown', type: BYTE_ARRAY, repetition: OPTIONAL, logical: logical(2555) },
        ]),
        'formats/a.orc': 'ORC',
        'formats/b.avro': 'Obj\u0001',
        'formats/c.xlsx': 'PK\u0003\u0004',
        'delta/t/_delta_log/00000000000000000000.json': '{}',
        'delta/t/part-00000-a-c000.snappy.parquet': parquet,
        'delta/t/part-00001-b-c000.snappy.parquet': parquet,
        [`delta/t/deletion_vector_${uuid}.bin`]: 'x',
        'iceberg/t/metadata/v1.metadata.json': '{}',
        'iceberg/t/metadata/version-hint.text': '1',
        [`iceberg/t/metadata/snap-1-1-${uuid}.avro`]: 'x',
        [`iceberg/t/metadata/${uuid}-m0.avro`]: 'x',
        [`iceberg/t/data/00000-0-${uuid}-00001.parquet`]: parquet,
        [`iceberg/t/data/00001-1-${uuid}-00001.parquet`]: parquet,
        'keys/sp ace+plus%25=x&y.csv': csv,
        'keys/new\nline.csv': csv,
        'keys/quote"\'.csv': csv,
        'keys/日本語 😀.csv': csv,
        'keys/back\\slash.csv': csv,
        'keys/%E2%82%AC.csv': csv,
        'keys/a#b?c*[d].CSV': csv,
      };
    };
    const written: string[] = [];
    const tables: Table[] = [];
    let missing: readonly Missing[] = [];

    beforeAll(async () => {
      await client.send(new CreateBucketCommand({ Bucket }));
      for (const [Key, body] of Object.entries(await objects())) {
        written.push(Key);
        await client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from(body) }));
      }
      await using session = await openManagedSession(
        s3,
        {
          config: {
            endpoint: env['S3_ENDPOINT'] ?? '',
            region: env['S3_REGION'],
            bucket: Bucket,
            access_key_id: admin.accessKeyId,
          },
          credentials: { auth_method: 'access_key', secret_access_key: admin.secretAccessKey },
          options: { ssl_mode: 'disable', query_timeout_seconds: 10 },
          role: 'source',
        },
        {
          policy: { loopback: true },
          environment: 'default',
          tlsSettings: { mode: 'disable' },
          options: { connection_timeout_seconds: 5 },
        },
      );
      missing = await session.introspect({ excludedSchemas: [] }, (some) => void tables.push(...some));
    });
    afterAll(async () => {
      for (const Key of written) await client.send(new DeleteObjectCommand({ Bucket, Key }));
      await client.send(new DeleteBucketCommand({ Bucket }));
      client.destroy();
    });

    const inSchema = (schema: string) =>
      tables
        .filter((table) => table.schema === schema)
        .map(({ name, rows, columns }) => [
          name,
          rows,
          columns.map((column) => `${column.name} ${column.kind}${column.nullable ? '?' : ''}`).join(', '),
        ]);
    const text = 'id integer?, name string?';
    const int32 = 'before integer, value integer?, after string?';

    test('has no table for an empty folder or a marker, and tables without columns for empty objects', () => {
      expect(inSchema('empty')).toEqual([
        ['a.csv', 0, ''],
        ['b.parquet', 0, ''],
      ]);
      expect(inSchema('folder')).toEqual([]);
      expect(inSchema('job')).toEqual([]);
    });

    test('has Hive partitions with unescaped values', () => {
      expect(inSchema('hive')).toEqual([
        ['at', 2, `${text}, at string`],
        ['day', 2, `${text}, day date`],
        ['t', 4, `${text}, year integer?`],
      ]);
    });

    test('has the columns of the readable files of a table, and no row count if other files are there', () => {
      expect(inSchema('mixed')).toEqual([['t', null, `${text}, d integer`]]);
    });

    test('reads files by their content, whatever their names', () => {
      expect(inSchema('packed')).toEqual([
        ['a.csv', 2, text],
        ['b.csv.gz', 2, text],
        ['c.csv.zst', 2, text],
        ['d.csv.snappy', null, ''],
        ['e.parquet.gzip', 2, int32],
        ['f.csv', null, ''],
        ['g.parquet', null, ''],
        ['h.csv', null, ''],
      ]);
      expect(inSchema('encrypted')).toEqual([['a.parquet', null, '']]);
      expect(inSchema('unknown')).toEqual([['a.parquet', 3, 'known string?, unknown binary?']]);
    });

    test('has one table for each Delta and Iceberg table', () => {
      expect(inSchema('delta')).toEqual([['t', 4, int32]]);
      expect(inSchema('iceberg')).toEqual([['t', 4, int32]]);
      expect(tables.filter(({ schema }) => /^(delta|iceberg)\//.test(schema))).toEqual([]);
    });

    test('has every key with its exact characters', () => {
      const names = written.flatMap((key) => (key.startsWith('keys/') ? [key.slice('keys/'.length)] : []));
      expect(new Set(inSchema('keys'))).toEqual(new Set(names.map((name) => [name, 2, text])));
    });

    test('reports unreadable columns, grouped by reason', () => {
      expect(missing.map(({ reason, count }) => [reason, count])).toEqual([
        ['footers-encrypted', 1],
        ['objects-unreadable', 3],
        ['objects-unsupported', 4],
        ['types-unknown', 1],
      ]);
    });
  });
});

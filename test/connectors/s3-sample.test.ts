import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Api, startApi } from '../api.ts';
import { onEngine, reach } from '../engines/reach.ts';

const env = reach('s3');
onEngine(env, () => {
  describe('partly read S3 data set', () => {
    const Bucket = `sampled-${process.pid}`;
    const admin = { accessKeyId: env['S3_ADMIN_KEY'] ?? '', secretAccessKey: env['S3_ADMIN_SECRET'] ?? '' };
    const client = new S3Client({
      endpoint: env['S3_ENDPOINT'] ?? '',
      region: env['S3_REGION'] ?? '',
      forcePathStyle: true,
      credentials: admin,
    });
    const written: string[] = [];
    const write = async (Key: string, Body: string) => {
      written.push(Key);
      await client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from(Body) }));
    };
    const lines = (count: number, line: (i: number) => string) =>
      Array.from({ length: count }, (_, i) => `${line(i)}\n`).join('');
    let api: Api;
    let id: string;

    beforeAll(async () => {
      await client.send(new CreateBucketCommand({ Bucket }));
      await write('lake/daily/day=1/a.jsonl', '{"id":1,"early":true}\n');
      await write('lake/large.csv', `id,note\n${lines(5000, (i) => `${i},${'x'.repeat(30)}`)}`);
      await write(
        'lake/large.jsonl',
        lines(5000, (i) => JSON.stringify({ id: i, note: 'x'.repeat(30), ...(i > 4000 && { late: 1 }) })),
      );
      await write('lake/small.csv', 'id,note\n1,a\n');
      await write('lake/small.jsonl', '{"id":1}\n');
      await write('lake/broken.parquet', 'this is none');
      await write('lake/picture.png', 'this is no table');
      api = await startApi();
      const body = {
        name: Bucket,
        type: 's3',
        config: {
          endpoint: env['S3_ENDPOINT'],
          region: env['S3_REGION'],
          bucket: Bucket,
          access_key_id: admin.accessKeyId,
        },
        credentials: { auth_method: 'access_key', secret_access_key: admin.secretAccessKey },
        options: { ssl_mode: 'disable' },
      };
      id = (await api.call('POST /v1/connections?test=false', { body })).body.id;
    });
    afterAll(async () => {
      await api?.[Symbol.asyncDispose]();
      for (const Key of new Set(written)) await client.send(new DeleteObjectCommand({ Bucket, Key }));
      await client.send(new DeleteBucketCommand({ Bucket }));
      client.destroy();
    });

    const refresh = async (query = 'max_age=0') =>
      new Map(
        (await api.call(`GET /v1/connections/${id}/schema?${query}`)).body.data.map((table) => [
          table.name,
          {
            sampled: table['sampled'],
            columns: Object(table['columns']).map((column: { name: string; seen_at?: string }) =>
              column.seen_at === undefined ? column.name : `${column.name}, seen before`,
            ),
          },
        ]),
      );
    const validate = async (name: string, column: string) => {
      const { body } = await api.call(`POST /v1/connections/${id}/schema/validate`, {
        body: { tables: [{ name, columns: [{ name: column }] }] },
      });
      return [...body.errors, ...Object(body['warnings'] ?? [])].map(({ code }: { code: string }) => code);
    };

    test('states the sampled share in files, documents or rows', async () => {
      const tables = await refresh();
      expect([...tables].map(([name, { sampled }]) => [name, sampled])).toEqual([
        ['broken.parquet', { files: 0, of: 1 }],
        ['daily', undefined],
        ['large.csv', { rows: expect.any(Number), of: expect.any(Number) }],
        ['large.jsonl', { documents: expect.any(Number), of: expect.any(Number) }],
        ['picture.png', undefined],
        ['small.csv', undefined],
        ['small.jsonl', undefined],
      ]);
      for (const [name, unit] of [
        ['large.csv', 'rows'],
        ['large.jsonl', 'documents'],
      ] as const) {
        const sampled = Object(tables.get(name)?.sampled);
        expect([name, sampled[unit] > 900 && sampled[unit] < 2500]).toEqual([name, true]);
        expect([name, sampled.of > 4500 && sampled.of < 5500]).toEqual([name, true]);
      }
    });

    test('causes a warning for an unknown column, and an error where the header names all columns', async () => {
      await refresh();
      expect(await validate('large.jsonl', 'late')).toEqual(['not-in-sample']);
      expect(await validate('broken.parquet', 'id')).toEqual(['not-in-sample']);
      for (const name of ['large.csv', 'small.csv', 'small.jsonl', 'picture.png', 'daily'])
        expect([name, await validate(name, 'absent')]).toEqual([name, ['column-not-found']]);
    });

    test('keeps the columns of a file that was read before', async () => {
      await refresh();
      await write('lake/daily/day=2/a.jsonl', '{"id":1,"late":true}\n');
      const both = { sampled: { files: 1, of: 2 }, columns: ['id', 'late', 'early, seen before', 'day'] };
      for (let i = 0; i < 3; i++) expect((await refresh()).get('daily')).toEqual(both);
      expect(await validate('daily', 'early')).toEqual([]);
      expect(await validate('daily', 'absent')).toEqual(['not-in-sample']);
      expect((await refresh('forget=true')).get('daily')).toEqual({
        sampled: { files: 1, of: 2 },
        columns: ['id', 'late', 'day'],
      });
    });

    test('drops the columns of a file with which the next has no column in common', async () => {
      await write('lake/odd/day=1/a.csv', 'alice,berlin\n1,2\n');
      await write('lake/odd/day=1/b.csv', 'bob,paris\n1,2\n');
      expect((await refresh()).get('odd')?.columns).toEqual(['bob', 'paris', 'day']);
      await write('lake/odd/day=1/c.csv', 'carol,rome\n1,2\n');
      expect((await refresh()).get('odd')?.columns).toEqual(['carol', 'rome', 'day']);
    });

    test('keeps its columns while none of the new files can be read', async () => {
      await write('lake/daily/day=3/a.parquet', '');
      await write('lake/daily/day=3/b.parquet', 'this is none');
      expect((await refresh()).get('daily')).toMatchObject({ sampled: { files: 1, of: 3 } });
      await write('lake/daily/day=4/b.parquet', 'this is none');
      expect((await refresh()).get('daily')).toEqual({
        sampled: { files: 0, of: 4 },
        columns: ['id, seen before', 'late, seen before', 'day'],
      });
      expect(await validate('daily', 'id')).toEqual([]);
    });
  });
});

import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from '@jest/globals';
import { onEngine, reach } from '../engines/reach.ts';
import { listen } from '../network/servers.ts';
import { measureInChildProcess, MAX_INTROSPECTION_MB } from '../contracts/memory.ts';

const files = 10_000;
const page = 1000;
const env = reach('s3');

onEngine(env, () => {
  const real = new S3Client({
    endpoint: env['S3_ENDPOINT'] ?? '',
    region: env['S3_REGION'] ?? '',
    forcePathStyle: true,
    credentials: { accessKeyId: env['S3_KEY'] ?? '', secretAccessKey: env['S3_SECRET'] ?? '' },
  });
  const bytesOf = async (key: string) => {
    const { Body } = await real.send(new GetObjectCommand({ Bucket: 'shop-data', Key: `lake/${key}` }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  };
  const beginningOf = (bytes = Buffer.alloc(0)) =>
    Buffer.from(bytes.toString('utf8').split('\n').slice(0, 10).join('\n'));

  /**
   * The objects come from a real server, and the Parquet files from DuckDB. Only the number of ten thousand
   * objects is simulated.
   */
  test('S3 introspection reads ten thousand objects in bounded memory', async () => {
    const [csv, jsonl, packed, parquet] = await Promise.all(
      ['orders.csv', 'orders.jsonl', 'orders.jsonl.gz', 'orders/year=2025/month=1/data_0.parquet'].map(
        bytesOf,
      ),
    );
    const whole = [csv, jsonl, packed, parquet];
    const small = [csv, jsonl].map(beginningOf);
    // Most objects are small to save time. Of a large object, only its start or end is read.
    const of = (at: number) => (at % 100 < whole.length ? whole[at % 100] : small[at % 2]) ?? Buffer.alloc(0);
    const extension = (at: number) =>
      at % 100 < whole.length
        ? ['.csv', '.jsonl', '.jsonl.gz', '.parquet'][at % 100]
        : ['.csv', '.jsonl'][at % 2];
    const name = (at: number) => `area${at % 10}/orders-${String(at).padStart(6, '0')}${extension(at)}`;

    const list = (url: URL, response: ServerResponse) => {
      const from = Number(url.searchParams.get('continuation-token') ?? 0);
      const most = Math.min(page, Number(url.searchParams.get('max-keys') ?? page));
      const all = Array.from({ length: Math.min(most, files - from) }, (_, at) => {
        const size = of(from + at).length;
        return `<Contents><Key>${name(from + at)}</Key><Size>${size}</Size><LastModified>2026-01-01T00:00:00Z</LastModified><StorageClass>STANDARD</StorageClass></Contents>`;
      });
      const more = from + most < files;
      const end = `<IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${from + most}</NextContinuationToken>` : ''}`;
      response.end(
        `<ListBucketResult><Name>many</Name><KeyCount>${all.length}</KeyCount>${end}${all.join('')}</ListBucketResult>`,
      );
    };
    const read = (url: URL, request: IncomingMessage, response: ServerResponse) => {
      const object = of(Number(/orders-(\d+)/.exec(url.pathname)?.[1]));
      const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
      const end = Math.min(object.length - 1, to === '' ? Infinity : Number(to));
      const bytes = object.subarray(Number(from), end + 1);
      response.writeHead(206, {
        'content-length': bytes.length,
        'content-range': `bytes ${from}-${end}/${object.length}`,
        etag: '"any"',
      });
      response.end(bytes);
    };
    await using server = await listen(
      createServer((request, response) => {
        const url = new URL(request.url ?? '', 'http://localhost');
        if (url.searchParams.has('list-type')) list(url, response);
        else read(url, request, response);
      }),
    );
    const { peakMb, ...counted } = await measureInChildProcess({
      connector: 's3',
      target: {
        config: {
          endpoint: `http://127.0.0.1:${server.port}`,
          region: 'eu-west-1',
          bucket: 'many',
          access_key_id: 'obviously-fake',
        },
        credentials: { auth_method: 'access_key', secret_access_key: 'obviously-fake' },
        options: { ssl_mode: 'disable', query_timeout_seconds: 60 },
        role: 'source',
      },
      tlsSettings: { mode: 'disable' },
    });
    expect(counted).toMatchObject({ tables: files, ordered: true, missing: [] });
    expect(counted.columns).toBeGreaterThan(files * 8);
    expect(peakMb).toBeLessThan(MAX_INTROSPECTION_MB);
  });
});

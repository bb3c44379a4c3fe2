import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { s3 } from '../../shared/connectors/s3/connector.ts';
import { countingFront } from '../network/servers.ts';
import type { Bench, Row } from './bench.ts';

/**
 * Measures our introspection of versitygw buckets, connecting included, beside a plain loop over the SDK that
 * lists page after page and reads the first 64 KB of each object, 16 at a time. They take turns; a ratio is
 * the median over the turns. KB are the bytes that our introspection received.
 */
export const bench: Bench = {
  name: 's3',
  run: async () => {
    const env = await start();
    const rows: Row[] = [];
    for (const [what, bucket, turns] of [
      ['100 000 objects in 100 partitions', 'many-keys', 3],
      ['1 000 CSV', 'many-tables', 5],
      ['a Parquet of 5 GB', 'big-data', 5],
    ] as const) {
      const times: { readonly ours: number; readonly loop: number }[] = [];
      const received = await counted(env, (endpoint) => readCatalog(env, bucket, endpoint));
      for (let turn = 0; turn < turns; turn += 1) {
        const ours = await timed(() => readCatalog(env, bucket));
        times.push({ ours, loop: await timed(() => plainLoop(env, bucket)) });
      }
      rows.push({
        what,
        'ours ms': Math.round(median(times.map(({ ours }) => ours))),
        'loop ms': Math.round(median(times.map(({ loop }) => loop))),
        ratio: Math.round(median(times.map(({ ours, loop }) => ours / loop)) * 100) / 100,
        KB: Math.round(received / 1000),
      });
    }
    return rows;
  },
};

type Env = Readonly<Record<string, string>>;

/** A server that runs already keeps running. */
const start = async (): Promise<Env> => {
  const engine = fileURLToPath(new URL('../engines/s3', import.meta.url));
  const { stdout } = await promisify(execFile)(engine, ['start']);
  return Object.fromEntries(
    stdout
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
};

/** Counts bytes with a proxy, which costs time, so this run is not timed. */
const counted = async (env: Env, work: (endpoint: string) => Promise<void>): Promise<number> => {
  await using front = await countingFront(Number(new URL(env['S3_ENDPOINT'] ?? '').port));
  await work(`http://127.0.0.1:${front.port}`);
  return front.received();
};

const readCatalog = async (env: Env, bucket: string, endpoint = env['S3_ENDPOINT']): Promise<void> => {
  await using session = await openManagedSession(
    s3,
    {
      config: {
        endpoint,
        bucket,
        region: env['S3_REGION'],
        access_key_id: env['S3_KEY'],
      },
      credentials: { auth_method: 'access_key', secret_access_key: env['S3_SECRET'] ?? '' },
      options: { ssl_mode: 'disable', query_timeout_seconds: 60 },
      role: 'source',
    },
    {
      policy: { loopback: true },
      environment: 'default',
      tlsSettings: { mode: 'disable' },
      options: { connection_timeout_seconds: 5 },
      budget: 300_000,
    },
  );
  await session.introspect({ excludedSchemas: [] }, () => {});
};

const plainLoop = async (env: Env, bucket: string): Promise<void> => {
  const client = new S3Client({
    endpoint: env['S3_ENDPOINT'] ?? '',
    region: env['S3_REGION'] ?? '',
    forcePathStyle: true,
    credentials: { accessKeyId: env['S3_KEY'] ?? '', secretAccessKey: env['S3_SECRET'] ?? '' },
  });
  const keys: string[] = [];
  let from: string | undefined;
  do {
    const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: from }));
    for (const { Key: key, Size: size } of page.Contents ?? []) if (key && size) keys.push(key);
    from = page.NextContinuationToken;
  } while (from !== undefined);
  const waiting = keys.values();
  const take = async () => {
    for (const Key of waiting) {
      const part = await client.send(new GetObjectCommand({ Bucket: bucket, Key, Range: 'bytes=0-65535' }));
      await part.Body?.transformToByteArray();
    }
  };
  await Promise.all(Array.from({ length: 16 }, take));
  client.destroy();
};

const timed = async (work: () => Promise<void>): Promise<number> => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

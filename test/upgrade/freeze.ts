// Freezes what the release in a checkout stores, for `upgrade.test.ts` of all later releases:
//   node test/upgrade/freeze.ts CHECKOUT NAME
// It starts the checkout's own server on a new state folder, and again on the engine `aws`. Both times it
// registers, updates, tests and reads the same connections over HTTP and stops the server. It writes
// `test/upgrade/NAME/{state,aws.json}`. It needs the engines postgres and aws.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { awsClient } from '../engines/aws-client.ts';
import { isReachable, reach } from '../engines/reach.ts';
import { driveRelease, frozenKey, frozenTable } from './frozen-requests.ts';

const [checkout, name] = process.argv.slice(2);
if (!checkout || !name) throw new Error('expected CHECKOUT NAME');
const postgres = reach('postgres');
const aws = reach('aws');
if (!isReachable(postgres) || !isReachable(aws))
  throw new Error('expected the engines postgres and aws to run');
const out = fileURLToPath(new URL(name, import.meta.url));

const runServer = async (state: string, environment: Readonly<Record<string, string>>) => {
  await mkdir(join(state, 'vault', 'shared'), { recursive: true, mode: 0o700 });
  const shared = {
    tags: { 'mooring:tenant': 'org_local/default', 'mooring:host': '127.0.0.1' },
    value: { password: postgres['POSTGRES_PASSWORD'] },
  };
  await writeFile(join(state, 'vault', 'shared', 'warehouse.json'), JSON.stringify(shared));
  const child = spawn(process.execPath, ['infra/local/start.ts'], {
    cwd: checkout,
    env: {
      ...process.env,
      PORT: '0',
      MOORING_DEMO: 'off',
      MOORING_API_KEY: frozenKey,
      MOORING_STATE: state,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  const address = await new Promise<string>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const found = /^Mooring +(http\S+)/m.exec(text)?.[1];
      if (found && /\ncurl .*autocomplete.*\n/.test(text)) resolve(found);
    });
  });
  const ended = once(child, 'exit');
  try {
    await driveRelease(address, postgres);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
};

const folder = await mkdtemp(join(tmpdir(), 'mooring-freeze-'));
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

const state = join(folder, 'state');
await runServer(state, {});
await cp(state, join(out, 'state'), {
  recursive: true,
  filter: (path) => !/\/(lock|api-key|store\.db-(wal|shm))$/.test(path),
});

await runServer(join(folder, 'aws'), { ...aws, MOORING_TABLE: frozenTable });
const dynamo = new DynamoDBClient(awsClient(aws));
const secrets = new SecretsManagerClient(awsClient(aws));
const { Items: items = [] } = await dynamo.send(
  new ScanCommand({ TableName: frozenTable, ConsistentRead: true }),
);
const release = {
  frozen_at: new Date().toISOString(),
  commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: checkout, encoding: 'utf8' }).trim(),
};
await writeFile(join(out, 'release.json'), `${JSON.stringify(release)}\n`);
const bytesAsText = (_: string, value: unknown) =>
  value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value;
const { SecretList = [] } = await secrets.send(
  new ListSecretsCommand({
    Filters: [{ Key: 'name', Values: [`${frozenTable}/`] }],
    MaxResults: 100,
    IncludePlannedDeletion: true,
  }),
);
const kept = [];
for (const { Name, Tags = [], DeletedDate } of SecretList) {
  if (DeletedDate) continue; // its versions cannot be read, and only a restore needs them
  const { VersionIdsToStages = {} } = await secrets.send(new DescribeSecretCommand({ SecretId: Name }));
  const versions = [];
  for (const [id, stages] of Object.entries(VersionIdsToStages)) {
    const value = await secrets.send(new GetSecretValueCommand({ SecretId: Name, VersionId: id }));
    versions.push({ id, stages, text: value.SecretString });
  }
  kept.push({ name: Name, tags: Tags, versions });
}
await writeFile(join(out, 'aws.json'), `${JSON.stringify({ items, secrets: kept }, bytesAsText, 1)}\n`);
await rm(folder, { recursive: true, force: true });
process.stdout.write(`${items.length} items and ${kept.length} secrets in ${out}\n`);
process.exit(0);

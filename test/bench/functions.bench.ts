import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { bundleFunctions, projectRoot } from '../../infra/build/bundle.ts';
import { measureBundle } from '../../infra/build/measure-bundle.ts';
import type { Bench } from './bench.ts';

/**
 * The SDK clients and commands that the adapter of each port uses. The baseline bundles contain only these.
 */
const sdk: Readonly<Record<string, string>> = {
  store: `import { DynamoDBClient, GetItemCommand, QueryCommand, PutItemCommand, DeleteItemCommand, UpdateItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
    keep(new DynamoDBClient({}), GetItemCommand, QueryCommand, PutItemCommand, DeleteItemCommand, UpdateItemCommand, TransactWriteItemsCommand);`,
  vault: `import { KMSClient, GenerateMacCommand } from '@aws-sdk/client-kms';
    import { SecretsManagerClient, CreateSecretCommand, DeleteSecretCommand, DescribeSecretCommand, GetSecretValueCommand, PutSecretValueCommand, RestoreSecretCommand, UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager';
    keep(new KMSClient({}), new SecretsManagerClient({}), GenerateMacCommand, CreateSecretCommand, DeleteSecretCommand, DescribeSecretCommand, GetSecretValueCommand, PutSecretValueCommand, RestoreSecretCommand, UpdateSecretVersionStageCommand);`,
  probe: `import { LambdaClient, InvokeCommand } from '@aws-sdk/client-lambda';
    keep(new LambdaClient({}), InvokeCommand);`,
};

const environment = {
  PATH: process.env['PATH'] ?? '',
  AWS_REGION: 'eu-central-1',
  TABLE_NAME: 'bench',
  SECRET_PREFIX: 'bench',
  SECRET_KEY_ID: 'bench',
  MAC_KEY_ID: 'bench',
};

/**
 * Measures each function from a cold process to its first answer, beside a bundle with only the SDK clients
 * that it uses.
 */
export const bench: Bench = {
  name: 'functions',
  run: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mooring-bench-'));
    try {
      const bundles = await bundleFunctions(folder);
      const rows = [];
      for (const name of [
        'connections/get',
        'connections/create',
        'connections/test',
        'connections/change',
      ]) {
        const found = bundles.find((made) => made.name === name);
        const [plan] = found?.functions ?? [];
        if (!found || !plan) throw new Error(`There is no function ${name}`);
        const yardstick = join(folder, `sdk-of-${name.replace('/', '-')}`, 'index.mjs');
        await buildYardstick(
          Object.keys(sdk).filter((port) => port in plan.uses || port === 'store'),
          yardstick,
        );
        const ours = join(folder, name, 'index.mjs');
        const [a, b] = paired(
          () => timed(answer(ours)),
          () => timed(`await import(${JSON.stringify(yardstick)});`),
        );
        rows.push({
          function: name,
          'KB loaded': Math.round(measureBundle(found, plan).first / 1000),
          'ms to the first answer': a.toFixed(1),
          'ms of the SDK alone': b.toFixed(1),
          ratio: (a / b).toFixed(2),
          'to reach': '≤ 1.5, ≤ 500 KB',
        });
      }
      return rows;
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

/**
 * A request without credentials is refused only after the function has loaded and created all that it needs.
 */
const answer = (file: string) => `
  const { handler } = await import(${JSON.stringify(file)});
  const event = { routeKey: 'x', headers: {}, rawQueryString: '', pathParameters: {}, requestContext: { requestId: 'r', http: { method: 'GET', path: '/' } } };
  const { statusCode } = await handler(event, {});
  if (statusCode !== 401) throw new Error('answered ' + statusCode);`;

/**
 * Returns how many milliseconds a piece of code takes in a process of its own, without the start of that
 * process.
 */
const timed = (code: string): number => {
  const script = `const began = performance.now(); ${code}; process.stdout.write('\\n' + (performance.now() - began));`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'], // a bundle is a single line, which an error would print in full
  });
  return Number(out.toString().split('\n').at(-1));
};

/** Returns the medians of two measurements that alternate, so that a slower machine affects both. */
const paired = (one: () => number, other: () => number, runs = 15): readonly [number, number] => {
  const times: [number[], number[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    times[0].push(one());
    times[1].push(other());
  }
  return [median(times[0]), median(times[1])];
};

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

const buildYardstick = async (ports: readonly string[], outfile: string) => {
  const entry = join(dirname(outfile), 'entry.js');
  await mkdir(dirname(entry));
  await writeFile(
    entry,
    `const keep = (...all) => { globalThis.kept = all; };\n${ports.map((port) => sdk[port]).join('\n')}`,
  );
  await build({
    entryPoints: { index: entry },
    outdir: dirname(outfile),
    outExtension: { '.js': '.mjs' },
    splitting: true,
    absWorkingDir: projectRoot,
    nodePaths: [join(projectRoot, 'node_modules')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    minify: true,
    banner: {
      js: "import{createRequire as $require}from'node:module';const require=$require(import.meta.url);",
    },
  });
};

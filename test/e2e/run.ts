import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));

type Variables = Readonly<Record<string, string>>;

/** Servers and ports of their own, because others may run on the same machine. */
const aws: Variables = { INSTANCE: 'e2e', AWS_PORT: process.env['E2E_AWS_PORT'] ?? '24577' };
const postgres: Variables = {
  INSTANCE: 'e2e',
  POSTGRES_VERSION: '18',
  POSTGRES_TLS: 'server',
  POSTGRES_PORT: process.env['E2E_POSTGRES_PORT'] ?? '24578',
};

/** The prefix of the deployment, and therefore the name of its table. */
const name = 'mooring-e2e';

const context: Variables = {
  name,
  nat: 'false',
  retain: 'false',
  // PostgreSQL runs on this machine.
  egress: JSON.stringify({ loopback: true }),
};

/** Deploys to the AWS engine and runs the checks against the deployment. */
const main = async (): Promise<void> => {
  const out = mkdtempSync(join(tmpdir(), 'mooring-e2e-'));
  stop(); // what an interrupted run left behind
  try {
    const database = variables(engine('postgres', postgres, 'start'));
    const cloud = variables(engine('aws', aws, 'start'));
    said('bundle', () => run(process.execPath, ['infra/build/bundle.ts']));
    said('synthesise', () => {
      const settings = Object.entries(context).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
      run(process.execPath, ['node_modules/aws-cdk/bin/cdk', 'synth', '--quiet', '-o', out, ...settings]);
    });
    const outputs = said(
      'deploy',
      () => JSON.parse(engine('aws', aws, 'deploy', out)) as Readonly<Record<string, Variables>>,
    );
    const key = run(process.execPath, ['infra/keys.ts', 'create', '--aws', '--org', 'org_e2e'], {
      ...cloud,
      MOORING_TABLE: name,
    }).trim();
    process.exitCode = await job({
      ...database,
      ...cloud,
      API_ID: outputs['MooringE2eApi']?.['ApiId'] ?? '',
      API_KEY: key,
      DEAD_LETTERS_URL: outputs['MooringE2eData']?.['DeadLettersUrl'] ?? '',
      DEPLOYMENT: name,
    });
  } finally {
    stop();
    rmSync(out, { recursive: true, force: true });
  }
};

const stop = (): void => {
  engine('aws', aws, 'stop');
  engine('postgres', postgres, 'stop');
};

/** Runs in a process of its own, because Node reads the CA certificate of the engine only at its start. */
const job = async (environment: Variables): Promise<number> => {
  const child = spawn(process.execPath, [join(root, 'test/e2e/job.ts')], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
};

const run = (command: string, args: readonly string[], environment: Variables = {}): string =>
  execFileSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });

const engine = (script: string, settings: Variables, ...args: readonly string[]): string =>
  run(join(root, 'test/engines', script), args, settings);

const said = <T>(what: string, work: () => T): T => {
  const began = performance.now();
  const result = work();
  console.log(`${what}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return result;
};

/** A value is unquoted and extends to the end of the line. */
const variables = (text: string): Variables =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

const { values: options } = parseArgs({ options: { help: { type: 'boolean', short: 'h', default: false } } });
if (options.help)
  console.log(
    'npm run e2e\n\nDeploys on an AWS-compatible server of its own (E2E_AWS_PORT, E2E_POSTGRES_PORT) and uses all five APIs through its HTTP API.',
  );
else await main();

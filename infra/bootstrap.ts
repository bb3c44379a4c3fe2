import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));

/** The region that `npm run deploy` uses with the same context: from `-c region=…`, then `cdk.json`, then the default. */
export const readRegion = (args: readonly string[], context: Readonly<Record<string, unknown>>): string => {
  const given = args.flatMap((arg, at) => {
    const value = /^(?:-c|--context)$/.test(args[at - 1] ?? '') ? arg : /^--context=(.*)$/.exec(arg)?.[1];
    return /^region=(.+)$/.exec(value ?? '')?.[1] ?? [];
  });
  const configured = context['region'];
  return given.at(-1) ?? (typeof configured === 'string' ? configured : 'eu-central-1');
};

/** `npm run bootstrap`: prepares the account and the region for the first deployment. It needs no bundles and does not run the CDK app. */
const runBootstrap = async (): Promise<number> => {
  const args = process.argv.slice(2);
  const { context = {} } = JSON.parse(await readFile(join(repositoryRoot, 'cdk.json'), 'utf8')) as {
    readonly context?: Readonly<Record<string, unknown>>;
  }; // our own file
  const region = readRegion(args, context);
  const account = await findAccount(region);
  // The command would run the CDK app first if the working folder contained a cdk.json.
  const folder = mkdtempSync(join(tmpdir(), 'mooring-bootstrap-'));
  try {
    const program = join(repositoryRoot, 'node_modules/aws-cdk/bin/cdk');
    const options = { cwd: folder, stdio: 'inherit', env: { ...process.env, AWS_REGION: region } } as const;
    const done = spawnSync(
      process.execPath,
      [program, 'bootstrap', `aws://${account}/${region}`, ...args],
      options,
    );
    return done.status ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const findAccount = async (region: string): Promise<string> => {
  const sts = new STSClient({ region });
  try {
    const { Account } = await sts.send(new GetCallerIdentityCommand({}));
    if (Account !== undefined) return Account;
  } catch (error) {
    const cause = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new Error(
      `AWS does not recognise these credentials. Expected credentials of the account to deploy to: AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (${cause})`,
      { cause: error },
    );
  }
  throw new Error('AWS names no account for these credentials');
};

if (import.meta.main) {
  try {
    process.exitCode = await runBootstrap();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pollUntil } from '../../poll-until.ts';

/** One running `npm start`, with what it printed. */
export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  readonly address: string;
  readonly key: string;
  readonly lines: readonly string[];
}

export const launchStart = (environment: Readonly<Record<string, string>>) => {
  const { AWS_ENDPOINT_URL: _, NODE_OPTIONS: __, npm_lifecycle_event: ___, ...inherited } = process.env;
  const child = spawn(process.execPath, ['infra/local/start.ts'], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    env: { ...inherited, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return { child, ended: once(child, 'exit'), out: () => out, err: () => err };
};

export const waitUntilReady = async ({
  child,
  ended,
  out,
  err,
}: ReturnType<typeof launchStart>): Promise<Started> => {
  const failed = ended.then(() => Promise.reject(new Error(`npm start ended: ${err()}`)));
  failed.catch(() => undefined); // a process that was ready may end at any time
  while (!/\ncurl .*autocomplete.*\n/.test(out())) await Promise.race([once(child.stdout, 'data'), failed]);
  const [, address = ''] = /^Mooring +(\S+)/m.exec(out()) ?? [];
  const [, key = ''] = /^API key +(\S+)/m.exec(out()) ?? [];
  return { child, ended, address, key, lines: out().match(/^curl .+$/gm) ?? [] };
};

/** Runs each line in a shell of its own. Its environment has only a PATH. */
export const runCurlLines = async ({ lines }: Pick<Started, 'lines'>): Promise<unknown[]> => {
  const answers: unknown[] = [];
  for (const line of lines) {
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', line], {
      env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    });
    answers.push(JSON.parse(stdout));
  }
  return answers;
};

export const list = async ({ address, key }: Pick<Started, 'address' | 'key'>) => {
  const answer = await fetch(`${address}/v1/connections`, { headers: { authorization: `Bearer ${key}` } });
  return (await answer.json()) as { data: { id: string; name: string; status: string }[] }; // in the API's own schema
};

/** Waits until the newest connection is tested and returns its status. */
export const waitForTestStatus = (started: Started): Promise<string | undefined> =>
  pollUntil(
    async () => (await list(started)).data[0]?.status,
    (status) => status !== 'testing',
  );

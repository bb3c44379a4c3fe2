import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../infra/bundle.ts';
import type { Bench } from './bench.ts';

const port = 18_987;
const key = 'sk_of_the_bench';

/** `npm start` as a whole: how soon it is there, and how many GETs a second it answers. */
export const bench: Bench = {
  name: 'server',
  run: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mooring-bench-'));
    const began = performance.now();
    const server = spawn(process.execPath, ['infra/local/start.ts'], {
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        PORT: String(port),
        MOORING_STATE: folder,
        MOORING_API_KEY: key,
        MOORING_DEMO: 'off',
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    try {
      while ((await get('/v1/health').catch(() => 0)) !== 200)
        await new Promise((done) => setTimeout(done, 20));
      const ready = performance.now() - began;
      const id = await create();
      const path = `/v1/connections/${id}`;
      await load(path, 2000);
      const { perSecond, p99 } = await load(path, 20_000);
      return [
        { what: 'ready after start, ms', figure: Math.round(ready), 'to reach': '≤ 3000' },
        { what: 'GET of a connection, per second', figure: Math.round(perSecond), 'to reach': '≥ 3000' },
        { what: 'its p99, ms', figure: p99.toFixed(2), 'to reach': '≤ 5' },
      ];
    } finally {
      server.kill('SIGTERM');
      await new Promise((done) => void server.once('exit', done));
      await rm(folder, { recursive: true });
    }
  },
};

const agent = new Agent({ keepAlive: true, maxSockets: 10 });

const send = (method: string, path: string, body?: string): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) };
    const call = request({ host: '127.0.0.1', port, method, path, agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    call.on('error', reject).end(body);
  });

const get = async (path: string) => (await send('GET', path)).status;

const create = async (): Promise<string> => {
  const config = { host: '127.0.0.1', port: 1, database: 'shop', username: 'reader' };
  const body = { name: 'Bench', type: 'postgresql', config, credentials: { password: 'made up' } };
  const { text } = await send('POST', '/v1/connections?test=false', JSON.stringify(body));
  return (JSON.parse(text) as { id: string }).id;
};

const load = async (path: string, total: number) => {
  const times: number[] = [];
  const began = performance.now();
  const client = async () => {
    while (times.length < total) {
      const from = performance.now();
      if ((await get(path)) !== 200) throw new Error(`${path} did not answer 200`);
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: 10 }, client));
  const seconds = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  return { perSecond: times.length / seconds, p99: times[Math.floor(times.length * 0.99)] ?? 0 };
};

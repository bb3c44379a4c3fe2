import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../infra/build/bundle.ts';
import manifest from '../../package.json' with { type: 'json' };

const port = 18_987;
const key = 'sk_of_the_bench';

/** The flags with which `npm start` runs Node. */
export const startFlags = manifest.scripts.start.split(' ').filter((part) => part.startsWith('--'));

export interface LocalServer extends AsyncDisposable {
  /** Milliseconds until the server answered. */
  readonly ready: number;
  readonly send: Send;
}

export type Send = (method: string, path: string, body?: object) => Promise<Answer>;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Runs `npm start` with a state folder of its own, which is removed afterwards. */
export const startLocalServer = async (): Promise<LocalServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-bench-'));
  const began = performance.now();
  const server = spawn(process.execPath, [...startFlags, 'infra/local/start.ts'], {
    cwd: projectRoot,
    env: {
      PATH: process.env['PATH'],
      PORT: String(port),
      MOORING_STATE: folder,
      MOORING_API_KEY: key,
      MOORING_DEMO: 'off',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const stop = async () => {
    server.kill('SIGTERM');
    if (server.exitCode === null) await once(server, 'exit');
    await rm(folder, { recursive: true });
  };
  try {
    const send = createSender(`http://127.0.0.1:${port}`, key);
    while ((await send('GET', '/v1/health').catch(() => undefined))?.status !== 200)
      await new Promise((done) => setTimeout(done, 20));
    return { ready: performance.now() - began, send, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

const agent = new Agent({ keepAlive: true, maxSockets: 10 });

export const createSender = (address: string, apiKey: string): Send => {
  const send: Send = (method, path, body) =>
    new Promise((resolve, reject) => {
      const json = body && { 'content-type': 'application/json' };
      const headers = { authorization: `Bearer ${apiKey}`, ...json };
      const call = request(`${address}${path}`, { method, agent, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
        answer.on('error', reject);
      });
      // Repeat on a connection that the server has closed meanwhile:
      // https://nodejs.org/api/http.html#requestreusedsocket
      call.on('error', (error) => (call.reusedSocket ? resolve(send(method, path, body)) : reject(error)));
      call.end(body && JSON.stringify(body));
    });
  return send;
};

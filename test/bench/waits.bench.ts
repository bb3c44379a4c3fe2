import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Bench, Row } from './bench.ts';
import { createSender, type Send } from './local-server.ts';
import { startWatchedServer } from './watched.ts';
import type { Turn } from './watched-server.ts';

const tables = 105_770;

/**
 * Measures how long other callers of `npm start` wait while two sources of 105 770 tables are introspected,
 * which is as many as run at once. Three callers send requests, each in a loop of its own.
 */
export const bench: Bench = {
  name: 'waits',
  run: async () => {
    await using source = await startSource();
    await using server = await startWatchedServer();
    const send = createSender(server.address, server.apiKey);
    const ids = await Promise.all([1, 2].map((n) => create(send, `Large ${n}`, source.port)));
    const measure = async (beside: string, work: () => Promise<unknown>) => {
      const loops = callers(send, ids[0] ?? '');
      const turn = await server.watch(work);
      return rowsOf(beside, await loops.stop(), turn);
    };
    return [
      ...(await measure('nothing else', () => new Promise((done) => setTimeout(done, 5000)))),
      ...(await measure('two introspections', () => Promise.all(ids.map((id) => introspect(send, id))))),
    ];
  },
};

const startSource = async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'large-source.ts'), `${tables}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [port]: unknown[] = await once(child.stdout, 'data');
  const stop = async () => {
    child.stdin.end();
    if (child.exitCode === null) await once(child, 'exit');
  };
  return { port: Number(String(port)), [Symbol.asyncDispose]: stop };
};

const create = async (send: Send, name: string, port: number): Promise<string> => {
  const { status, text } = await send('POST', '/v1/connections?test=false', {
    name,
    type: 'postgresql',
    config: { host: '127.0.0.1', port, database: 'shop', username: 'reader' },
    options: { ssl_mode: 'disable', query_timeout_seconds: 300 },
    credentials: { password: 'made up' },
  });
  if (status !== 201) throw new Error(`Expected a connection, got ${status}`);
  return (JSON.parse(text) as { readonly id: string }).id;
};

const introspect = async (send: Send, id: string): Promise<void> => {
  for (;;) {
    const { status, text } = await send('GET', `/v1/connections/${id}/schema?limit=1`);
    if (status === 200) {
      const { catalog } = JSON.parse(text) as { readonly catalog: { readonly tables: number } };
      if (catalog.tables !== tables) throw new Error(`Expected ${tables} tables, found ${catalog.tables}`);
      return;
    }
    if (status !== 202) throw new Error(`The introspection failed: ${status} ${text}`);
    await new Promise((done) => setTimeout(done, 500));
  }
};

type Times = Readonly<Record<string, number[]>>;

/** Sends requests until they are stopped, each 5 ms after the last answer. */
const callers = (send: Send, id: string) => {
  const calls: Record<string, () => ReturnType<Send>> = {
    'GET of a connection': () => send('GET', `/v1/connections/${id}`),
    'list of connections': () => send('GET', '/v1/connections?limit=50'),
    'POST of a connection': () =>
      send('POST', '/v1/connections?test=false', {
        name: `Bench ${crypto.randomUUID()}`,
        type: 'postgresql',
        config: { host: '127.0.0.1', port: 1, database: 'shop', username: 'reader' },
        credentials: { password: 'made up' },
      }),
  };
  let isOver = false;
  const loops = Object.entries(calls).map(async ([what, call]) => {
    const times: number[] = [];
    while (!isOver) {
      const from = performance.now();
      const { status } = await call();
      times.push(performance.now() - from);
      if (status >= 300) throw new Error(`${what}: ${status}`);
      await new Promise((done) => setTimeout(done, 5));
    }
    return [what, times] as const;
  });
  const all = Promise.all(loops);
  all.catch(() => undefined); // `stop` reports the error, unless another error came first
  return {
    stop: async (): Promise<Times> => {
      isOver = true;
      return Object.fromEntries(await all);
    },
  };
};

const rowsOf = (beside: string, found: Times, { cpu, clock }: Turn): Row[] =>
  Object.entries(found).map(([what, times]) => {
    const sorted = times.toSorted((a, b) => a - b);
    const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? NaN).toFixed(1);
    return {
      beside,
      what,
      calls: times.length,
      'p50 ms': at(0.5),
      'p99 ms': at(0.99),
      'max ms': at(1),
      'longest turn of the server, CPU ms': cpu.toFixed(1),
      'by the clock': clock.toFixed(1),
      'to reach': 'max ≤ 1000',
    };
  });

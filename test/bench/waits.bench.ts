import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Bench, Row } from './bench.ts';
import { type LocalServer, startLocalServer } from './local-server.ts';

const tables = 105_770;

/**
 * What other callers of `npm start` wait for while two sources of 105 770 tables are read, which is as many as are read at once. Three
 * callers ask one after another, each in a loop of its own.
 */
export const bench: Bench = {
  name: 'waits',
  run: async () => {
    await using source = await startSource();
    await using server = await startLocalServer();
    const ids = await Promise.all([1, 2].map((n) => create(server, `Large ${n}`, source.port)));
    const idle = callers(server, ids[0] ?? '');
    await new Promise((done) => setTimeout(done, 5000));
    const before = await idle.stop();
    const busy = callers(server, ids[0] ?? '');
    const began = performance.now();
    await Promise.all(ids.map((id) => introspect(server, id)));
    const seconds = Math.round((performance.now() - began) / 1000);
    const during = await busy.stop();
    return [...rowsOf('nothing else', before), ...rowsOf(`two introspections, ${seconds} s`, during)];
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

const create = async ({ send }: LocalServer, name: string, port: number): Promise<string> => {
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

const introspect = async ({ send }: LocalServer, id: string): Promise<void> => {
  for (;;) {
    const { status, text } = await send('GET', `/v1/connections/${id}/schema?limit=1`);
    if (status === 200) {
      const { catalog } = JSON.parse(text) as { readonly catalog: { readonly tables: number } };
      if (catalog.tables !== tables) throw new Error(`Expected ${tables} tables, found ${catalog.tables}`);
      return;
    }
    if (status !== 202) throw new Error(`The introspection failed: ${status}`);
    await new Promise((done) => setTimeout(done, 500));
  }
};

type Times = Readonly<Record<string, number[]>>;

/** Call until they are stopped, each the next as soon as it has its answer, but for 5 ms. */
const callers = (server: LocalServer, id: string) => {
  const calls: Record<string, () => ReturnType<LocalServer['send']>> = {
    'GET of a connection': () => server.send('GET', `/v1/connections/${id}`),
    'list of connections': () => server.send('GET', '/v1/connections?limit=50'),
    'POST of a connection': () =>
      server.send('POST', '/v1/connections?test=false', {
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
  return {
    stop: async (): Promise<Times> => {
      isOver = true;
      return Object.fromEntries(await Promise.all(loops));
    },
  };
};

const rowsOf = (beside: string, found: Times): Row[] =>
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
      'to reach': 'max ≤ 1000',
    };
  });

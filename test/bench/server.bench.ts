import type { Bench } from './bench.ts';
import { type LocalServer, startLocalServer } from './local-server.ts';

/** Measures `npm start` as a whole: the time until it answers, and the GETs per second that it serves. */
export const bench: Bench = {
  name: 'server',
  run: async () => {
    await using server = await startLocalServer();
    const id = await create(server);
    const path = `/v1/connections/${id}`;
    await load(server, path, 2000);
    const { perSecond, p99 } = await load(server, path, 20_000);
    return [
      { what: 'ready after start, ms', figure: Math.round(server.ready), 'to reach': '≤ 3000' },
      { what: 'GET of a connection, per second', figure: Math.round(perSecond), 'to reach': '≥ 3000' },
      { what: 'its p99, ms', figure: p99.toFixed(2), 'to reach': '≤ 5' },
    ];
  },
};

const create = async ({ send }: LocalServer): Promise<string> => {
  const config = { host: '127.0.0.1', port: 1, database: 'shop', username: 'reader' };
  const body = { name: 'Bench', type: 'postgresql', config, credentials: { password: 'made up' } };
  const { text } = await send('POST', '/v1/connections?test=false', body);
  return (JSON.parse(text) as { id: string }).id;
};

const load = async ({ send }: LocalServer, path: string, total: number) => {
  const times: number[] = [];
  const began = performance.now();
  const client = async () => {
    while (times.length < total) {
      const from = performance.now();
      if ((await send('GET', path)).status !== 200) throw new Error(`${path} did not answer 200`);
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: 10 }, client));
  const seconds = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  return { perSecond: times.length / seconds, p99: times[Math.floor(times.length * 0.99)] ?? 0 };
};

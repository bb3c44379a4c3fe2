import pg from 'pg';
import { postgresql } from '../../shared/connectors/postgresql/connector.ts';
import { examine } from '../../shared/connectors/examine.ts';
import { reach } from '../engines/reach.ts';
import type { Bench } from './bench.ts';

/** A healthy test with all its steps, beside what the bare driver needs to connect, log in and ask one question. */
export const bench: Bench = {
  name: 'probe',
  run: async () => {
    const engine = reach('postgres');
    if (!engine) throw new Error('needs: npm run engines -- start postgres');
    const { POSTGRES_PORT: port, POSTGRES_USER: user = '', POSTGRES_PASSWORD: password = '' } = engine;
    const bare = async () => {
      const client = new pg.Client({
        host: '127.0.0.1',
        port: Number(port),
        user,
        password,
        database: 'shop',
        ssl: { rejectUnauthorized: false },
      });
      await client.connect();
      await client.query('select 1');
      await client.end();
    };
    const whole = async () => {
      const { status } = await examine(
        postgresql,
        {
          config: { host: '127.0.0.1', port: Number(port), database: 'shop', username: user },
          credentials: { auth_method: 'password', password },
          options: { ssl_mode: 'require', query_timeout_seconds: 60 },
          role: 'source',
        },
        {
          policy: { loopback: true },
          environment: 'default',
          tlsAsk: { mode: 'require' },
          options: { connection_timeout_seconds: 10 },
        },
      );
      if (status !== 'connected') throw new Error('The test did not connect');
    };
    const times: [number[], number[]] = [[], []];
    for (let run = -3; run < 40; run++) {
      for (const [at, work] of [whole, bare].entries()) {
        const began = performance.now();
        await work();
        if (run >= 0) times[at]?.push(performance.now() - began);
      }
    }
    const [ours, theirs] = times.map((list) => list.sort((a, b) => a - b)[list.length >> 1] ?? 0);
    return [
      {
        test: 'healthy, all seven steps',
        ms: (ours ?? 0).toFixed(1),
        'bare driver, ms': (theirs ?? 0).toFixed(1),
        ratio: ((ours ?? 0) / (theirs ?? 1)).toFixed(2),
        'to reach': '≤ 1.5',
      },
    ];
  },
};

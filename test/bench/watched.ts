import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFlags } from './local-server.ts';
import type { Turn } from './watched-server.ts';

export interface WatchedServer extends AsyncDisposable {
  readonly folder: string;
  readonly address: string;
  readonly apiKey: string;
  /** Measures the longest turn of its event loop during the work. */
  readonly watch: (work: () => Promise<unknown>) => Promise<Turn>;
}

/** Runs `npm start` in a process of its own, with a state folder that is removed afterwards. */
export const startWatchedServer = async (): Promise<WatchedServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-bench-'));
  const server = fork(join(import.meta.dirname, 'watched-server.ts'), [folder], { execArgv: startFlags });
  const hear = async <T>(): Promise<T> => {
    const [message]: [T] = (await once(server, 'message')) as [T]; // sent by `watched-server.ts`
    return message;
  };
  const tell = <T>(): Promise<T> => {
    const heard = hear<T>();
    server.send('turn');
    return heard;
  };
  const at = await hear<{ readonly address: string; readonly apiKey: string }>();
  return {
    folder,
    ...at,
    watch: async (work) => {
      await tell();
      await work();
      return tell<Turn>();
    },
    [Symbol.asyncDispose]: async () => {
      if (server.connected) server.disconnect();
      if (server.exitCode === null) await once(server, 'exit');
      await rm(folder, { recursive: true });
    },
  };
};

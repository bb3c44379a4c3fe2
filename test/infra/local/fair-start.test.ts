import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { localOrg } from '../../../infra/local/banner.ts';
import { startLocalDeployment } from '../../../infra/local/local-deployment.ts';
import { readLocalSettings } from '../../../infra/local/local-settings.ts';
import { openFolderStore } from '../../../infra/local/state-folder.ts';
import { openFileVault } from '../../../shared/adapters/local/file-vault.ts';
import { parseConnectionInput } from '../../../shared/domain/connections/parse-connection-input.ts';
import { ConnectionInput } from '../../../shared/domain/connections/connection-input.ts';
import { createConnection } from '../../../shared/domain/connections/create-connection.ts';
import { parseInput } from '../../../shared/parse-input.ts';
import { pollUntil } from '../../poll-until.ts';

describe('npm start with a source that does not answer', () => {
  let folder: string;
  const sockets: Socket[] = [];
  const silent = createServer((socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
  const hangingUp = createServer((socket) => socket.destroy());

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mooring-fair-'));
    for (const server of [silent, hangingUp]) await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    for (const server of [silent, hangingUp]) server.close();
    await rm(folder, { recursive: true });
  });

  /**
   * Creates connections to these servers in this order, as an earlier run leaves them that ended before
   * testing them.
   */
  const leave = async (servers: readonly (typeof silent)[]) => {
    await using store = openFolderStore(folder);
    const vault = await openFileVault({ folder: join(folder, 'vault'), clock: Date.now });
    const tenant = { org: localOrg, environment: 'default' };
    const actor = { tenant, actor: 'key_1', request_id: 'request-1', now: Date.now() };
    const ids: string[] = [];
    for (const [n, server] of servers.entries()) {
      const address = server.address();
      const input = {
        name: `Left ${n}`,
        type: 'postgresql',
        config: {
          host: '127.0.0.1',
          port: typeof address === 'object' && address ? address.port : 0,
          database: 'shop',
          username: 'reader',
          password: 'made-up-password',
        },
        options: { connection_timeout_seconds: 25 },
      };
      const draft = await parseConnectionInput(parseInput(ConnectionInput, input));
      ids.push((await createConnection({ store, vault }, actor, { draft, test: true })).id);
    }
    return ids;
  };

  test('queued and requested tests of other sources do not wait for the tests of that source', async () => {
    const ids = await leave([...Array<typeof silent>(40).fill(silent), hangingUp, hangingUp]);
    const environment = { PORT: '0', MOORING_STATE: folder, MOORING_DEMO: 'off' };
    await using running = await startLocalDeployment(readLocalSettings(environment), () => undefined);
    const call = async (method: string, path: string) => {
      const headers = { authorization: `Bearer ${running.apiKey}` };
      const answer = await fetch(`${running.address}${path}`, { method, headers });
      return ((await answer.json()) as { readonly status: string }).status; // in the API's own schema
    };
    const [asked, queued, ...stuck] = ids.toReversed().map((id) => `/v1/connections/conn_${id}`);
    expect(await call('POST', `${asked}/test`)).toBe('failed');
    const status = await pollUntil(
      () => call('GET', `${queued}`),
      (each) => each !== 'testing',
    );
    expect(status).toBe('failed');
    // None of the tests before it has ended.
    for (const path of stuck) expect(await call('GET', path)).toBe('testing');
  });
});

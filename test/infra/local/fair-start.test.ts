import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Running, startLocal } from '../../../infra/local/run.ts';
import { settingsFrom } from '../../../infra/local/settings.ts';

describe('npm start, beside a server that does not answer', () => {
  let folder: string;
  let running: Running;
  const sockets: Socket[] = [];
  const silent = createServer((socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
  const hangingUp = createServer((socket) => socket.destroy());

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mooring-fair-'));
    for (const server of [silent, hangingUp]) await once(server.listen(0, '127.0.0.1'), 'listening');
    const environment = { PORT: '0', MOORING_STATE: folder, MOORING_DEMO: 'off' };
    running = await startLocal(settingsFrom(environment), () => undefined);
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    for (const server of [silent, hangingUp]) server.close();
    await running[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const call = async (method: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${running.apiKey}`, 'content-type': 'application/json' };
    const answer = await fetch(`${running.address}${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    return (await answer.json()) as { readonly id: string; readonly status: string }; // of the API's own schema
  };
  const portOf = (server: typeof silent) => {
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  };
  const create = async (name: string, server: typeof silent) =>
    call('POST', '/v1/connections', {
      name,
      type: 'postgresql',
      config: { host: '127.0.0.1', port: portOf(server), database: 'shop', username: 'reader' },
      credentials: { password: 'made-up-password' },
      options: { connection_timeout_seconds: 25 },
    });
  const statusOf = async ({ id }: { readonly id: string }) =>
    (await call('GET', `/v1/connections/${id}`)).status;

  test('a test to elsewhere waits for none of those to it, and neither does one that a caller asks for', async () => {
    const stuck = await Promise.all(Array.from({ length: 40 }, (_, n) => create(`Silent ${n}`, silent)));
    const other = await create('Elsewhere', hangingUp);
    expect(await call('POST', `/v1/connections/${other.id}/test`)).toMatchObject({ status: 'failed' });
    const event = await create('Elsewhere too', hangingUp);
    while ((await statusOf(event)) === 'testing') await wait(50);
    expect(await statusOf(event)).toBe('failed');
    // None of those before it is over.
    const statuses = await Promise.all(stuck.map(statusOf));
    expect(statuses).toEqual(Array(40).fill('testing'));
  });
});

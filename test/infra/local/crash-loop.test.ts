import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pollUntil } from '../../poll-until.ts';
import { launchStart, type Started, waitUntilReady } from './start-process.ts';

interface Delivery {
  readonly id: string;
  readonly connection: string;
  readonly sequence: number;
}

/** What arrived, in this order. The receiver accepts everything. */
const deliveries: Delivery[] = [];
const receiver = createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  request.on('end', () => {
    const { data } = JSON.parse(text) as { data: { connection: { id: string; sequence: number } } }; // our own events
    const { id: connection, sequence } = data.connection;
    deliveries.push({ id: String(request.headers['webhook-id']), connection, sequence });
    response.writeHead(204).end();
  });
});

let folder: string;
let port: number;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mooring-crash-'));
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  ({ port } = receiver.address() as AddressInfo); // a TCP server that listens
});
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await rm(folder, { recursive: true });
});

const start = () =>
  waitUntilReady(launchStart({ MOORING_STATE: folder, MOORING_DEMO: 'off', MOORING_QUIET: 'on' }));

const call = async ({ address, key }: Started, request: string, body?: object) => {
  const [method = '', path = ''] = request.split(' ');
  const answer = await fetch(`${address}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as Readonly<Record<string, unknown>>;
};

interface PublishedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly connection: { readonly id: string; readonly sequence: number } };
}

const listAllEvents = async (started: Started): Promise<readonly PublishedEvent[]> => {
  const events: PublishedEvent[] = [];
  for (let after = ''; ;) {
    const page = await call(started, `GET /v1/events?limit=200${after}`);
    const data = page['data'] as PublishedEvent[]; // the API's own schema
    if (data.length === 0) return events;
    events.push(...data);
    after = `&after=${encodeURIComponent(String(page['next']))}`;
  }
};

const ROUNDS = 6;
const CONNECTIONS_PER_ROUND = 8;

/** Creates a connection to a port where nothing listens, and updates it, until the server is killed. Returns what was acknowledged. */
const work = async (started: Started, round: number, n: number, acknowledged: string[]): Promise<void> => {
  const created = await call(started, 'POST /v1/connections', {
    name: `round ${round}, ${n}`,
    type: 'postgresql',
    // Another address for each, because the dials to one are limited.
    config: { host: `127.0.0.${n + 1}`, port: 1, database: 'shop', username: 'me' },
    credentials: { password: 'obviously-fake' },
    options: { test_interval_minutes: 5 },
  });
  acknowledged.push(`${String(created['id'])} connection.created`);
  const path = `/v1/connections/${String(created['id'])}`;
  await call(started, `PATCH ${path}`, { tags: ['changed'] });
  acknowledged.push(`${String(created['id'])} connection.updated`);
  await call(started, `POST ${path}/test`);
};

test('kills lose no event, change no id, and keep the order of first deliveries', async () => {
  let started = await start();
  await call(started, 'POST /v1/webhooks', { url: `http://127.0.0.1:${port}/hook`, types: ['*'] });
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const running = Array.from({ length: CONNECTIONS_PER_ROUND }, (_, n) =>
      work(started, round, n, acknowledged),
    );
    // The kill comes when some of this round are acknowledged, some are in work and some events wait.
    const before = acknowledged.length;
    await pollUntil(
      () => acknowledged.length - before,
      (count) => count > round * 2,
    );
    started.child.kill('SIGKILL');
    await started.ended;
    await Promise.allSettled(running);
    started = await start();
  }

  const all = await pollUntil(
    async () => ({ events: await listAllEvents(started), connections: await listConnections(started) }),
    ({ events, connections }) =>
      connections.every(({ status }) => status !== 'testing') &&
      events.every(({ id }) => deliveries.some((delivery) => delivery.id === id)),
  );
  const published = new Set(all.events.map(({ type, data }) => `${data.connection.id} ${type}`));
  expect(acknowledged.filter((each) => !published.has(each))).toEqual([]);
  // Each event once, although its change may have been published again after a kill.
  expect(new Set(all.events.map(({ id }) => id)).size).toBe(all.events.length);
  const known = new Set(all.events.map(({ id }) => id));
  expect(deliveries.filter(({ id }) => !known.has(id))).toEqual([]);
  // An event may be delivered again, but the first time comes in the order of the writes.
  const first = [
    ...new Map(deliveries.toReversed().map((delivery) => [delivery.id, delivery])).values(),
  ].reverse();
  for (const [connection, own] of Map.groupBy(first, (delivery) => delivery.connection)) {
    const sequences = own.map(({ sequence }) => sequence);
    expect([connection, sequences]).toEqual([connection, sequences.toSorted((a, b) => a - b)]);
  }
  expect(first.length).toBeGreaterThan(ROUNDS * 2);
  started.child.kill('SIGTERM');
  await started.ended;
});

const listConnections = async (started: Started) =>
  (await call(started, 'GET /v1/connections?limit=200'))['data'] as readonly { readonly status: string }[]; // the API's own schema

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { consumeQueue } from '../../../infra/local/consume-queue.ts';
import { openSqliteQueue, type SqliteQueue } from '../../../shared/adapters/local/sqlite-queue.ts';
import { createSqliteStore } from '../../../shared/adapters/local/sqlite-store.ts';

let folder: string;
let now: number;
let queue: SqliteQueue;
let planned: { readonly work: () => void; readonly at: number }[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mooring-consume-'));
  [now, planned] = [Date.UTC(2031, 0, 1), []];
  const path = join(folder, 'store.db');
  createSqliteStore({ path }).close();
  queue = openSqliteQueue({ path, clock: () => now });
});
afterEach(() => {
  queue[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

/** Runs what is planned until this time, also what is planned meanwhile. */
const passTo = async (time: number) => {
  for (;;) {
    await new Promise(setImmediate);
    const next = planned.toSorted((a, b) => a.at - b.at)[0];
    if (!next || next.at > time) break;
    planned.splice(planned.indexOf(next), 1);
    now = Math.max(now, next.at);
    next.work();
  }
  now = time;
};

const send = (org: string, ids: readonly string[], delaySeconds?: number) =>
  queue.sendTests(
    ids.map((id) => ({
      message: {
        org_id: org,
        environment_id: 'default',
        connection_id: id,
        trigger: 'schedule',
        request_id: 'schedule-1',
      },
      ...(delaySeconds !== undefined && { delaySeconds }),
    })),
  );

const consume = (
  handle: (id: string) => Promise<void>,
  more: Partial<Parameters<typeof consumeQueue>[0]> = {},
) =>
  consumeQueue({
    queue,
    name: 'tests',
    dead: 'dead-letters',
    handle: (body) => handle((JSON.parse(body) as { readonly connection_id: string }).connection_id),
    failed: () => undefined,
    clock: () => now,
    schedule: (work, delayMs) => void planned.push({ work, at: now + delayMs }),
    ...more,
  });

test('every message is handled once, also those that come later or are delayed', async () => {
  const handled: string[] = [];
  await send('a', ['1', '2']);
  using _ = consume(async (id) => void handled.push(id));
  await passTo(now);
  await send('a', ['3']);
  await send('b', ['4'], 90);
  await passTo(now + 89_999);
  expect(handled.toSorted()).toEqual(['1', '2', '3']);
  await passTo(now + 1_000);
  expect(handled.toSorted()).toEqual(['1', '2', '3', '4']);
  expect(queue.count('tests')).toBe(0);
});

test('a poison message is tried five times, stops no other one and becomes a dead letter', async () => {
  const tries: string[] = [];
  await send('a', ['poison', 'good']);
  using _ = consume(async (id) => {
    tries.push(id);
    if (id === 'poison') throw new Error('poison');
  });
  await passTo(now + 600_000);
  expect(tries.filter((id) => id === 'poison')).toHaveLength(5);
  expect(tries.filter((id) => id === 'good')).toHaveLength(1);
  expect([queue.count('tests'), queue.count('dead-letters')]).toEqual([0, 1]);
});

test('a postponed message waits for its time and never becomes a dead letter', async () => {
  let tries = 0;
  await send('a', ['1']);
  using _ = consume(
    async () => {
      tries += 1;
      if (tries < 9) throw new Error('over the quota');
    },
    { postponement: () => 43 },
  );
  await passTo(now + 42_999);
  expect(tries).toBe(1);
  await passTo(now + 8 * 43_000);
  expect(tries).toBe(9);
  expect(queue.count('tests')).toBe(0);
});

test('a tenant whose tests hang leaves room for others', async () => {
  const handled: string[] = [];
  await send(
    'hanging',
    Array.from({ length: 300 }, (_, n) => `hanging ${n}`),
  );
  using _ = consume(
    (id) => {
      handled.push(id);
      return id.startsWith('hanging') ? new Promise(() => undefined) : Promise.resolve();
    },
    { mostAtOnce: 16 },
  );
  await passTo(now);
  expect(handled).toHaveLength(8);
  await send('small', ['small']);
  await passTo(now);
  expect(handled).toContain('small');
});

test('messages that were in work when the process ended are handled by the next one', async () => {
  await send('a', ['1', '2']);
  consume(() => new Promise(() => undefined))[Symbol.dispose]();
  {
    using _ = consume(() => new Promise(() => undefined));
    await passTo(now);
  }
  queue[Symbol.dispose]();
  queue = openSqliteQueue({ path: join(folder, 'store.db'), clock: () => now });
  const handled: string[] = [];
  using _ = consume(async (id) => void handled.push(id));
  await passTo(now);
  expect(handled.toSorted()).toEqual(['1', '2']);
});

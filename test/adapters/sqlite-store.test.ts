import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { serialize } from 'node:v8';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import type { SqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { convertChange } from '../../shared/domain/events/convert-change.ts';
import { Conflict } from '../../shared/ports/store.ts';
import { storeContract } from '../contracts/store.ts';

let folder: string;
let store: SqliteStore;
let time = Date.UTC(2031, 0, 1);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mooring-store-'));
  store = createSqliteStore({ path: join(folder, 'store.db'), clock: () => time });
});

afterAll(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

storeContract(() => ({
  store,
  now: () => time / 1000,
  pass: (seconds) => {
    time += seconds * 1000;
  },
}));

describe('SQLite file', () => {
  test('contains every acknowledged write after the process is killed', async () => {
    const path = join(folder, 'killed.db');
    const child = writer(path, 'a');
    let answered = -1;
    for await (const line of createInterface(child.stdout)) {
      answered = Number(line);
      if (answered === 300) child.kill('SIGKILL');
    }
    await using after = createSqliteStore({ path, outbox: () => true });
    const items = await Promise.all(
      Array.from({ length: answered + 1 }, (_, n) => after.get({ pk: 'a', sk: `${n}` })),
    );
    expect(answered).toBeGreaterThanOrEqual(300);
    expect(items.filter((item) => item === undefined)).toEqual([]);
    expect(after.events(undefined, 1_000_000).length).toBeGreaterThanOrEqual(answered + 1);
  });

  test('can be written by several processes at once', async () => {
    const path = join(folder, 'shared.db');
    const children = ['a', 'b', 'c'].map((name) => writer(path, name, 200));
    for (const child of children) child.stdout.resume();
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
    expect(codes).toEqual([0, 0, 0]);
    await using after = createSqliteStore({ path });
    for (const pk of ['a', 'b', 'c'])
      expect((await after.query({ pk, limit: 1_000 })).items).toHaveLength(200);
  });

  test('is refused with an explanation when it is damaged or of a later release', async () => {
    const damage: Record<string, (path: string) => void> = {
      'not-a-store.db': (path) => writeFileSync(path, 'hello, I am no store of anything\n'.repeat(500)),
      'cut-off.db': (path) => writeFileSync(path, readFileSync(path).subarray(0, 20_000)),
      'overwritten.db': (path) => writeFileSync(path, readFileSync(path).fill(7, 4096, 16_384)),
      'other.db': (path) => setVersion(path, -1),
      'newer.db': (path) => setVersion(path, 99),
    };
    for (const [name, harm] of Object.entries(damage)) {
      const path = join(folder, name);
      const whole = createSqliteStore({ path });
      for (let n = 0; n < 50; n += 1)
        await whole.write([{ put: { pk: 'a', sk: `${n}`, text: 'x'.repeat(1000) } }]);
      whole.close();
      harm(path);
      expect(() => createSqliteStore({ path })).toThrow(
        name === 'newer.db'
          ? /^The store .*\.db was written by a later release of Mooring: start that release/
          : /^The store .*\.db is damaged or not a store of this version/,
      );
    }
  });

  const setVersion = (path: string, version: number) => {
    const db = new DatabaseSync(path);
    db.exec(`pragma user_version = ${version}`);
    db.close();
  };

  test('of layout 1 is brought to the present layout and keeps its items and events', async () => {
    const path = join(folder, 'first-layout.db');
    const old = new DatabaseSync(path);
    old.exec(firstLayoutSql);
    const body = serialize({ pk: 'a', sk: 'b', name: 'n' });
    old.prepare('insert into items values (?, ?, null, null, null, ?)').run('a', 'b', body);
    old.prepare('insert into outbox (after) values (?)').run(body);
    old.close();
    for (const opened of [1, 2]) {
      await using now = createSqliteStore({ path, clock: () => time });
      expect(await now.get({ pk: 'a', sk: 'b' })).toEqual({ pk: 'a', sk: 'b', name: 'n' });
      expect(now.events(undefined, 5)).toHaveLength(1);
      await now.write([{ put: { pk: 'a', sk: `c${opened}`, expires: time / 1000 + 10 } }]);
    }
  });

  const firstLayoutSql = `
    pragma journal_mode = wal;
    create table items (
      pk text not null, sk text not null, expires integer, due_pk text, due_sk text, body blob not null,
      primary key (pk, sk)
    ) strict;
    create index due on items (due_pk, due_sk, pk, sk) where due_pk is not null;
    create index expiry on items (expires) where expires is not null;
    create table outbox (id integer primary key autoincrement, before blob, after blob) strict;
    pragma user_version = 1`;

  test('is refused with an explanation when its folder does not exist', () => {
    expect(() => createSqliteStore({ path: join(folder, 'nowhere', 'store.db') })).toThrow(
      /cannot be opened: expected/,
    );
  });
});

describe('outbox', () => {
  const at = { pk: 'T#org', sk: 'CONN#1' };
  const open = (name: string) =>
    createSqliteStore({
      path: join(folder, name),
      clock: () => time,
      outbox: ({ sk }) => sk.startsWith('CONN#'),
    });

  test('lists each change of the items that it covers in order, with the item before and after', async () => {
    await using events = open('outbox-1.db');
    await events.write([{ put: { ...at, version: 1 } }, { put: { pk: 'T#org', sk: 'NAME#a' } }]);
    await events.write([{ put: { ...at, version: 2 } }]);
    await events.write([{ remove: at }]);
    await events.write([{ remove: at }]);
    expect(events.events(undefined, 10).map(({ before, after }) => ({ before, after }))).toEqual([
      { after: { ...at, version: 1 } },
      { before: { ...at, version: 1 }, after: { ...at, version: 2 } },
      { before: { ...at, version: 2 } },
    ]);
  });

  test('lists the changes after a damaged one, and the damaged one is detected', async () => {
    const first = open('outbox-damaged.db');
    for (const version of [1, 2, 3]) await first.write([{ put: { ...at, version } }]);
    first.close();
    const db = new DatabaseSync(join(folder, 'outbox-damaged.db'));
    db.exec('update outbox set after = zeroblob(5) where id = 2');
    db.close();
    await using events = open('outbox-damaged.db');
    const found = events.events(undefined, 10);
    expect(found.map(({ after }) => after?.['version'])).toEqual([1, undefined, 3]);
    const [, damaged] = found;
    expect(() => damaged && convertChange(damaged)).toThrow();
  });

  test('contains no changes of a failed write', async () => {
    await using events = open('outbox-2.db');
    const failed = events.write([
      { put: { ...at } },
      { check: { pk: 'T#org', sk: 'CONN#2' }, if: 'present' },
    ]);
    await expect(failed).rejects.toThrow(Conflict);
    expect(events.events(undefined, 10)).toEqual([]);
  });

  test('keeps an event with the same id until it is acknowledged, also after a restart', async () => {
    const first = open('outbox-3.db');
    for (const version of [1, 2, 3]) await first.write([{ put: { ...at, version } }]);
    const [one, two, three] = first.events(undefined, 10);
    expect(first.events(one?.id, 1)).toEqual([two]);
    first.ack(two?.id ?? '');
    first.close();
    await using second = open('outbox-3.db');
    expect(second.events(undefined, 10)).toEqual([three]);
    second.ack(three?.id ?? '');
    await second.write([{ put: { ...at, version: 4 } }]);
    const ids = second.events(undefined, 10).map(({ id }) => id);
    expect(ids).toHaveLength(1);
    expect([one?.id, two?.id, three?.id]).not.toContain(ids[0]);
  });

  test('notifies a listener once the event can be read', async () => {
    await using events = open('outbox-4.db');
    const seen: number[] = [];
    const stop = events.onEvents(() => seen.push(events.events(undefined, 10).length));
    await events.write([{ put: { pk: 'T#org', sk: 'NAME#a' } }]);
    await events.write([{ put: at }]);
    stop();
    await events.write([{ remove: at }]);
    expect(seen).toEqual([1]);
  });

  test('lists the removal of an expired item', async () => {
    await using events = open('outbox-5.db');
    await events.write([{ put: { ...at, expires: time / 1000 + 10 } }]);
    time += 120_000;
    await events.write([{ put: { pk: 'T#org', sk: 'NAME#a' } }]);
    expect(events.events(undefined, 10)).toHaveLength(2);
    expect(events.events(undefined, 10)[1]).not.toHaveProperty('after');
  });
});

/** A process that writes items 0, 1, 2, … and prints each number after its write is acknowledged. */
const writer = (path: string, pk: string, count = Number.MAX_SAFE_INTEGER) => {
  const module = new URL('../../shared/adapters/local/sqlite-store.ts', import.meta.url).href;
  const script = `
    const { createSqliteStore } = await import(${JSON.stringify(module)});
    const store = createSqliteStore({ path: ${JSON.stringify(path)}, outbox: () => true });
    for (let n = 0; n < ${count}; n += 1) {
      await store.write([{ put: { pk: ${JSON.stringify(pk)}, sk: String(n) } }]);
      await new Promise((told) => process.stdout.write(n + '\\n', told)); // writes alone never let a full pipe drain
    }
    store.close();`;
  return spawn(process.execPath, ['--no-warnings', '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
};

import { expect, test } from '@jest/globals';
import { listConnections } from '../../shared/domain/connections/list-connections.ts';
import type { Item, ReadStore } from '../../shared/ports/store.ts';

const rows = Array.from({ length: 950 }, (_, n): Item => {
  const id = String(n).padStart(32, '0');
  return { pk: 'T#org#default', sk: `CONN#${id}`, id, type: 'postgresql', tags: [], name: `Copy ${n}` };
});

/** Resolves within the same turn of the event loop, as an in-process store can. */
const store: Pick<ReadStore, 'query'> = {
  query: ({ from = '', to = 'z', limit, backwards }) => {
    const within = rows.filter(({ sk }) => sk >= from && sk <= to);
    return Promise.resolve({ items: (backwards ? within.toReversed() : within).slice(0, limit) });
  },
};

test.each([
  [{}, 950],
  [{ name_prefix: 'nothing' }, 0],
  [{ type: 'postgresql' }, 950],
])('a list of all connections (%j) yields to the event loop', async (filter, found) => {
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const { data } = await listConnections(store as ReadStore, { org: 'org', environment: 'default' }, filter, {
    limit: Number.MAX_SAFE_INTEGER,
  });
  isOver = true;
  expect(data).toHaveLength(found);
  expect(turns).toBeGreaterThanOrEqual(6);
});

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openFolderBacking } from '../../infra/local/backing.ts';
import { openReplayLocation } from '../../infra/replay-location.ts';
import { encodeParkedRecord, parseParkedRecords } from '../../shared/adapters/parked-change.ts';
import { createFolderParking } from '../../shared/adapters/local/folder-parking.ts';
import { readEvents } from '../../shared/domain/events/event-log.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mooring-replay-'));
  await (await openFolderBacking(folder))[Symbol.asyncDispose]();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const connection = (layout: number) => ({
  pk: 'T#org#default',
  sk: 'CONN#1',
  layout,
  id: '1'.padStart(32, '0'),
  org_id: 'org',
  environment_id: 'default',
  name: 'Sales',
  type: 'postgresql',
  cause: 'created',
  options: {},
  tags: [],
  version: 1,
  revision: 1,
  status: 'testing',
  awaits_test: 1,
  updated_at: '2026-01-01T00:00:00.000Z',
  blob: new Uint8Array([1, 2, 255]),
});

const replayAll = async () => {
  await using location = await openReplayLocation({ local: true }, { MOORING_STATE: folder });
  const outcomes: string[] = [];
  for await (const file of location.list())
    outcomes.push(
      await location.replay(file).then(
        () => 'published',
        (error: Error) => error.message,
      ),
    );
  return outcomes;
};

describe('npm run replay', () => {
  test('publishes what this release understands and keeps the rest', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    const parking = createFolderParking(join(folder, 'parked'), () => now++);
    await parking.park({ id: '7', after: connection(1) });
    await parking.park({ id: '8', after: connection(999) });
    await parking.park({ id: '9', damage: new Error('damaged'), raw: { after: new Uint8Array([0, 1]) } });
    const kept = expect.stringContaining('it is kept');
    expect(await replayAll()).toEqual(['published', kept, kept]);
    expect(await readdir(join(folder, 'parked'))).toHaveLength(2);
    expect(await replayAll()).toEqual([kept, kept]);
    const { store, [Symbol.asyncDispose]: dispose } = await openFolderBacking(folder);
    const { events } = await readEvents(
      store,
      { org: 'org', environment: 'default' },
      { after: 0, limit: 9 },
    );
    expect(events.map(({ type }) => type)).toEqual(['connection.created']);
    await dispose();
  });

  test('says that nothing is parked, and expects a state folder', async () => {
    expect(await replayAll()).toEqual([]);
    const nowhere = openReplayLocation({ local: true }, { MOORING_STATE: join(folder, 'nowhere') });
    await expect(nowhere).rejects.toThrow('expected the state folder');
  });

  test('keeps a file that is no parked change', async () => {
    await createFolderParking(join(folder, 'parked'), Date.now).park({ id: '7', after: connection(1) });
    await writeFile(join(folder, 'parked', '0.json'), 'not JSON');
    expect(await replayAll()).toEqual([expect.stringContaining('it is kept'), 'published']);
  });
});

test('a parked file holds the records as they were received, also one that Lambda wrote', () => {
  const record = { eventID: 'a', dynamodb: { SequenceNumber: '1', NewImage: { blob: { B: 'AQI=' } } } };
  const ours = encodeParkedRecord({ id: 'a', raw: record }, 0);
  expect(parseParkedRecords(ours)).toEqual([record]);
  const payload = { Records: [record, record] };
  const batch = { version: '1.0', DDBStreamBatchInfo: { shardId: 's' } };
  expect(parseParkedRecords(JSON.stringify({ ...batch, payload }))).toHaveLength(2);
  expect(parseParkedRecords(JSON.stringify({ ...batch, payload: JSON.stringify(payload) }))).toHaveLength(2);
  expect(() => parseParkedRecords('{}')).toThrow('expected records');
});

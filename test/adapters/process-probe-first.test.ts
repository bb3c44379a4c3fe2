import { createEndedCallHandlers } from '../../infra/local/local-probe.ts';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { createProcessProbe } from '../../shared/adapters/local/process-probe.ts';
import type { ItemKey, Store } from '../../shared/ports/store.ts';
import type { Vault } from '../../shared/ports/vault.ts';

/** A probe whose store counts the reads of a connection, with the lines of its log. */
const start = (failures: number) => {
  let looks = 0;
  const lines: string[] = [];
  const getMany = async ([key]: readonly ItemKey[]) => {
    if ((looks += 1) <= failures) throw new Error('the store failed');
    return [{ ...key, n: looks }, undefined];
  };
  const probe = createProcessProbe({
    entry: fileURLToPath(new URL('misbehaving-probe.ts', import.meta.url)),
    store: { getMany } as unknown as Store, // no other method is called
    vault: {} as Vault,
    policy: {},
    vantage: { region: null, vpc_id: null, egress_ips: [] },
    ...createEndedCallHandlers({ getMany } as unknown as Store, Date.now),
    environment: { atStart: { PATH: process.env['PATH'] ?? '' }, afterStart: {} },
    writeLog: (line) => void lines.push(line),
  });
  return { probe, lines, looks: () => looks };
};

const call = {
  tenant: { org: 'o', environment: 'e' },
  id: '0'.repeat(32),
  actor: 'a',
  request_id: 'look',
  trigger: 'request',
} as const;

test('the first read of a connection is sent with the call, and the second one reads the store', async () => {
  const { probe, lines, looks } = start(0);
  await using _ = probe;
  await probe.test(call);
  expect(lines.filter((line) => line.includes('"looked"'))).toEqual([
    expect.stringContaining('"seen":[1,2]'),
  ]);
  expect(looks()).toBe(2);
});

test('a failed first read is repeated by the call', async () => {
  const { probe, lines, looks } = start(1);
  await using _ = probe;
  await probe.test(call);
  expect(lines.filter((line) => line.includes('"looked"'))).toEqual([
    expect.stringContaining('"seen":[2,3]'),
  ]);
  expect(looks()).toBe(3);
});

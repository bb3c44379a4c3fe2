import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { kinds } from './bomb.ts';
import { detonate } from './detonate.ts';
import { formats } from './formats.ts';

describe.each(Object.entries(formats))('%s', (_, { bombs, mostMb }) => {
  test.each(Object.entries(bombs))('stays within its memory limit: %s', async (__, bomb) => {
    const { peakMb, code, missing, tables } = await detonate(bomb);
    const { outcome } = bomb;
    if ('code' in outcome) expect(code).toBe(outcome.code);
    else {
      expect({ code, missing }).toEqual({ code: undefined, missing: outcome.missing });
      expect(tables).toMatchObject(outcome.tables ?? {});
    }
    expect(peakMb).toBeLessThan(mostMb);
  });
});

test.each(Object.entries(formats))('%s has a bomb of each kind', (_, { bombs }) => {
  expect([...new Set(Object.values(bombs).map(({ kind }) => kind))].sort()).toEqual([...kinds].sort());
});

test('every folder of test/bombs/ is a format', () => {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  expect(Object.keys(formats).sort()).toEqual(folders.sort());
});

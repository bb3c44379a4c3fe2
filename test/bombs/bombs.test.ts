import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type Format, kinds } from './bomb.ts';
import { detonate } from './detonate.ts';

/** Every format that a source can send and that a parser of Mooring or of a driver reads: a folder each. */
const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const formats = await Promise.all(
  folders.map(async (name) => {
    const { format }: { readonly format: Format } = await import(`./${name}/bombs.ts`);
    return [name, format] as const;
  }),
);

describe.each(formats)('%s', (_, { bombs, mostMb }) => {
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

test.each(formats)('%s has a bomb of each kind', (_, { bombs }) => {
  expect([...new Set(Object.values(bombs).map(({ kind }) => kind))].sort()).toEqual([...kinds].sort());
});

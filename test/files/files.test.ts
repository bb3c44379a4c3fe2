import { describe, expect, test } from '@jest/globals';
import type { Answer } from './compare.ts';
import { compareCorpus, listFiles, readJsonFile } from './read-corpus.ts';

/** The readings of DuckDB and pyarrow for each file, written by read.py. */
const answers = (await readJsonFile('answers.json')) as Readonly<Record<string, Answer>>;
/**
 * The intended differences by reason: where they are, and our reading. docs/files.md explains the reasons.
 */
const accepted = (await readJsonFile('differences.json')) as Readonly<
  Record<string, Readonly<Record<string, string>>>
>;

describe('corpus of files that programs and people wrote', () => {
  test('has enough files of each kind, and a reading for each', () => {
    const files = listFiles();
    expect(Object.keys(answers).toSorted()).toEqual(files);
    const count = (form: RegExp) => files.filter((file) => form.test(file)).length;
    expect(count(/\.parquet(\.encrypted)?$/)).toBeGreaterThan(60);
    expect(count(/\.[ct]sv(\.gz)?$/)).toBeGreaterThan(130);
    expect(count(/json/)).toBeGreaterThan(30);
  });

  test('is read as DuckDB and pyarrow read it, except for differences with a stated reason', async () => {
    const found = new Map(
      (await compareCorpus(answers)).map(({ file, aspect, ours }) => [`${file} | ${aspect}`, cut(ours)]),
    );
    const meant = new Map(Object.values(accepted).flatMap((places) => Object.entries(places)));
    const told = (places: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>) =>
      [...places].filter(([place, ours]) => other.get(place) !== ours);
    // The first list has differences without a reason or with another value, the second has reasons without a
    // difference.
    expect(told(found, meant)).toEqual([]);
    expect(told(meant, found)).toEqual([]);
  });
});

const cut = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);

import { describe, expect, test } from '@jest/globals';
import type { Answer } from './compare.ts';
import { compareCorpus, listFiles, readJsonFile } from './read-corpus.ts';

/** What DuckDB and pyarrow say of each file; read.py writes it. */
const answers = (await readJsonFile('answers.json')) as Readonly<Record<string, Answer>>;
/** The differences that are meant, by their reason: where, and what we say there. docs/files.md has the reasons at length. */
const accepted = (await readJsonFile('differences.json')) as Readonly<
  Record<string, Readonly<Record<string, string>>>
>;

describe('files as programs and people write them', () => {
  test('are some hundreds, and each has an answer', () => {
    const files = listFiles();
    expect(Object.keys(answers).toSorted()).toEqual(files);
    const count = (form: RegExp) => files.filter((file) => form.test(file)).length;
    expect(count(/\.parquet(\.encrypted)?$/)).toBeGreaterThan(60);
    expect(count(/\.[ct]sv(\.gz)?$/)).toBeGreaterThan(130);
    expect(count(/json/)).toBeGreaterThan(30);
  });

  test('are read as DuckDB and pyarrow read them, but for differences that have a reason', async () => {
    const found = new Map(
      (await compareCorpus(answers)).map(({ file, aspect, ours }) => [`${file} | ${aspect}`, cut(ours)]),
    );
    const meant = new Map(Object.values(accepted).flatMap((places) => Object.entries(places)));
    const told = (places: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>) =>
      [...places].filter(([place, ours]) => other.get(place) !== ours);
    // First what has no reason or is another value than the one that has, then what is no longer a difference.
    expect(told(found, meant)).toEqual([]);
    expect(told(meant, found)).toEqual([]);
  });
});

const cut = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);

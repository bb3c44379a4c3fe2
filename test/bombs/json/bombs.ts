import type { Format } from '../bomb.ts';
import { objectBomb, reasons } from '../bucket.ts';

const MB = 2 ** 20;

export const format: Format = {
  mostMb: 350,
  bombs: {
    'lists in lists': objectBomb('depth', 'a.json', () => '['.repeat(MB - 1), {
      missing: [reasons.tooLarge],
      columns: 0,
    }),
    'objects in objects, whole': objectBomb(
      'depth',
      'a.json',
      () => `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
      { missing: [reasons.tooLarge], columns: 0 },
    ),
    'a document that is nested within the limit': objectBomb(
      'depth',
      'a.json',
      () => `{"a":${'['.repeat(400)}${']'.repeat(400)}}`,
      { missing: [], columns: 1 },
    ),
    'a list of nothing but lists': objectBomb('work', 'a.json', () => `[${'[],'.repeat(300_000)}[]]`, {
      missing: [],
      columns: 0,
    }),
    'a million of names': objectBomb(
      'work',
      'a.json',
      () => `{${Array.from({ length: 80_000 }, (_, at) => `"k${at}":0`).join(',')}}`,
      { missing: [reasons.cut], columns: 2000 },
    ),
    'lines of nothing': objectBomb('work', 'a.jsonl', () => '\n'.repeat(8 * MB), {
      missing: [reasons.unreadable],
      columns: 0,
    }),
    'a mark behind ever more strokes': objectBomb('work', 'a.jsonl', () => `"${'\\'.repeat(MB)}"`, {
      missing: [reasons.unreadable],
      columns: 0,
    }),
    'a document that never ends': objectBomb('claim', 'a.json', () => `{"a":"${'x'.repeat(4 * MB)}`, {
      missing: [reasons.unreadable],
      columns: 0,
    }),
  },
};

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  countJsonValues,
  defaultJsonLimits,
  parseForeignJson,
} from '../../shared/network/http/parse-foreign-json.ts';

const none = { depth: 1000, values: 1_000_000, containers: 1_000_000 };
const tooLarge = expect.objectContaining({ code: 'source-too-large' });

/** Counts values and containers and measures the depth, independently of the code under test. */
const measure = (value: unknown): { values: number; containers: number; depth: number } => {
  if (typeof value !== 'object' || value === null) return { values: 0, containers: 0, depth: 0 };
  const inside = Object.values(value).map(measure);
  return {
    values: inside.reduce((sum, each) => sum + each.values, 1 + Math.max(0, inside.length - 1)),
    containers: inside.reduce((sum, each) => sum + each.containers, 1),
    depth: 1 + Math.max(0, ...inside.map(({ depth }) => depth)),
  };
};

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('"', '\\', '\\"', '[[[{', ',,,', '\\\\"{'),
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5 },
    text,
    fc.constantFrom<unknown>(null, true, 1.5e300),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(text, tie('json'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
/** White space moves every token to different offsets. */
const spellings = fc.tuple(json, fc.constantFrom(undefined, 1, 2, '\t'));

describe('JSON from a source', () => {
  test('is counted exactly, and parsed within the limits', () => {
    fc.assert(
      fc.property(spellings, ([value, space]) => {
        const sent = JSON.stringify(value, undefined, space);
        const { values, containers, depth } = measure(JSON.parse(sent));
        expect(countJsonValues(sent, none)).toBe(values);
        expect(parseForeignJson(sent, { values, containers, depth })).toEqual(JSON.parse(sent));
      }),
    );
  });

  test.each(['values', 'containers', 'depth'] as const)('is refused above the limit of %s', (name) => {
    fc.assert(
      fc.property(spellings, ([value, space]) => {
        const sent = JSON.stringify(value, undefined, space);
        const limits = { ...none, [name]: measure(JSON.parse(sent))[name] - 1 };
        fc.pre(limits[name] >= 0);
        expect(() => parseForeignJson(sent, limits)).toThrow(tooLarge);
      }),
    );
  });

  test('is refused above the default limits', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const deepest = nested(defaultJsonLimits.depth);
    expect(parseForeignJson(deepest)).toEqual(JSON.parse(deepest));
    expect(() => parseForeignJson(nested(defaultJsonLimits.depth + 1))).toThrow(tooLarge);
    expect(parseForeignJson(`[${'1,'.repeat(999_999 - 1)}1]`)).toHaveLength(999_999);
    expect(() => parseForeignJson(`[${'1,'.repeat(1_000_000)}1]`)).toThrow(tooLarge);
    expect(() => parseForeignJson(`[${'[],'.repeat(499_999)}[]]`)).toThrow(tooLarge);
  });

  test.each(['', '{', '[1,]', '"', '"\\', '[]]', 'nothing'])(
    'is undefined when it is invalid: %j',
    (sent) => {
      expect(parseForeignJson(sent)).toBeUndefined();
    },
  );
});

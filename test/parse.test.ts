import { describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { connectors } from '../shared/connectors/registry.ts';
import type { Connector } from '../shared/connectors/connector.ts';
import { parseInput, createFieldProblem, maskUnknownName } from '../shared/parse-input.ts';
import { Problem } from '../shared/problem.ts';

const refusedBy = (work: () => unknown): Problem => {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('expected a refusal');
};

describe('what is wrong with an input', () => {
  test('is told whole where somebody may have written it', () => {
    const problem = refusedBy(() =>
      parseInput(v.object({ tags: v.array(v.string()) }), { tags: [1, 'a', 2] }),
    );
    expect(problem.extras.errors?.map(({ path }) => path)).toEqual(['tags.0', 'tags.2']);
  });

  test('is looked for no further than the first thing where it is large', () => {
    let looked = 0;
    const schema = v.array(
      v.pipe(
        v.number(),
        v.check(() => (looked += 1) === 0, 'another number'),
      ),
    );
    const problem = refusedBy(() =>
      parseInput(
        schema,
        Array.from({ length: 100_000 }, () => 1),
      ),
    );
    expect([looked, problem.extras.errors]).toEqual([1, [expect.objectContaining({ path: '0' })]]);
  });

  test('is told in a hundred complaints at the most, and how many are left', () => {
    const problem = createFieldProblem(
      Array.from({ length: 250 }, (_, at) => ({ path: `a${at}`, expected: 'b' })),
    );
    expect(problem.extras.errors).toHaveLength(100);
    expect(problem.message).toMatch(/; and 150 more$/);
    expect(createFieldProblem([{ path: 'a', expected: 'b' }]).message).toBe('a: expected b');
  });
});

describe('the name of a field that is not there', () => {
  test.each([
    'odd',
    'colour',
    'connection_name',
    'sslMode2',
    'X-Forwarded-For',
    'a.0',
    'OAuth2ClientId',
    'utf8',
    'cost_center_2024',
  ])('is told where somebody wrote it: %s', (name) => {
    expect(maskUnknownName(name)).toBe(name);
  });

  test.each([
    'Tr0ub4dor3',
    'x9QmZ7kP',
    'AKIA1234567890ABCDEF',
    'qZxJkLmNpR',
    'dapi0123456789abcdef0123456789abcdef',
    'c29tZXRoaW5nIHNlY3JldA',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln',
    'correcthorsebatterystaplecorrecthorse',
    'a password',
  ])('is not told where it may be a secret: %s', (name) => {
    expect(maskUnknownName(name)).toBe('*');
  });

  test('would be told were it one that a connector has', () => {
    const names = Object.values<Connector>(connectors).flatMap(({ config, credentials }) =>
      [config, ...Object.values(credentials)].flatMap(({ entries }) => Object.keys(entries)),
    );
    expect(names.filter((name) => maskUnknownName(name) !== name)).toEqual([]);
  });
});

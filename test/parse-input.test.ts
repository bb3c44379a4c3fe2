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

describe('field errors of an input', () => {
  test('name every wrong field of a small input', () => {
    const problem = refusedBy(() =>
      parseInput(v.object({ tags: v.array(v.string()) }), { tags: [1, 'a', 2] }),
    );
    expect(problem.extras.errors?.map(({ path }) => path)).toEqual(['tags.0', 'tags.2']);
  });

  test('stop at the first wrong field of a large input', () => {
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

  test('are limited to 100, followed by the number of those left out', () => {
    const problem = createFieldProblem(
      Array.from({ length: 250 }, (_, at) => ({ path: `a${at}`, expected: 'b' })),
    );
    expect(problem.extras.errors).toHaveLength(100);
    expect(problem.message).toMatch(/; and 150 more$/);
    expect(createFieldProblem([{ path: 'a', expected: 'b' }]).message).toBe('a: expected b');
  });
});

describe('name of an unknown field', () => {
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
  ])('is shown when it looks like a field name: %s', (name) => {
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
  ])('is masked when it may be a secret: %s', (name) => {
    expect(maskUnknownName(name)).toBe('*');
  });

  test('is shown for every field name of the connectors', () => {
    const names = Object.values<Connector>(connectors).flatMap(({ config, credentials }) =>
      [config, ...Object.values(credentials)].flatMap(({ entries }) => Object.keys(entries)),
    );
    expect(names.filter((name) => maskUnknownName(name) !== name)).toEqual([]);
  });
});

import { describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import {
  ProfileFailure,
  createProfileTestProblem,
  renderProfileFailure,
} from '../../../shared/apis/profiles/failures.ts';
import { renderSize } from '../../../shared/apis/profiles/profiles.ts';
import { connectors } from '../../../shared/connectors/registry.ts';
import { Problem, problemCodes, problems } from '../../../shared/problem.ts';

const told = (problem: Problem, clean: (text: string) => string = String) => {
  const { status, body } = renderProfileFailure(problem, clean);
  return { status, ...v.parse(v.strictObject(ProfileFailure.entries), body).error };
};

describe('a failure', () => {
  test.each(problemCodes)('%s has a code of this API', (code) => {
    const { status, code: said, message } = told(new Problem(code));
    expect(said).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(message).not.toBe('');
    const ofSource = [502, 504].includes(problems[code].status);
    expect([status, said === 'CONNECTION_FAILED']).toEqual([
      ofSource ? 422 : problems[code].status,
      ofSource,
    ]);
  });

  test('contains only scrubbed text', () => {
    const clean = (text: string) => text.replaceAll('hunter2', '[secret]');
    for (const code of ['forbidden', 'unavailable', 'timeout'] as const)
      expect(told(new Problem(code, 'Not with hunter2'), clean).details.reason).toBe('Not with [secret]');
  });

  test('lists every invalid field, and the first five in the message', () => {
    const errors = Array.from({ length: 7 }, (_, at) => ({ path: `credentials.f${at}`, expected: 'text' }));
    const { details, message } = told(new Problem('invalid-request', 'x', { errors }));
    expect(details.fields).toHaveLength(7);
    expect(details.fields?.at(-1)).toEqual({ field: 'config.f6', reason: 'expected text' });
    expect(message.split('; ')).toHaveLength(5);
  });

  test('names the connector that could not be reached', () => {
    const result = {
      status: 'failed' as const,
      details: { error: 'It: is not there.', code: 'timeout' as const },
      steps: [
        {
          step: 'connect' as const,
          status: 'failed' as const,
          duration_ms: 1,
          remediation: 'Send ssl.key or credentials.token.',
        },
      ],
      tested_at: '',
      vantage: { region: null, vpc_id: null, egress_ips: [] },
    };
    for (const type of Object.keys(connectors))
      expect(told(createProfileTestProblem(type, result))).toMatchObject({
        message: expect.stringMatching(/^Failed to connect to [A-Z][^:]*$/),
        details: {
          reason: 'It: is not there.',
          code: 'timeout',
          step: 'connect',
          remediation: 'Send ssl_key or config.token.',
        },
      });
  });
});

describe('size of a table', () => {
  test.each([
    [0, '0B'],
    [1, '1B'],
    [1023, '1023B'],
    [1024, '1KB'],
    [1536, '1.5KB'],
    [8192, '8KB'],
    [1024 ** 2 - 1, '1MB'],
    [120 * 1024 ** 2, '120MB'],
    [2.5 * 1024 ** 3, '2.5GB'],
    [2.46 * 1024 ** 3, '2.5GB'],
    [1024 ** 4, '1TB'],
    [5 * 1024 ** 6, '5120PB'],
  ])('of %d bytes is rendered as %s', (bytes, words) => expect(renderSize(bytes)).toBe(words));
});

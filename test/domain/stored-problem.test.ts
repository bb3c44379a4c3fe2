import { describe, expect, test } from '@jest/globals';
import { toStoredProblem, parseStoredProblem } from '../../shared/domain/stored-problem.ts';
import { Problem } from '../../shared/problem.ts';

const steps = [
  { step: 'resolve', status: 'passed', duration_ms: 3 },
  {
    step: 'connect',
    status: 'failed',
    duration_ms: 5,
    code: 'connection-refused',
    blame: 'network',
    remediation: 'Check the port.',
  },
];
const extras = {
  status: 502,
  remediation: 'Check the port.',
  native_code: 'ECONNREFUSED',
  step: 'connect',
  steps,
};
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe('stored problem', () => {
  test('is parsed as it was stored', () => {
    const {
      code,
      message,
      extras: recalled,
    } = parseStoredProblem(toStoredProblem(new Problem('connection-refused', 'The port is closed', extras)));
    expect({ code, message, recalled }).toEqual({
      code: 'connection-refused',
      message: 'The port is closed',
      recalled: extras,
    });
  });

  test('has no attributes that the problem did not have', () => {
    expect(toStoredProblem(new Problem('timeout', 'No answer'))).toEqual({
      code: 'timeout',
      detail: 'No answer',
    });
  });

  test('that is a little too long keeps the name, status, duration and code of each step', () => {
    const long = new Problem('connection-refused', 'x'.repeat(450), extras);
    expect(toStoredProblem(long)).toEqual({
      code: 'connection-refused',
      detail: long.message,
      ...extras,
      steps: [
        { step: 'resolve', status: 'passed', duration_ms: 3 },
        { step: 'connect', status: 'failed', duration_ms: 5, code: 'connection-refused' },
      ],
    });
  });

  test('that is longer keeps its texts and an empty list of steps', () => {
    const long = new Problem('connection-refused', 'x'.repeat(580), extras);
    expect(toStoredProblem(long)).toEqual({
      code: 'connection-refused',
      detail: long.message,
      ...extras,
      steps: [],
    });
  });

  test('is truncated only above 750 bytes', () => {
    const fill = bytesOf(toStoredProblem(new Problem('timeout', '')));
    expect(toStoredProblem(new Problem('timeout', 'x'.repeat(750 - fill))).detail).toHaveLength(750 - fill);
    expect(toStoredProblem(new Problem('timeout', 'x'.repeat(751 - fill))).detail).toMatch(/^x{245}…$/);
  });

  test.each([
    ['letters', 'x'],
    ['characters of four bytes', '\u{1F600}'],
    ['quotes, which JSON escapes', '"'],
    ['control characters', '\u0001'],
  ])('that is far too long is truncated between characters to fit: %s', (_, character) => {
    const text = character.repeat(5000);
    const kept = toStoredProblem(
      new Problem('server-error', text, {
        remediation: text,
        native_code: text,
        step: text,
        steps: [{ text }],
      }),
    );
    expect(bytesOf(kept)).toBeLessThanOrEqual(750);
    for (const cut of [kept.detail, kept.remediation, kept.native_code, kept.step]) {
      expect(cut?.endsWith('…')).toBe(true);
      expect(text.startsWith(cut?.slice(0, -1) ?? '?')).toBe(true);
      expect(cut?.length).toBeGreaterThan(2);
    }
    expect(kept.steps).toEqual([]);
  });

  test('with an unknown code is an internal problem', () => {
    expect(parseStoredProblem({ code: 'gone' as 'timeout', detail: 'x' }).code).toBe('internal');
  });
});

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

describe('a problem that is kept', () => {
  test('is recalled as it was', () => {
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

  test('has nothing that the problem had not', () => {
    expect(toStoredProblem(new Problem('timeout', 'No answer'))).toEqual({
      code: 'timeout',
      detail: 'No answer',
    });
  });

  test('and is a little too long keeps of each step what happened, when and why', () => {
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

  test('and is longer keeps its texts and no step, but tells that there were steps', () => {
    const long = new Problem('connection-refused', 'x'.repeat(580), extras);
    expect(toStoredProblem(long)).toEqual({
      code: 'connection-refused',
      detail: long.message,
      ...extras,
      steps: [],
    });
  });

  test('is cut as late as 750 bytes', () => {
    const fill = bytesOf(toStoredProblem(new Problem('timeout', '')));
    expect(toStoredProblem(new Problem('timeout', 'x'.repeat(750 - fill))).detail).toHaveLength(750 - fill);
    expect(toStoredProblem(new Problem('timeout', 'x'.repeat(751 - fill))).detail).toMatch(/^x{245}…$/);
  });

  test.each([
    ['letters', 'x'],
    ['characters of four bytes', '\u{1F600}'],
    ['quotes, which JSON escapes', '"'],
    ['control characters', '\u0001'],
  ])('and is far too long fits, cut between characters: %s', (_, character) => {
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

  test('of a code that is no longer known is an internal one', () => {
    expect(parseStoredProblem({ code: 'gone' as 'timeout', detail: 'x' }).code).toBe('internal');
  });
});

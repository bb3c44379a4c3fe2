import { describe, expect, test } from '@jest/globals';
import { withScrubbedErrors, scrubStep } from '../../shared/domain/credentials/scrub-errors.ts';
import { createLog } from '../../shared/log.ts';
import { Problem } from '../../shared/problem.ts';
import { listKnownNames, scrub } from '../../shared/scrub.ts';

const secret = 'made-up-and-secret';
const logHiding = (...secrets: readonly string[]) => {
  const lines: string[] = [];
  const log = createLog({}, (line) => void lines.push(line));
  log.hide(secrets);
  return { log, lines };
};

describe('output of the probe', () => {
  test('has no secret in the message, the code or the steps of a problem', async () => {
    const { log } = logHiding(secret);
    const step = {
      step: 'privileges',
      status: 'failed',
      native_code: secret,
      remediation: `GRANT ${secret}`,
    };
    const thrown = new Problem('protocol-mismatch', `no: ${secret}`, { native_code: secret, steps: [step] });
    const problem = await withScrubbedErrors(log, () => Promise.reject(thrown)).catch(
      (error: unknown) => error,
    );
    expect(problem).toMatchObject({ code: 'protocol-mismatch', message: 'no: [secret]' });
    const { message, extras } = problem as Problem; // matched above
    expect(JSON.stringify([message, extras])).not.toContain(secret);
    expect(extras).not.toHaveProperty('native_code');
  });

  test('keeps a server code that is not a secret', async () => {
    const { log } = logHiding(secret);
    const thrown = new Problem('protocol-mismatch', undefined, { native_code: '42501' });
    const problem = await withScrubbedErrors(log, () => Promise.reject(thrown)).catch(
      (error: unknown) => error,
    );
    expect(problem).toMatchObject({ extras: { native_code: '42501' } });
  });

  test('truncates a long remediation to 20 000 characters, without splitting a surrogate pair', () => {
    const { log } = logHiding(secret);
    for (const before of ['', 'x']) {
      const remediation = `${before}${'😀'.repeat(300_000)}`;
      const step = scrubStep({ step: 'privileges' as const, remediation }, log.clean);
      expect(step.remediation?.length).toBeLessThanOrEqual(20_000);
      expect(step.remediation?.isWellFormed()).toBe(true);
    }
  });

  test('has no secret in the code of a step', () => {
    const { log } = logHiding(secret);
    const step = (native_code: string) => scrubStep({ step: 'authenticate', native_code }, log.clean);
    expect(step(secret)).toEqual({ step: 'authenticate' });
    expect(step('28P01')).toEqual({ step: 'authenticate', native_code: '28P01' });
  });
});

test.each([
  ['admin', 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO admin;', undefined],
  ['test', 'GRANT USAGE ON SCHEMA "test" TO "test";', undefined],
  ['SE', 'GRANT SELECT ON shop.orders TO reader;', undefined],
  ['shop', 'GRANT SELECT ON shop.orders TO reader;', 'GRANT SELECT ON [secret].orders TO reader;'],
  ['§', 'GRANT SELECT ON `a§b`.orders TO reader;', 'GRANT SELECT ON `[secret]`.orders TO reader;'],
  ['a.b', 'GRANT SELECT ON "a.b".orders TO reader;', '[withheld: it may contain a secret]'],
])(
  'a remediation is not withheld because the password equals a known name or a keyword: %s',
  (password, statement, expected) => {
    const { log } = logHiding(password);
    const known = listKnownNames({ username: 'admin', database: 'test', schemas: ['test'], port: 5432 });
    const step = scrubStep({ step: 'privileges', remediation: statement }, log.clean, known);
    expect(step.remediation).toBe(expected ?? statement);
    // A message of the server is withheld.
    expect(log.clean(`no: ${password}`)).toBe('[withheld: it may contain a secret]');
  },
);

test('a text with a five-character secret is withheld; a six-character secret is cut out', () => {
  expect(scrub('said abcde here', ['abcde'])).toBe('[withheld: it may contain a secret]');
  expect(scrub('said abcdef here', ['abcdef'])).toBe('said [secret] here');
});

import { describe, expect, test } from '@jest/globals';
import { createStepRecorder } from '../../shared/network/step-recorder.ts';
import { Problem } from '../../shared/problem.ts';

const never = () => new Promise<never>(() => {});
const trailOf = (limit = 10_000, budget = 25_000) => createStepRecorder({ limits: () => limit, budget });
const stepOf = (trail: ReturnType<typeof trailOf>, name: string) =>
  trail.listSteps().find(({ step }) => step === name);

describe('step recorder', () => {
  test('lists all steps in order, with skipped for those that were never reached', async () => {
    using trail = trailOf();
    await trail.step('resolve', async () => {});
    expect(trail.listSteps().map(({ step, status }) => `${step} ${status}`)).toEqual([
      'resolve passed',
      'egress skipped',
      'connect skipped',
      'tls skipped',
      'authenticate skipped',
      'query skipped',
      'privileges skipped',
    ]);
  });

  test('returns the result of the work', async () => {
    using trail = trailOf();
    expect(await trail.step('query', async () => 42)).toBe(42);
    expect(await trail.withinBudget(async () => 43)).toBe(43);
  });

  test('records warnings with their own or the default remediation, and notes', async () => {
    using trail = trailOf();
    await trail.step('tls', async () => {});
    await trail.step('privileges', async () => {});
    trail.warn('tls', { code: 'tls-unverified' });
    trail.warn('tls', { code: 'tls-off' });
    trail.note('tls', { protocol: 'TLSv1.3', expires_at: '2030-01-01T00:00:00.000Z' });
    trail.warn('privileges', { code: 'privileges-missing', remediation: 'grant select on t to me' });
    expect(stepOf(trail, 'tls')).toMatchObject({
      status: 'warning',
      code: 'tls-unverified',
      remediation: expect.stringContaining('verify-full'),
      protocol: 'TLSv1.3',
    });
    expect(stepOf(trail, 'privileges')).toMatchObject({
      status: 'warning',
      remediation: 'grant select on t to me',
    });
  });

  test('lets password-in-clear replace any other warning of a step, in any order', async () => {
    for (const codes of [
      ['tls-off', 'password-in-clear'],
      ['password-in-clear', 'tls-off'],
      ['tls-off', 'password-in-clear', 'tls-unverified'],
    ] as const) {
      using trail = trailOf();
      await trail.step('authenticate', async () => {});
      for (const code of codes) trail.warn('authenticate', { code });
      expect(stepOf(trail, 'authenticate')).toMatchObject({ status: 'warning', code: 'password-in-clear' });
    }
  });

  test('turns a thrown error into a problem that names the step, and keeps the cause', async () => {
    using trail = trailOf();
    const thrown = Object.assign(new Error('obviously-fake-text of a driver'), { code: 'ECONNREFUSED' });
    const problem = await trail
      .step('connect', () => Promise.reject(thrown))
      .catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(Problem);
    expect(problem).toMatchObject({
      code: 'connection-refused',
      cause: thrown,
      extras: { step: 'connect', native_code: 'ECONNREFUSED' },
    });
    expect(stepOf(trail, 'connect')).toEqual({
      step: 'connect',
      status: 'failed',
      duration_ms: expect.any(Number),
      code: 'connection-refused',
      blame: 'network',
      remediation: expect.stringContaining('port'),
      native_code: 'ECONNREFUSED',
    });
    expect(JSON.stringify([problem, trail.listSteps()])).not.toContain('obviously-fake');
  });

  test('adds up the duration of a repeated step, and keeps its first failure', async () => {
    let elapsed = 0;
    using trail = createStepRecorder({ limits: () => 10_000, budget: 25_000, measure: () => elapsed });
    const take = (ms: number) => async () => void (elapsed += ms);
    await trail.step('connect', take(20));
    await trail.step('authenticate', take(300));
    await trail.step('connect', take(22));
    expect(stepOf(trail, 'connect')?.duration_ms).toBe(42);
    expect(trail.measureElapsed('connect')).toBe(342);
    await expect(
      trail.step('connect', () => Promise.reject(new Problem('unreachable'))),
    ).rejects.toMatchObject({ code: 'unreachable' });
    await expect(trail.step('connect', () => Promise.reject(new Problem('timeout')))).rejects.toMatchObject({
      code: 'unreachable',
    });
    await trail.step('connect', async () => {});
    expect(stepOf(trail, 'connect')).toMatchObject({ status: 'failed', code: 'unreachable' });
  });

  test('does not blame the outer step for the failure of an inner step', async () => {
    using trail = trailOf();
    const inner = () => trail.step('connect', () => Promise.reject(new Problem('connection-refused')));
    await expect(
      trail.step('authenticate', async () => {
        await inner().catch(() => {
          throw new Error('the driver gave up');
        });
      }),
    ).rejects.toMatchObject({ code: 'connection-refused', extras: { step: 'connect' } });
    expect(stepOf(trail, 'connect')?.status).toBe('failed');
    expect(stepOf(trail, 'authenticate')?.status).toBe('skipped');
  });

  test('fails a step that exceeds its limit with a timeout that names it, and aborts the work', async () => {
    using trail = trailOf(30);
    await expect(trail.step('authenticate', never)).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('authenticate'),
      extras: { step: 'authenticate' },
    });
    expect(trail.signal.aborted).toBe(true);
    expect(stepOf(trail, 'authenticate')).toMatchObject({
      status: 'failed',
      code: 'timeout',
      blame: 'network',
    });
    await expect(trail.step('query', async () => {})).rejects.toMatchObject({ code: 'timeout' });
    expect(stepOf(trail, 'query')?.status).toBe('skipped');
  });

  test('still reports the timeout when the driver throws because of the abort', async () => {
    using trail = trailOf(30);
    const cutOff = () =>
      new Promise<never>((_, reject) =>
        trail.signal.addEventListener('abort', () =>
          reject(Object.assign(new Error(), { code: 'ECONNRESET' })),
        ),
      );
    await expect(trail.step('tls', cutOff)).rejects.toMatchObject({ code: 'timeout' });
  });

  test('blames the innermost step when the limit of an outer step expires', async () => {
    using trail = createStepRecorder({
      limits: (step) => (step === 'authenticate' ? 30 : 10_000),
      budget: 25_000,
    });
    await expect(trail.step('authenticate', () => trail.step('connect', never))).rejects.toMatchObject({
      code: 'timeout',
      extras: { step: 'connect' },
    });
    expect(stepOf(trail, 'connect')?.status).toBe('failed');
  });

  test('limits all steps together by the budget', async () => {
    using trail = trailOf(10_000, 40);
    await trail.step('connect', async () => {});
    await expect(trail.step('query', never)).rejects.toMatchObject({
      code: 'timeout',
      extras: { step: 'query' },
    });
    using other = trailOf(10_000, 40);
    await other.step('query', async () => {});
    await expect(other.withinBudget(never)).rejects.toMatchObject({
      code: 'timeout',
      extras: { step: 'query' },
    });
  });

  test('leaves no timer behind', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    {
      using trail = trailOf();
      await trail.step('query', async () => {});
      await trail.step('query', () => Promise.reject(new Problem('server-error'))).catch(() => {});
      expect(timers()).toBe(before + 1);
    }
    expect(timers()).toBe(before);
  });

  test("uses an error of the socket when the driver's error has no code", async () => {
    using trail = trailOf();
    trail.hear(new Error('no code'));
    trail.hear(Object.assign(new Error(), { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' }));
    trail.hear(Object.assign(new Error(), { code: 'ECONNRESET' }));
    await expect(
      trail.step('authenticate', () => Promise.reject(new Error('terminated'))),
    ).rejects.toMatchObject({ code: 'client-certificate-required' });
  });
});

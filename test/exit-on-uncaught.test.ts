import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const secret = 'obviously-fake-and-uncaught';

/**
 * Runs a process with listeners like those of the Lambda runtime, which write an error with all its fields. Its
 * standard input stays open, so a script that reads it does not end by itself.
 */
const run = async (script: string) => {
  const program = `
    const { createLog } = await import(${JSON.stringify(new URL('../shared/log.ts', import.meta.url))});
    const { exitOnUncaught } = await import(${JSON.stringify(new URL('../shared/exit-on-uncaught.ts', import.meta.url))});
    const tell = (error) => { console.log('runtime', JSON.stringify({ ...error, message: error.message })); process.exit(129); };
    for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, tell);
    const log = createLog({ request_id: 'request-1' });
    log.hide(['${secret}']);
    const request = { config: { data: { password: '${secret}' } } };
    const error = Object.assign(new Error('cannot send ${secret}', { cause: request }), request);
    ${script}
  `;
  const args = ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', program];
  const { stdout, code } = await promisify(execFile)(process.execPath, args).then(
    (done) => ({ ...done, code: 0 }),
    (failed: { stdout: string; code: number }) => failed,
  );
  return { stdout, code };
};

test.each(['setImmediate(() => { throw error; })', 'void Promise.reject(error)'])(
  'an uncaught error is logged without secrets before the runtime writes it: %s',
  async (fail) => {
    const { stdout, code } = await run(`exitOnUncaught(log); ${fail}; process.stdin.resume();`);
    expect([code, stdout]).toEqual([1, expect.stringContaining('"request_id":"request-1"')]);
    expect(stdout).toContain('cannot send [secret]');
    expect(stdout).not.toMatch(/runtime|obviously/);
  },
);

test('an uncaught error hides the secrets of all concurrent calls', async () => {
  const { stdout, code } = await run(
    `exitOnUncaught(createLog({ request_id: 'request-2' })); exitOnUncaught(log); setImmediate(() => { throw error; });`,
  );
  expect([code, stdout]).toEqual([1, expect.stringContaining('cannot send [secret]')]);
  expect(stdout).not.toMatch(/runtime|obviously/);
});

test('the runtime handles an uncaught error after the call has ended', async () => {
  const { stdout, code } = await run(
    'exitOnUncaught(log)[Symbol.dispose](); setImmediate(() => { throw error; })',
  );
  expect([code, stdout]).toEqual([129, expect.stringMatching(/^runtime/)]);
});

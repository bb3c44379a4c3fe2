import { glob, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { completionMessages } from '../../shared/runtime/probe-handler.ts';

/** Every call of a log's `info` or `error`, with its first argument if that is a string. */
const logCallPattern = /\blogs?(?:\(\w*\)|\[0\])?\??\.(info|error)\(\s*(?:'([^']*)'|`[^`]*`|(\S+?)[,)])/g;

const findLogCalls = async (): Promise<readonly { level: string; message: string }[]> => {
  const calls: { level: string; message: string }[] = [];
  for await (const file of glob('{functions,shared,infra}/**/*.ts'))
    for (const [, level = '', message, other = ''] of (await readFile(file, 'utf8')).matchAll(logCallPattern))
      if (message !== undefined) calls.push({ level, message });
      else if (other === 'completionMessages[name]')
        calls.push(...Object.values(completionMessages).map((each) => ({ level, message: each })));
      else throw new Error(`${file}: expected a log message that is a string in quotes`);
  return calls;
};

const readLogsPage = async () => {
  const page = await readFile('docs/logs.md', 'utf8');
  return [...page.matchAll(/^\| `([^`]+)` \| (\w+) \|/gm)].map(
    ([, message = '', level = '']) => `${level} ${message}`,
  );
};

test('docs/logs.md lists exactly the messages that the code logs, with their levels', async () => {
  const logged = new Set((await findLogCalls()).map(({ level, message }) => `${level} ${message}`));
  expect(logged.size).toBeGreaterThan(30);
  expect((await readLogsPage()).toSorted()).toEqual([...logged].toSorted());
});

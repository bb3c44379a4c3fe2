import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { resolveConnector } from '../../shared/domain/connections/parse-connection-input.ts';
import { parseConnectionString } from '../../shared/domain/input/parse-connection-string.ts';
import { findRequestSecrets } from '../../shared/domain/input/request-secrets.ts';
import { Problem } from '../../shared/problem.ts';
import { piecesOf, stringForms } from './strings.ts';

/** Returns the parts of a string, or the text of the problem that refuses it. */
const outcome = async (type: string, text: string) => {
  try {
    return { parts: await parseConnectionString(resolveConnector(type), text) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    expect(error.code).toBe('invalid-request');
    return { told: JSON.stringify([error.message, error.extras]) };
  }
};

const textsOf = (value: unknown): readonly string[] =>
  typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [String(value)];

describe.each(stringForms)('$type connection string', ({ type, secret, parts, print }) => {
  test('is parsed into the fields that were written, for any field values', async () => {
    await fc.assert(
      fc.asyncProperty(parts, async (written) => {
        const first = await outcome(type, print(written));
        expect(first).toEqual({ parts: written });
        expect(await outcome(type, print(first.parts ?? written))).toEqual(first);
      }),
      { numRuns: 300 },
    );
  });

  test('is refused or keeps its secret whole and in no other field, for any wrong encoding', async () => {
    const encode = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => encodeURI(text),
      (text) => text.replaceAll('%', '%25'),
      (text) => text.replaceAll('@', '%40'),
      (text) => text.replaceAll(' ', '+'),
      (text) => `"${text}"`,
    );
    await fc.assert(
      fc.asyncProperty(parts, encode, async (written, badly) => {
        const value = written.credentials[secret] ?? '';
        const pasted = badly(value);
        const { parts: read, told = '' } = await outcome(
          type,
          print(written, () => pasted),
        );
        for (const piece of piecesOf(value)) expect(told).not.toContain(piece);
        if (!read) return;
        for (const text of textsOf([read.config, read.options]))
          for (const piece of piecesOf(value)) expect(text).not.toContain(piece);
        // Three cases cannot be told apart: an accidental escape, a space at an end, and a plus sign or
        // quotes that were added here.
        const meant = [value, pasted, decoded(pasted)].map((text) =>
          type === 'sqlserver' ? text.trim() : text,
        );
        expect(meant).toContain(read.credentials[secret]);
      }),
      { numRuns: 600 },
    );
  });

  test('is refused when it contains an invisible character', async () => {
    const unseen = fc.constantFrom(
      ...Array.from(
        '\0\t\n\r\u001b\u007f\u0085\u00ad\u200b\u200d\u200e\u2028\u2029\u202e\u2060\u2066\ufeff\u{e0001}',
      ),
    );
    await fc.assert(
      fc.asyncProperty(parts, unseen, fc.nat(), async (written, sign, place) => {
        const text = print(written);
        const at = 1 + (place % (text.length - 1));
        fc.pre(!/^[\udc00-\udfff]/.test(text[at] ?? ''));
        const { told = '' } = await outcome(type, `${text.slice(0, at)}${sign}${text.slice(at)}`);
        expect(told).toContain('one line');
      }),
    );
  });

  test('is refused when it is followed by a second line or another command', async () => {
    await fc.assert(
      fc.asyncProperty(parts, fc.constantFrom('\n', '\r\n', ' ', '\u2028'), async (written, between) => {
        const { told } = await outcome(
          type,
          `${print(written)}${between}PGPASSWORD=NOPQRSTU psql -h db.example.test`,
        );
        expect(told).toBeDefined();
        expect(told).not.toContain('NOPQ');
      }),
      { numRuns: 30 },
    );
  });

  test('may be surrounded by white space', async () => {
    const [written] = fc.sample(parts, { seed: 1, numRuns: 1 });
    if (!written) throw new Error('expected a sample');
    expect(await outcome(type, ` \t${print(written)}\r\n`)).toEqual({ parts: written });
  });

  test('is refused when its host is a URL with a scheme', async () => {
    const [scheme] = resolveConnector(type).connectionString?.schemes ?? [];
    for (const text of [
      `${scheme}://https://db.example.test/shop`,
      `${scheme}://me:NOPQ@http://db.example.test:1/shop`,
    ])
      expect(await outcome(type, text)).toEqual({ told: expect.stringMatching(/scheme|host|:\/\//) });
  });

  test('makes its secret known to the log, whether or not it can be parsed', async () => {
    fc.assert(
      fc.property(parts, (written) => {
        const value = written.credentials[secret] ?? '';
        expect(findRequestSecrets({ connection_string: print(written) })).toContain(value);
        expect(findRequestSecrets({ connection_string: `\n${print(written)}&=%zz` })).toContain(value);
      }),
    );
  });
});

const decoded = (text: string) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

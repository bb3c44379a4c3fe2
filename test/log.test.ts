import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { describeError } from '../shared/describe-error.ts';
import { toProblemAnswer } from '../shared/http/problem-response.ts';
import { createLog } from '../shared/log.ts';
import { Problem, problemCodes } from '../shared/problem.ts';
import { scrub } from '../shared/scrub.ts';

/** Any UTF-16 text, including lone surrogates. */
const utf16 = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
  .map((units) => String.fromCharCode(...units));
const halves = fc
  .tuple(utf16, fc.constantFrom('\ud800', '\udc00', '\udfff\ud800'), utf16)
  .map((parts) => parts.join(''));

const thrower = new Proxy(
  {},
  {
    get: () => {
      throw new Error('no');
    },
    getPrototypeOf: () => {
      throw new Error('no');
    },
    ownKeys: () => {
      throw new Error('no');
    },
  },
);

/** Any value that code can throw: nested, cyclic, with getters that throw. */
const thrown = fc
  .tuple(
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withTypedArray: true,
    }),
    fc.oneof(halves, fc.constant('cause')),
    fc.nat(4),
  )
  .map(([anything, message, kind]): unknown => {
    if (kind === 0) return anything;
    if (kind === 1) return new Error(message, { cause: anything });
    if (kind === 2) return thrower;
    const cyclic: Error & { self?: unknown } = new TypeError(message);
    cyclic.self = cyclic;
    cyclic.cause = kind === 3 ? cyclic : { cause: cyclic, toString: null, [message]: cyclic };
    return cyclic;
  });

describe('log', () => {
  test('writes one line of JSON for any thrown value and any hidden secret', () => {
    fc.assert(
      fc.property(thrown, fc.array(fc.oneof(utf16, halves)), halves, (error, secrets, message) => {
        const lines: string[] = [];
        const log = createLog({ request_id: 'request-1' }, (line) => lines.push(line));
        log.hide(secrets);
        log.error(message, error, { at: 1 });
        log.info(message, { amount: 5n, error });
        for (const line of lines) expect(JSON.parse(line)).toMatchObject({ request_id: 'request-1' });
        expect(lines).toHaveLength(2);
      }),
      { numRuns: 500 },
    );
  });

  test('describes a cause that is not an Error, without its secrets', () => {
    const lines: string[] = [];
    const log = createLog({}, (line) => lines.push(line));
    log.hide(['not-a-real\nsecret']);
    const cause = {
      code: 'E1',
      detail: 'not-a-real\nsecret was refused',
      inner: { 'not-a-real\nsecret': 1 },
    };
    log.error('failed', new Error('outer', { cause }));
    expect(lines.join()).toContain('"code":"E1"');
    expect(lines.join()).toContain('[secret] was refused');
    expect(lines.join()).not.toContain('not-a-real');
    expect(lines.join()).not.toContain('[object Object]');
  });

  test('describes a chain of causes and stops at a cycle', () => {
    const error = new Error('first');
    error.cause = new Error('second', { cause: error });
    expect(JSON.stringify(describeError(error, (text) => text))).toContain('second');
  });
});

describe('scrubbing', () => {
  test('removes any secret from any text', () => {
    fc.assert(
      fc.property(fc.oneof(utf16, halves), utf16, utf16, (secret, before, after) => {
        const clean = scrub(`${before}${secret}${after}`, [secret]);
        if (secret.length >= 6) expect(clean.replaceAll('[secret]', '')).not.toContain(secret);
      }),
    );
  });

  const awkward = `it's <not> "réal" & (100%) ÿÿ`;
  test.each([
    ['hexadecimal digits', Buffer.from(awkward).toString('hex')],
    ['capital hexadecimal digits', Buffer.from(awkward).toString('hex').toUpperCase()],
    ['base64', Buffer.from(awkward).toString('base64')],
    ['a URL', encodeURIComponent(awkward)],
    [
      'a URL in small letters',
      encodeURIComponent(awkward).replaceAll(/%[0-9A-F]{2}/g, (one) => one.toLowerCase()),
    ],
    [
      'a URL as AWS signs it',
      encodeURIComponent(awkward).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`),
    ],
    ['a form', new URLSearchParams({ s: awkward }).toString().slice(2)],
    ['JSON', JSON.stringify(awkward).slice(1, -1)],
    [
      'JSON in ASCII',
      JSON.stringify(awkward)
        .slice(1, -1)
        .replace(/[^ -~]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`),
    ],
    ['SQL', awkward.replaceAll("'", "''")],
    [
      'XML',
      awkward
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;')
        .replaceAll("'", '&apos;'),
    ],
  ])('removes a secret encoded as %s', (_, form) => {
    expect(scrub(`before ${form} after`, [awkward])).toMatch(/^before \[secret\]\w?=* after$/);
  });

  test('removes a secret with a lone surrogate, also as it is encoded in a URL', () => {
    const secret = 'not-a-real-\ud800-secret';
    const sent = encodeURIComponent(secret.toWellFormed());
    expect(scrub(`GET /?password=${sent} and ${secret} failed`, [secret])).toBe(
      'GET /?password=[secret] and [secret] failed',
    );
  });
});

test('every problem renders as JSON, with any text and any cause', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...problemCodes),
      halves,
      thrown,
      fc.array(halves),
      (code, text, cause, secrets) => {
        const problem = new Problem(code, text, {
          cause,
          remediation: text,
          native_code: text,
          errors: [{ path: text, expected: text }],
          steps: [{ step: 'connect', status: 'failed', remediation: text }],
        });
        const { body = '' } = toProblemAnswer(problem, 'request-1', (detail) => scrub(detail, secrets));
        expect(JSON.parse(body)).toMatchObject({ code, request_id: 'request-1' });
      },
    ),
  );
});

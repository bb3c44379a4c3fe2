import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createQuoter } from '../../shared/connectors/sql/create-quoter.ts';

const bare = /^[A-Za-z_]\w*$/;

describe('a quoter', () => {
  const { quoteName, quotePath, quoteText } = createQuoter({ mark: '"', bare, reserved: 'SELECT\n  from' });

  test.each([
    ['orders', 'orders'],
    ['Selected', 'Selected'],
    ['select', '"select"'],
    ['From', '"From"'],
    ['a b', '"a b"'],
    ['say "hi"', '"say ""hi"""'],
    [String.raw`back\slash`, String.raw`"back\slash"`],
    ['', '""'],
  ])('quotes the name %j only where required: %s', (name, quoted) => expect(quoteName(name)).toBe(quoted));

  test('quotes each part of a path, required or not', () => {
    expect(quotePath('shop', 'a"b', 'id')).toBe('"shop"."a""b"."id"');
    expect(quotePath('shop')).toBe('"shop"');
  });

  test('quotes texts as standard SQL does', () =>
    expect(quoteText(String.raw`it's \ here`)).toBe(String.raw`'it''s \ here'`));
});

test('a name in brackets doubles the closing bracket alone', () => {
  const { quotePath } = createQuoter({ mark: '[', bare });
  expect(quotePath('a[b]c')).toBe('[a[b]]c]');
});

test.each([
  [{ escape: 'backslash' }, String.raw`\``, String.raw`'it\'s \\'`],
  [{ textEscape: 'backslash' }, '``', String.raw`'it\'s \\'`],
  [{ escape: 'backslash', textEscape: 'double' }, String.raw`\``, String.raw`'it''s \'`],
] as const)('with %j, marks are escaped accordingly', (options, mark, text) => {
  const { quotePath, quoteText } = createQuoter({ mark: '`', bare, ...options });
  expect(quotePath('`')).toBe(`\`${mark}\``);
  expect(quoteText(String.raw`it's \ `.trimEnd())).toBe(text);
});

test.each(['double', 'backslash'] as const)('any name keeps its characters (%s)', (escape) => {
  const { quotePath } = createQuoter({ mark: '`', bare, escape });
  const unquote = (quoted: string) =>
    quoted.slice(1, -1).replaceAll(escape === 'double' ? /`(`)/g : /\\([\\`])/g, '$1');
  fc.assert(
    fc.property(fc.stringMatching(/^[ab\\`"'\n]*$/), (name) => expect(unquote(quotePath(name))).toBe(name)),
  );
});

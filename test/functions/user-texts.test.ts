import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseSync } from '@swc/core';
import { buildOpenapiDocument } from '../../infra/build/openapi.ts';
import { problemCauses } from '../../shared/problem-causes.ts';
import { problemCodes, problems } from '../../shared/problem.ts';

/** Words of earlier texts that make a reader stop, each with what the texts say instead. */
const avoidedWords: readonly (readonly [words: RegExp, instead: string])[] = [
  [/\bcures?\b/i, 'remediation'],
  [/\bwho is calling\b/i, 'authentication'],
  [/\b(whoever|whatever|wherever)\b/i, 'the caller, the server, the path'],
  [/\b(?<!postgres or )(nobody|somebody|anybody|everybody)\b/i, 'no connection, a caller'],
  [/\b(is|are|was|were) (not )?told\b/i, 'is returned'],
  [/\bwhat (is|was) (not )?there\b|\b(is|are|was|were) not there\b/i, 'exists, does not exist'],
  [/\bwhere there (is|are) (none|no)\b|\bthere is no such\b/i, 'if there is no'],
  [/\bgo(es)? on\b/i, 'continues'],
  [/\b(has|have) no place\b/i, 'is not accepted'],
  [/\bstands? (behind|before|in)\b/i, 'the part after'],
  [/\b(in|travels in) clear\b/i, 'unencrypted'],
  [/\bcannot be seen\b/i, 'invisible'],
  [/\bmay not (do|be|read)\b/i, 'cannot, is not allowed'],
  [/\bput (the|a|it) .*\bback\b/i, 'restore, change back'],
  [/\brel(y|ies) on\b|\brelied on\b/i, 'uses'],
  [/\b(made|make|begun) anew\b|\banew\b/i, 'again'],
];

const findAvoided = (text: string): string[] =>
  avoidedWords.flatMap(([words, instead]) => (words.test(text) ? [`"${text}": say ${instead}`] : []));

/** All summaries, descriptions and titles of a JSON document. */
const listDocumentTexts = (value: unknown, name = ''): string[] => {
  if (typeof value === 'string') return ['summary', 'description', 'title'].includes(name) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => listDocumentTexts(inner, key));
};

/** The string literals of a file that have several words, without what it imports. */
const listSourceTexts = (file: string): string[] => {
  const { body } = parseSync(readFileSync(file, 'utf8'), { syntax: 'typescript', target: 'es2024' });
  const visit = (node: unknown): string[] => {
    if (typeof node !== 'object' || node === null) return [];
    if ('type' in node && node.type === 'StringLiteral' && 'value' in node) return [String(node.value)];
    if ('type' in node && node.type === 'TemplateElement' && 'cooked' in node) return [String(node.cooked)];
    return Object.values(node).flatMap(visit);
  };
  return visit(body).filter((text) => /[a-z] [a-z]/i.test(text));
};

const listFiles = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file}`)
    .filter((file) => file.endsWith('.ts'));

/** Messages that the four other APIs were published with, and the comments of the demo database. */
const isKept = (file: string): boolean =>
  /^shared\/apis\/(published-|[a-z]+\/failures)|^infra\/local\/demo-data/.test(file) ||
  file.startsWith('shared/connectors/') ||
  file.startsWith('infra/stacks/');

describe('no text for users has words that make a reader stop', () => {
  test('in the OpenAPI document', async () => {
    const texts = listDocumentTexts(await buildOpenapiDocument());
    expect(texts.length).toBeGreaterThan(200);
    expect(texts.flatMap(findAvoided)).toEqual([]);
  });

  test.each(problemCodes)('in the problem %s', (code) => {
    const { title, remediation } = problems[code];
    const texts = [title, remediation, problemCauses[code]];
    expect(texts.flatMap(findAvoided)).toEqual([]);
    // A title begins a sentence, and continues one in lower case: "MySQL: connection refused".
    expect(title).toMatch(/^[A-Z][a-z]+( .*)?[^.]$/);
    for (const sentence of [remediation, problemCauses[code]])
      expect(sentence).toMatch(/^(`type`|[A-Z]|ssl).*\.$/);
  });

  test.each(['shared', 'functions', 'infra'].flatMap(listFiles).filter((file) => !isKept(file)))(
    'in %s',
    (file) => {
      expect(listSourceTexts(file).flatMap(findAvoided)).toEqual([]);
    },
  );
});

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { compareSchemas, type Answers } from './compare-schemas.ts';
import { corpora } from './corpora.ts';

/**
 * The readings of fastavro, protoc and a reader built on the library `referencing`. docs/catalog.md explains
 * how to repeat them.
 */
const readAnswers = (language: string): { readonly sha256: string; readonly answers: Answers } =>
  JSON.parse(readFileSync(new URL(`answers-${language}.json`, import.meta.url), 'utf8'));

describe.each(['avro', 'json', 'protobuf'] as const)('%s', (language) => {
  const corpus = corpora[language]();
  const { sha256, answers } = readAnswers(language);

  test('the readings belong to these schemas', () => {
    expect(createHash('sha256').update(JSON.stringify(corpus)).digest('hex')).toBe(sha256);
    expect(Object.keys(answers)).toEqual(Object.keys(corpus));
  });

  test("every column equals the other reader's", () => {
    const { schemas, columns, differences } = compareSchemas(language, corpus, answers);
    expect(differences).toEqual([]);
    expect(schemas).toBeGreaterThan(100);
    expect(columns).toBeGreaterThan(2000);
  });
});

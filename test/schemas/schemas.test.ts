import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { compareSchemas, type Answers } from './compare-schemas.ts';
import { corpora } from './corpora.ts';

/** What fastavro, protoc and a reading with the library `referencing` said; docs/catalog.md says how to ask them again. */
const readAnswers = (language: string): { readonly sha256: string; readonly answers: Answers } =>
  JSON.parse(readFileSync(new URL(`answers-${language}.json`, import.meta.url), 'utf8'));

describe.each(['avro', 'json', 'protobuf'] as const)('%s', (language) => {
  const corpus = corpora[language]();
  const { sha256, answers } = readAnswers(language);

  test('the answers are those to these schemas', () => {
    expect(createHash('sha256').update(JSON.stringify(corpus)).digest('hex')).toBe(sha256);
    expect(Object.keys(answers)).toEqual(Object.keys(corpus));
  });

  test('every column is what another reader says', () => {
    const { schemas, columns, differences } = compareSchemas(language, corpus, answers);
    expect(differences).toEqual([]);
    expect(schemas).toBeGreaterThan(100);
    expect(columns).toBeGreaterThan(2000);
  });
});

import { readFileSync } from 'node:fs';

type Seed = '000-v1' | '001-management' | '002-profiles' | '003-providers' | '004-registrations';

/**
 * Reads one of the published documents that define the APIs. Its text is the test data, so it stays as it was
 * published.
 */
export const seed = (name: Seed): string => readFileSync(new URL(`${name}.txt`, import.meta.url), 'utf8');

/** Returns the contents of the code blocks in this language, in order. */
export const fenced = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}[^\\n]*\\n(.*?)^\`\`\``, 'gms'))].map(([, code = '']) => code);

/** Parses the JSON examples of a document. */
export const jsonExamples = (text: string): unknown[] =>
  fenced(text, 'json').map((code) => JSON.parse(code) as unknown);

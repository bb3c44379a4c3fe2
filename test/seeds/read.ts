import { readFileSync } from 'node:fs';

type Seed = '000-v1' | '001-management' | '002-profiles' | '003-providers' | '004-registrations';

/** One of the published documents that the APIs come from, as it was published: its text is the test. */
export const seed = (name: Seed): string => readFileSync(new URL(`${name}.txt`, import.meta.url), 'utf8');

/** What stands between fences of that language, in order. */
export const fenced = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}[^\\n]*\\n(.*?)^\`\`\``, 'gms'))].map(([, code = '']) => code);

/** The JSON examples of a document, parsed. */
export const jsonExamples = (text: string): unknown[] =>
  fenced(text, 'json').map((code) => JSON.parse(code) as unknown);

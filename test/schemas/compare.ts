// Compares the readings of other readers with ours: node test/schemas/compare.ts LANGUAGE CORPUS ANSWERS
import { readFile } from 'node:fs/promises';
import { compareSchemas } from './compare-schemas.ts';

const [language, corpus, answers] = process.argv.slice(2);
if ((language !== 'avro' && language !== 'json' && language !== 'protobuf') || !corpus || !answers)
  throw new Error('expected avro, json or protobuf, a file of schemas and one of answers');
const read = async (path: string) => JSON.parse(await readFile(path, 'utf8'));
const { schemas, columns, differences } = compareSchemas(
  language,
  await read(corpus),
  (await read(answers)).answers,
);
console.log(`${schemas} schemas, ${columns} columns, ${differences.length} differences`);
for (const { schema, ours, theirs } of differences)
  console.log(`${schema}\n  ours:   ${ours}\n  theirs: ${theirs}`);

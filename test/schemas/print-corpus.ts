// Prints the schemas of one language as input for another reader: node test/schemas/print-corpus.ts avro |
// python test/schemas/read_avro.py
import { corpora } from './corpora.ts';

const [language] = process.argv.slice(2);
const make = Object.entries(corpora).find(([name]) => name === language)?.[1];
if (!make) throw new Error(`expected one of ${Object.keys(corpora).join(', ')}`);
process.stdout.write(JSON.stringify(make()));

// node large-source.ts TABLES: a source that large, in a process of its own; prints its port, and ends with its standard input.
import { largePostgresql } from '../connectors/large-postgresql.ts';

const source = await largePostgresql(Number(process.argv[2]));
console.log(source.port);
process.stdin.resume().once('end', () => process.exit());

// node large-source.ts TABLES: runs a source of that size in a process of its own. It prints its port, and
// ends when its standard input ends.
import { startLargePostgresql } from '../connectors/large-postgresql.ts';

const source = await startLargePostgresql(Number(process.argv[2]));
console.log(source.port);
process.stdin.resume().once('end', () => process.exit());

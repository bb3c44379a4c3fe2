// Compares the connector's catalogs of public schemas with those of independent readers, on every running server: node test/catalogs/compare.ts FOLDER
// With PEER=PYTHON, the interpreter of an environment with sqlalchemy, psycopg2 and pymysql, SQLAlchemy's inspector is a third reader.
// Files that are not yet in FOLDER (as OWNER/REPOSITORY/PATH) are downloaded into it. sources.json has their commits and checksums.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { listDifferences, listPeerDifferences } from './differences.ts';
import { listServers, type Peer } from './servers.ts';
import sources from './sources.json' with { type: 'json' };
import { splitStatements } from './split-statements.ts';
import { isReachable } from '../engines/reach.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('expected a folder for the files');

const python = process.env['PEER'];
const readPeer: Peer | undefined =
  python === undefined
    ? undefined
    : async (url, schemas) => {
        const script = fileURLToPath(new URL('peer.py', import.meta.url));
        const { stdout } = await promisify(execFile)(python, [script, url, ...schemas], {
          maxBuffer: 2 ** 28,
        });
        return JSON.parse(stdout);
      };

type Source = (typeof sources)[number];

const readScript = async ({ repository, commit, files }: Source): Promise<string> => {
  const texts: string[] = [];
  for (const { path, sha256 } of files) {
    const file = join(folder, repository, path);
    if (!existsSync(file)) {
      const answer = await fetch(`https://raw.githubusercontent.com/${repository}/${commit}/${path}`);
      if (!answer.ok) throw new Error(`${repository}/${path}: ${answer.status}`);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, Buffer.from(await answer.arrayBuffer()));
    }
    const bytes = await readFile(file);
    if (createHash('sha256').update(bytes).digest('hex') !== sha256)
      throw new Error(`${file} is another file than sources.json names`);
    texts.push(bytes.toString());
  }
  return texts.join('\n');
};

console.log(
  '| schema | server | tables | columns | indexes | foreign keys | refused | differences | of the peer |',
);
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
for (const source of sources) {
  // Statements that insert data do not affect the catalog.
  const statements = splitStatements(
    await readScript(source),
    source.engine === 'mysql' ? 'mysql' : 'postgres',
  ).filter(
    (text) =>
      !/\bowner to\b/i.test(text) &&
      !/^(insert|begin|commit|create database|drop database|use)\b/i.test(text),
  );
  for (const server of listServers().filter(
    ({ engine, reached }) => engine === source.engine && isReachable(reached),
  )) {
    const { ours, theirs, peer, refused } = await server.compare(statements, readPeer);
    const differences = listDifferences(
      ours.map((table) => server.normalise(table)),
      theirs,
    );
    const peerDifferences = peer && listPeerDifferences(ours, peer);
    const sum = (of: (table: (typeof ours)[number]) => unknown[]) =>
      ours.reduce((all, table) => all + of(table).length, 0);
    const counts = [ours.length, sum((t) => t.columns), sum((t) => t.indexes), sum((t) => t.foreign_keys)];
    console.log(
      `| ${[source.name, server.name, ...counts, refused.length, differences.length, peerDifferences?.length ?? ''].join(' | ')} |`,
    );
    for (const difference of differences.slice(0, 40)) console.error(`  ${difference}`);
    for (const difference of peerDifferences?.slice(0, 400) ?? []) console.error(`  peer: ${difference}`);
    if (process.env['SHOW_REFUSED']) for (const one of refused) console.error(`  refused ${one}`);
  }
}

import { createRequire } from 'node:module';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import nodes from 'oracledb/lib/thin/sqlnet/navNodes.js';
import transport from 'oracledb/lib/thin/sqlnet/ntTcp.js';
import tedious from 'tedious';

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const root = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const { dependencies }: { dependencies: Readonly<Record<string, string>> } = read(root('package.json'));
const lock: {
  packages: Readonly<Record<string, { version?: string; dependencies?: Readonly<Record<string, string>> }>>;
} = read(root('package-lock.json'));

/** Mooring replaces or calls undocumented methods of these drivers. */
describe.each(['tedious', 'oracledb'])('%s driver', (name) => {
  test('has one exact version in package.json, in the lock file and in node_modules', () => {
    const installed: { version: string } = read(
      createRequire(import.meta.url).resolve(`${name}/package.json`),
    );
    expect(dependencies[name]).toMatch(/^\d+\.\d+\.\d+$/);
    expect(installed.version).toBe(dependencies[name]);
    expect(lock.packages['']?.dependencies?.[name]).toBe(dependencies[name]);
    expect(lock.packages[`node_modules/${name}`]?.version).toBe(dependencies[name]);
  });
});

test.each(['sendPreLogin', 'readPreloginResponse', 'getInitialSql'])(
  'tedious has the method %s, which Mooring overrides',
  (name) => {
    expect(tedious.Connection.prototype).toHaveProperty(name, expect.any(Function));
  },
);

test('tedious takes its socket from the connector option', async () => {
  const asked: unknown[] = [];
  const refusal = new Error('no socket for you');
  const connection = new tedious.Connection({
    server: 'db.example.test',
    authentication: { type: 'default', options: { userName: 'me', password: 'obviously-fake' } },
    options: {
      connector: (...places: readonly unknown[]) => {
        asked.push(...places);
        return Promise.reject(refusal);
      },
    },
  });
  connection.on('error', () => {});
  const said = await new Promise<unknown>((resolve) => {
    connection.connect(resolve);
  });
  expect(said).toMatchObject({ cause: refusal });
  expect(asked[0]).toMatchObject({ host: 'db.example.test', port: 1433 });
});

test.each(['connect', 'renegTLS', 'checkErr', '_notifyWaiters', 'startRead'])(
  'oracledb has the transport method %s',
  (name) => expect(transport.prototype).toHaveProperty(name, expect.any(Function)),
);

test('oracledb dials only by the method that Mooring replaces', () => {
  const source = readFileSync(
    createRequire(import.meta.url).resolve('oracledb/lib/thin/sqlnet/networkSession.js'),
    'utf8',
  );
  expect(source.match(/\bntAdapter\.(connect|tlsConnect|ntConnect|renegTLS)\(/g)?.sort()).toEqual([
    'ntAdapter.connect(',
    'ntAdapter.renegTLS(',
  ]);
});

test('oracledb resolves names only in the method that Mooring replaces', async () => {
  const folder = dirname(createRequire(import.meta.url).resolve('oracledb/lib/thin/sqlnet/navNodes.js'));
  const looking = readdirSync(dirname(folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .flatMap((name) =>
      readFileSync(join(dirname(folder), name), 'utf8')
        .split('\n')
        .filter((line) => /\b(lookup|resolve[46]?|Resolver)\(/.test(line) && /dns/i.test(line)),
    );
  const method = nodes.NavAddress.prototype.navigate.toString();
  expect(looking.length).toBe(2);
  for (const line of looking) expect(method).toContain(line.trim());
});

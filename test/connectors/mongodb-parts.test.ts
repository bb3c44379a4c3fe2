import { describe, expect, test } from '@jest/globals';
import type { CatalogScope, Table } from '../../shared/connectors/catalog.ts';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { mongodb } from '../../shared/connectors/mongodb/connector.ts';
import { pem } from '../network/servers.ts';
import { startFakeTlsMongodb, certificateHello } from './mongodb-server.ts';

type Document = Readonly<Record<string, unknown>>;

/**
 * A member with three databases of two collections each. `answer` replaces an answer; with `silent` there is
 * none.
 */
const member = (answer: (command: Document) => Document | 'silent' | undefined) =>
  startFakeTlsMongodb(certificateHello, (command) => {
    const said = answer(command);
    if (said === 'silent') return undefined;
    if (said) return said;
    if (command['connectionStatus']) return { ok: 1, authInfo: {} };
    if (command['listDatabases']) return { ok: 1, databases: ['a', 'b', 'c'].map((name) => ({ name })) };
    if (command['dataSize']) return { ok: 1, numObjects: 1, size: 20 };
    const batch = command['listCollections']
      ? ['one', 'two'].map((name) => ({ name, type: 'collection' }))
      : [{ _id: 1 }];
    return { ok: 1, cursor: { id: 0n, firstBatch: batch } };
  });

const read = async (port: number, scope: Partial<CatalogScope> = {}) => {
  await using session = await openManagedSession(
    mongodb,
    {
      config: { host: 'localhost', port, username: 'me', auth_source: 'admin' },
      credentials: { auth_method: 'certificate' },
      options: { ssl_mode: 'require', query_timeout_seconds: 2, max_connections: 1 },
      role: 'source',
    },
    {
      policy: { loopback: true },
      environment: 'default',
      tlsSettings: { mode: 'require', cert: pem('client.crt'), key: pem('client.key') },
      options: { connection_timeout_seconds: 20 },
    },
  );
  const tables: Table[] = [];
  const missing = await session.introspect(
    { excludedSchemas: [], ...scope },
    (some) => void tables.push(...some),
  );
  return {
    tables: tables.map(({ schema, name, columns }) => [`${schema}.${name}`, columns.length]),
    missing,
  };
};

describe('MongoDB introspection with a failing part', () => {
  const failing = (db: string, code: number) => (command: Document) =>
    command['listCollections'] && command['$db'] === db ? { ok: 0, code, errmsg: 'no' } : undefined;

  test.each([96, 133, 8000])('reads the other databases when one cannot be listed (%d)', async (code) => {
    await using server = await member(failing('b', code));
    const { tables, missing } = await read(server.port);
    expect(tables.map(([name]) => name)).toEqual(['a.one', 'a.two', 'c.one', 'c.two']);
    expect(missing).toEqual([
      { reason: 'schemas-failed', count: 1, remediation: expect.stringContaining(String(code)) },
    ]);
  });

  test('fails when the only database cannot be listed', async () => {
    await using server = await member(failing('b', 96));
    await expect(read(server.port, { schemas: ['b'] })).rejects.toMatchObject({
      code: 'server-error',
      extras: { native_code: '96' },
    });
  });

  test('reads the other collections when one is never answered', async () => {
    await using server = await member(({ find, $db }) =>
      find === 'one' && $db === 'b' ? 'silent' : undefined,
    );
    const { tables, missing } = await read(server.port);
    expect(tables).toEqual([
      ['a.one', 1],
      ['a.two', 1],
      ['b.one', 0],
      ['b.two', 1],
      ['c.one', 1],
      ['c.two', 1],
    ]);
    expect(missing).toEqual([
      {
        reason: 'columns-timed-out',
        count: 1,
        remediation: expect.stringContaining('query_timeout_seconds'),
      },
    ]);
    expect(server.accepted.length).toBe(2); // another connection replaced the one that waited
  });
});

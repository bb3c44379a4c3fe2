import { describe, expect, test } from '@jest/globals';
import type { Table } from '../../shared/connectors/catalog.ts';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { mongodb } from '../../shared/connectors/mongodb/connector.ts';
import { pem } from '../network/servers.ts';
import { startFakeTlsMongodb, certificateHello } from './mongodb-server.ts';

type Document = Readonly<Record<string, unknown>>;

const refusal = { ok: 0, code: 498870, errmsg: 'The apiVersion parameter is required' };

/** A member that has a collection of two documents and a view, and records the commands. */
const member = async (answer: (command: Document) => Document | undefined = () => undefined) => {
  const asked: Document[] = [];
  const documents = [{ _id: 1, a: 'x' }, { _id: 2 }];
  const server = await startFakeTlsMongodb({ ...certificateHello, setName: 'rs0' }, (command) => {
    asked.push(command);
    return answer(command) ?? { ok: 1, ...fine(command) };
  });
  const fine = (command: Document): Document => {
    if (command['buildInfo']) return { version: '7.0.1' };
    if (command['connectionStatus']) return { authInfo: {} };
    if (command['dataSize']) return { numObjects: 2, size: 40 };
    const all = command['listCollections']
      ? [
          { name: 'c', type: 'collection' },
          { name: 'v', type: 'view', options: { viewOn: 'c' } },
        ]
      : documents;
    return { cursor: { id: 0n, firstBatch: all } };
  };
  return { ...server, asked };
};

const read = async (port: number) => {
  await using session = await openManagedSession(
    mongodb,
    {
      config: { host: 'localhost', port, username: 'me', auth_source: 'admin', database: 'shop' },
      credentials: { auth_method: 'certificate' },
      options: { ssl_mode: 'require', query_timeout_seconds: 5 },
      role: 'target',
    },
    {
      policy: { loopback: true },
      environment: 'default',
      tlsSettings: { mode: 'require', cert: pem('client.crt'), key: pem('client.key') },
      options: { connection_timeout_seconds: 5 },
    },
  );
  const tables: Table[] = [];
  const version = await session.ping();
  const missing = await session.introspect({ excludedSchemas: [] }, (some) => void tables.push(...some));
  return { version, tables, missing };
};

describe('MongoDB session on a server with other defaults', () => {
  test('sets read concern, time limit and read preference in each query', async () => {
    await using server = await member();
    const { tables } = await read(server.port);
    expect(tables.map(({ name, kind }) => [name, kind])).toEqual([
      ['c', 'collection'],
      ['v', 'view'],
    ]);
    const reading = server.asked.filter(({ find, aggregate, count }) => find ?? aggregate ?? count);
    expect(reading.length).toBeGreaterThanOrEqual(2);
    for (const { readConcern, maxTimeMS, $readPreference } of reading) {
      expect(readConcern).toEqual({ level: 'local' });
      expect(maxTimeMS).toBe(5000);
      expect($readPreference).toEqual({ mode: 'primaryPreferred' }); // a secondary may answer
    }
    // Commands that do not accept a read concern get none.
    const others = server.asked.filter((command) => !reading.includes(command));
    expect(others.every((command) => !('readConcern' in command))).toBe(true);
  });

  test('sends an API version to a server that requires one, and reads the same catalog', async () => {
    await using plain = await member();
    const expected = await read(plain.port);
    expect(plain.asked.some((command) => 'apiVersion' in command)).toBe(false);
    await using strict = await member((command) => (command['apiVersion'] === '1' ? undefined : refusal));
    expect(await read(strict.port)).toEqual(expected);
    // Only one request is refused: the connection keeps the version from then on.
    expect(strict.asked.length).toBe(plain.asked.length + 1);
    expect(
      strict.asked.filter(({ apiVersion, apiStrict }) => apiVersion === '1' && apiStrict === false).length,
    ).toBe(plain.asked.length);
  });

  test('makes no third attempt when the server also refuses the API version', async () => {
    await using server = await member(() => refusal);
    await expect(read(server.port)).rejects.toMatchObject({ code: 'server-error' });
    expect(server.asked.length).toBe(2);
  });
});

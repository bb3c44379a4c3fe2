import { startFakeTlsMongodb, certificateHello, raw } from '../connectors/mongodb-server.ts';
import { pem } from '../network/servers.ts';
import type { Bomb, Outcome } from './bomb.ts';

type Command = Readonly<Record<string, unknown>>;
/** Returns the hostile answer to a command, or `undefined` for the ordinary answer. */
export type Answer = (command: Command) => Buffer | object | undefined;

/** A replica set member with one collection that replaces its answers to some commands. */
export const memberBomb = (kind: Bomb['kind'], make: () => Answer, outcome: Outcome): Bomb => ({
  kind,
  serve: async () => {
    const answer = make();
    const server = await startFakeTlsMongodb(certificateHello, (command) => {
      const said = answer(command) ?? ordinary(command);
      return Buffer.isBuffer(said) ? said : { ...said };
    });
    return {
      asked: {
        connector: 'mongodb',
        target: {
          config: { host: 'localhost', port: server.port, database: 'shop' },
          credentials: { auth_method: 'certificate' },
          options: { ssl_mode: 'verify-full', query_timeout_seconds: 30 },
          role: 'source',
        },
        tlsSettings: {
          mode: 'verify-full',
          ca: pem('ca.crt'),
          cert: pem('client.crt'),
          key: pem('client.key'),
        },
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  outcome,
});

const ordinary = (command: Command): object => {
  if ('listDatabases' in command) return { databases: [{ name: 'shop' }], ok: 1 };
  if ('listCollections' in command) return batchOf([{ name: 'orders', type: 'collection', options: {} }]);
  if ('listIndexes' in command) return batchOf([]);
  if ('dataSize' in command) return { numObjects: 1, size: 100, ok: 1 };
  if ('find' in command || 'aggregate' in command) return batchOf([{ _id: 1 }]);
  return {
    ok: 1,
    authInfo: { authenticatedUsers: [], authenticatedUserRoles: [], authenticatedUserPrivileges: [] },
  };
};

export const batchOf = (documents: readonly object[]): object => ({
  cursor: { id: 0n, ns: 'shop.any', firstBatch: documents },
  ok: 1,
});

/** A BSON document of these elements: https://bsonspec.org/spec.html */
export const documentOf = (...elements: readonly Buffer[]): Buffer => documentOfAll(elements);
export const documentOfAll = (elements: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(elements);
  return Buffer.concat([raw.int32(body.length + 5), body, Buffer.from([0])]);
};
export const elementOf = (type: number, name: string, value: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type]), Buffer.from(`${name}\0`), value]);

/** An answer that consists of the document. */
export const messageOf = (document: Buffer): Buffer =>
  raw.message(2013, raw.int32(0), Buffer.from([0]), document);

/** A batch with the document as its only one. */
export const batchMessage = (document: Buffer, { id = 0, name = 'firstBatch' } = {}): Buffer => {
  const cursor = documentOf(
    elementOf(18, 'id', Buffer.concat([raw.int32(id), raw.int32(0)])),
    elementOf(2, 'ns', Buffer.concat([raw.int32(2), Buffer.from('a\0')])),
    elementOf(4, name, documentOf(elementOf(3, '0', document))),
  );
  return messageOf(documentOf(elementOf(3, 'cursor', cursor), elementOf(1, 'ok', one)));
};

const one = Buffer.from([0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);

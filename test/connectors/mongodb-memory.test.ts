import { test } from '@jest/globals';
import { BSON } from 'mongodb';
import { expectBoundedMemory } from '../contracts/memory.ts';
import { startFakeTlsMongodb, certificateHello, opMsg } from './mongodb-server.ts';
import { pem } from '../network/servers.ts';

const collections = 10_000;
const name = (at: number) => `collection_${String(at).padStart(6, '0')}`;

/** A typical order of a shop: nested fields, a list, and a text of the given length. */
const document = (at: number, length = 300) => ({
  _id: new BSON.ObjectId(),
  number: at,
  customer: { name: `somebody ${at}`, address: { street: 'a street', city: 'a city', zip: at } },
  placed: new Date(at * 1000),
  paid: at % 2 === 0,
  total: at / 4,
  note: 'x'.repeat(length),
  ...Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`field_${n}`, `value ${n} of ${at}`])),
  items: Array.from({ length: 5 }, (_, n) => ({ sku: `sku-${n}`, count: n })),
});
const answered = (documents: readonly object[], more = 0) => ({
  cursor: { id: BSON.Long.fromNumber(more), ns: 'shop.any', firstBatch: documents, nextBatch: documents },
  ok: 1,
});
const sampleOf = (count: number, length: number) =>
  opMsg(answered(Array.from({ length: count }, (_, at) => document(at, length))));
const small = sampleOf(40, 300);
/** The sample of some collections, with as many bytes as a session ever asks for. */
const large = sampleOf(1000, 3000);
const isLarge = (collection: unknown) => String(collection).endsWith('500');
const indexed = opMsg(
  answered([
    { v: 2, key: { _id: 1 }, name: '_id_' },
    { v: 2, key: { number: 1 }, name: 'number_1' },
  ]),
);

/** The number of collections that a member puts into one answer. */
const page = 2000;
const listed = (from: number) =>
  answered(
    Array.from({ length: page }, (_, at) => ({
      name: name(from + at),
      type: 'collection',
      options: {},
      info: { readOnly: false, uuid: new BSON.UUID() },
    })),
    from + page < collections ? from + page : 0,
  );

/**
 * The driver, its framing and the folding are real. The member is scripted, because a real one takes minutes
 * to create so many collections.
 */
test('MongoDB introspection of ten thousand collections stays within the memory limit', async () => {
  await using server = await startFakeTlsMongodb(certificateHello, (command) => {
    if ('listDatabases' in command) return { databases: [{ name: 'shop' }], ok: 1 };
    if ('listCollections' in command) return listed(0);
    if ('getMore' in command) return listed(Number(command['getMore']));
    if ('listIndexes' in command) return indexed;
    if ('dataSize' in command) return { numObjects: 5000, size: 5000 * 1500, ok: 1 };
    const read = command['find'] ?? command['aggregate'];
    if (read !== undefined) return isLarge(read) ? large : small;
    return {
      ok: 1,
      authInfo: { authenticatedUsers: [], authenticatedUserRoles: [], authenticatedUserPrivileges: [] },
    };
  });
  await expectBoundedMemory(
    {
      connector: 'mongodb',
      target: {
        config: { host: 'localhost', port: server.port, database: 'shop' },
        credentials: { auth_method: 'certificate' },
        options: { ssl_mode: 'verify-full', query_timeout_seconds: 60 },
        role: 'source',
      },
      tlsSettings: {
        mode: 'verify-full',
        ca: pem('ca.crt'),
        cert: pem('client.crt'),
        key: pem('client.key'),
      },
    },
    collections * 23,
  );
});

import { BSON } from 'mongodb';
import { zstdCompressSync } from 'node:zlib';
import { opMsg, raw } from '../../connectors/mongodb-server.ts';
import type { Format } from '../bomb.ts';
import {
  batchMessage,
  batchOf,
  documentOf,
  documentOfAll,
  elementOf,
  memberBomb,
  messageOf,
} from '../member.ts';
import type { Answer } from '../member.ts';

const MB = 2 ** 20;
const [object, array, nothing, code] = [3, 4, 10, 15];
const ok = elementOf(1, 'ok', Buffer.from([0, 0, 0, 0, 0, 0, 0xf0, 0x3f]));
/** Nulls without a name. Each takes two bytes. */
const nulls = (bytes: number) => Buffer.alloc(bytes, Buffer.from([nothing, 0]));
const to =
  (name: string, said: Buffer | object): Answer =>
  (command) =>
    name in command ? said : undefined;
/** Documents nested to the given depth. Built from their lengths, because building level by level would copy all inner levels each time. */
const nested = (depth: number): Buffer => {
  const bytes = Buffer.alloc(depth * 8 + 5);
  for (let level = 0; level < depth; level += 1) {
    const at = level * 7;
    bytes.writeInt32LE(bytes.length - at - level, at);
    bytes.set([object, 0x61, 0], at + 4);
  }
  bytes.writeInt32LE(5, depth * 7);
  return bytes;
};
const members = (count: number) =>
  documentOfAll(
    Array.from({ length: count }, (_, at) =>
      elementOf(object, String(at), documentOf(elementOf(nothing, `k${at}`, Buffer.alloc(0)))),
    ),
  );

export const format: Format = {
  mostMb: 400,
  bombs: {
    'an answer of eight million nulls': memberBomb(
      'work',
      () => to('connectionStatus', messageOf(documentOf(ok, nulls(7 * MB)))),
      { code: 'source-too-large' },
    ),
    'a list of documents that is too long before a login': memberBomb(
      'work',
      () => to('listDatabases', messageOf(documentOf(elementOf(array, 'databases', members(350_000)), ok))),
      { code: 'protocol-mismatch' },
    ),
    'a list of documents, each of another name': memberBomb(
      'work',
      () => to('listDatabases', messageOf(documentOf(elementOf(array, 'databases', members(40_000)), ok))),
      { missing: [] },
    ),
    'collections whose rules never end': memberBomb(
      'work',
      () => {
        const properties = Object.fromEntries(
          Array.from({ length: 2000 }, (_, at) => [`f${at}`, { bsonType: 'int' }]),
        );
        const options = { validator: { $jsonSchema: { properties } } };
        const documents = Array.from({ length: 20 }, (_, at) => ({
          name: `c${at}`,
          type: 'collection',
          options,
        }));
        const cursor = { id: BSON.Long.fromNumber(7), ns: 'a', firstBatch: documents, nextBatch: documents };
        const listed = opMsg({ cursor, ok: 1 });
        return (command) => ('listCollections' in command || 'getMore' in command ? listed : undefined);
      },
      { code: 'source-too-large' },
    ),
    'documents in documents in an answer': memberBomb(
      'depth',
      () => to('connectionStatus', messageOf(documentOf(elementOf(object, 'authInfo', nested(900_000)), ok))),
      { code: 'source-too-large' },
    ),
    'documents in code in documents': memberBomb(
      'depth',
      () => {
        let inner = documentOf(nulls(6 * MB));
        for (let level = 0; level < 3; level += 1) {
          const scope = Buffer.concat([raw.int32(inner.length + 9), raw.int32(1), Buffer.from([0]), inner]);
          inner = documentOf(elementOf(code, 'c', scope));
        }
        return to('connectionStatus', messageOf(documentOf(elementOf(object, 'authInfo', inner), ok)));
      },
      { code: 'source-too-large' },
    ),
    'documents in documents in a sample': memberBomb(
      'depth',
      () => to('find', batchMessage(nested(900_000))),
      { missing: ['limit'], tables: { orders: 17 } },
    ),
    'a sample of eight million nulls': memberBomb(
      'work',
      () => to('find', batchMessage(documentOf(nulls(15 * MB)))),
      { missing: ['limit'], tables: { orders: 1 } },
    ),
    'a sample whose names are data': memberBomb(
      'work',
      () =>
        to(
          'find',
          batchMessage(
            documentOfAll(
              Array.from({ length: 500_000 }, (_, at) => elementOf(nothing, `k${at}`, Buffer.alloc(0))),
            ),
          ),
        ),
      { missing: ['limit'], tables: { orders: 2000 } },
    ),
    'names of a megabyte in names of a megabyte': memberBomb(
      'claim',
      () => {
        let inner = documentOf(
          ...Array.from({ length: 1900 }, (_, at) => elementOf(nothing, `k${at}`, Buffer.alloc(0))),
        );
        for (let level = 0; level < 10; level += 1)
          inner = documentOf(elementOf(object, 'n'.repeat(MB), inner));
        return to('find', batchMessage(inner));
      },
      { missing: ['limit'] },
    ),
    'a document that claims two gigabytes': memberBomb(
      'claim',
      () => to('connectionStatus', messageOf(Buffer.concat([raw.int32(2 ** 31 - 1), Buffer.alloc(100)]))),
      { code: 'protocol-mismatch' },
    ),
    'a text that claims more than its document': memberBomb(
      'claim',
      () =>
        to(
          'find',
          batchMessage(
            documentOf(elementOf(2, 'a', Buffer.concat([raw.int32(2 ** 31 - 1), Buffer.from([0])]))),
          ),
        ),
      { code: 'protocol-mismatch' },
    ),
    'an answer that is packed': memberBomb(
      'work',
      () => {
        const packed = zstdCompressSync(Buffer.alloc(200 * MB));
        return to(
          'connectionStatus',
          raw.message(2012, raw.int32(2013), raw.int32(200 * MB), Buffer.from([3]), packed),
        );
      },
      { code: 'protocol-mismatch' },
    ),
    'indexes of a million fields': memberBomb(
      'work',
      () => {
        const key = Object.fromEntries(Array.from({ length: 400_000 }, (_, at) => [`f${at}`, 1]));
        return to('listIndexes', batchOf([{ v: 2, key, name: 'all' }]));
      },
      { missing: [], tables: { orders: 1 } },
    ),
  },
};

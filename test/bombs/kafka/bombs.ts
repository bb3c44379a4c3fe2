import {
  encodeInt32,
  encodeInt64,
  encodeKafkaArray,
  encodeKafkaString,
} from '../../../shared/connectors/kafka/protocol-types.ts';
import { int16, encodeKafkaBroker, metadata, none, encodeKafkaTopic } from '../../connectors/kafka-broker.ts';
import type { Format } from '../bomb.ts';
import { brokerBomb } from '../cluster.ts';

const [listOffsets, metadataKey, handshake, apiVersions] = [2, 3, 17, 18];
/** The length of a list, without its items. */
const claims = (items: number) => encodeInt32(items);
const answering = (wanted: number, said: (asked: Buffer, port: number) => Buffer) => {
  let made: Buffer | undefined;
  return (key: number, asked: Buffer, port: number) =>
    key === wanted ? (made ??= said(asked, port)) : undefined;
};
/** Answers the request for all topics. The login requests none. */
const catalog = (said: (port: number) => Buffer) => {
  let made: Buffer | undefined;
  return (key: number, asked: Buffer, port: number) =>
    key === metadataKey && asked.readInt32BE(0) === -1 ? (made ??= said(port)) : undefined;
};
/** A record batch (https://kafka.apache.org/documentation/#recordbatch) that claims 2 ** 31 - 1 records, with an unknown compression. */
const batch = Buffer.concat([
  encodeInt64(2 ** 52),
  encodeInt32(2 ** 30),
  encodeInt32(0),
  Buffer.from([2]),
  encodeInt32(0),
  int16(7),
  encodeInt32(0),
  Buffer.alloc(30, 0xff),
  encodeInt32(2 ** 31 - 1),
]);
const password = {
  auth_method: 'sasl',
  sasl_mechanism: 'SCRAM-SHA-256',
  sasl_username: 'me',
  sasl_password: 'obviously-fake',
};

/** The connector never requests records. */
export const format: Format = {
  mostMb: 400,
  bombs: {
    'mechanisms, of which thirty million are claimed': brokerBomb(
      'claim',
      answering(handshake, () => Buffer.concat([int16(0), claims(30_000_000)])),
      { code: 'protocol-mismatch' },
      password,
    ),
    'versions, of which two thousand million are claimed': brokerBomb(
      'claim',
      answering(apiVersions, () => Buffer.concat([int16(0), claims(2 ** 31 - 1)])),
      { code: 'protocol-mismatch' },
    ),
    'brokers, as many as there are bytes': brokerBomb(
      'claim',
      catalog(() => Buffer.concat([encodeInt32(0), claims(30_000_000), Buffer.alloc(30_000_000)])),
      { code: 'source-too-large' },
    ),
    'topics of no name, as many as there are bytes': brokerBomb(
      'claim',
      catalog((port) =>
        Buffer.concat([
          encodeInt32(0),
          encodeKafkaArray([encodeKafkaBroker(1, port)]),
          int16(-1),
          encodeInt32(1),
          claims(2_000_000),
          Buffer.alloc(28_000_000),
        ]),
      ),
      { code: 'source-too-large' },
    ),
    'replicas by the million': brokerBomb(
      'work',
      catalog((port) => {
        const replicas = Buffer.concat([claims(7_000_000), Buffer.alloc(28_000_000)]);
        const partition = Buffer.concat([
          int16(0),
          encodeInt32(0),
          encodeInt32(1),
          encodeInt32(0),
          replicas,
          none,
          none,
        ]);
        return metadata(
          encodeKafkaArray([encodeKafkaBroker(1, port)]),
          encodeKafkaArray([encodeKafkaTopic('healthy', encodeKafkaArray([partition]))]),
        );
      }),
      { missing: [], tables: { healthy: 2 } },
    ),
    'a hundred thousand brokers, each of which leads': brokerBomb(
      'work',
      catalog((port) => {
        const members = Array.from({ length: 100_000 }, (_, at) => encodeKafkaBroker(at, port));
        const partitions = members.map((_, at) =>
          Buffer.concat([int16(0), encodeInt32(at), encodeInt32(at), encodeInt32(0), none, none, none]),
        );
        return metadata(
          encodeKafkaArray(members),
          encodeKafkaArray([encodeKafkaTopic('healthy', encodeKafkaArray(partitions))]),
        );
      }),
      { missing: ['brokers-left-out'], tables: { healthy: 2 } },
    ),
    'a million of offsets that nobody asked for': brokerBomb(
      'work',
      answering(listOffsets, () => {
        const offset = Buffer.concat([encodeInt32(0), int16(0), encodeInt64(0), encodeInt64(0)]);
        const partitions = Buffer.concat([claims(900_000), Buffer.alloc(900_000 * offset.length, offset)]);
        return Buffer.concat([
          encodeInt32(0),
          encodeKafkaArray([Buffer.concat([encodeKafkaString('healthy'), partitions])]),
        ]);
      }),
      { code: 'protocol-mismatch' },
    ),
    'records in place of an answer': brokerBomb(
      'depth',
      answering(listOffsets, () => Buffer.concat([encodeInt32(0), batch])),
      {
        code: 'protocol-mismatch',
      },
    ),
    'records in records in place of topics': brokerBomb(
      'depth',
      catalog(() => Buffer.concat([encodeInt32(0), ...Array.from({ length: 100_000 }, () => batch)])),
      { code: 'protocol-mismatch' },
    ),
  },
};

import {
  encodeInt32,
  encodeInt64,
  encodeInt8,
  encodeKafkaArray,
  encodeKafkaString,
} from '../../shared/connectors/kafka/protocol-types.ts';
import { plainServer } from '../network/servers.ts';

export const int16 = (value: number): Buffer => encodeInt32(value).subarray(2);
export const none = encodeKafkaArray([]);
const partitions = [0, 1, 2];

export const versions = Buffer.concat([
  int16(0),
  encodeKafkaArray(
    [1, 2, 3, 17, 18, 36, 60].map((key) =>
      Buffer.concat([int16(key), int16(0), int16(key === 3 ? 12 : key === 17 ? 1 : 8)]),
    ),
  ),
]);

export const encodeKafkaBroker = (id: number, port: number): Buffer =>
  Buffer.concat([encodeInt32(id), encodeKafkaString('localhost'), encodeInt32(port), int16(-1)]);

/** Version 8 of Metadata: https://kafka.apache.org/protocol#The_Messages_Metadata */
export const metadata = (members: Buffer, topics: Buffer): Buffer =>
  Buffer.concat([encodeInt32(0), members, int16(-1), encodeInt32(1), topics, encodeInt32(0)]);

const replicas = encodeKafkaArray([1, 2, 3].map(encodeInt32));
const led = encodeKafkaArray(
  partitions.map((index) =>
    Buffer.concat([int16(0), encodeInt32(index), encodeInt32(1), encodeInt32(0), replicas, replicas, none]),
  ),
);

/** A topic that the account may read, with three partitions unless `its` gives others. */
export const encodeKafkaTopic = (name: string, its = led): Buffer =>
  Buffer.concat([int16(0), encodeKafkaString(name), encodeInt8(0), its, encodeInt32(1 << 3)]);

/** Version 2 of ListOffsets: the requested partitions, each with an offset. */
const offsets = (asked: Buffer): Buffer => {
  let at = 5;
  const next = () => asked.readInt32BE((at += 4) - 4);
  const all = Array.from({ length: next() }, () => {
    const length = asked.readInt16BE(at);
    const topic = asked.subarray(at, (at += 2 + length));
    const results = Array.from({ length: next() }, () => {
      const result = Buffer.concat([encodeInt32(next()), int16(0), encodeInt64(-1), encodeInt64(1000)]);
      at += 8;
      return result;
    });
    return Buffer.concat([topic, encodeKafkaArray(results)]);
  });
  return Buffer.concat([encodeInt32(0), encodeKafkaArray(all)]);
};

const wantsAll = (asked: Buffer) => asked.readInt32BE(0) === -1;

interface Behaviour {
  readonly topics?: readonly Buffer[];
  /** Replaces the ordinary answer to a request; `key` is the API key. */
  readonly answer?: (key: number, asked: Buffer, port: number) => Buffer | undefined;
}

/** A broker that lists the given topics, with a thousand records in each partition. */
export const startKafkaBroker = ({ topics = [], answer = () => undefined }: Behaviour) =>
  plainServer((socket) => {
    const ordinary = (key: number, asked: Buffer, port: number): Buffer => {
      if (key === 2) return offsets(asked);
      if (key === 18) return versions;
      return metadata(
        encodeKafkaArray([encodeKafkaBroker(1, port)]),
        encodeKafkaArray(wantsAll(asked) ? topics : []),
      );
    };
    let pending = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 4 && pending.length >= pending.readInt32BE(0) + 4) {
        const asked = pending.subarray(4, pending.readInt32BE(0) + 4);
        pending = pending.subarray(asked.length + 4);
        const key = asked.readInt16BE(0);
        const body = asked.subarray(10 + asked.readInt16BE(8)); // after API key, version, correlation id and client id
        const port = socket.localPort ?? 0;
        const said = answer(key, body, port) ?? ordinary(key, body, port);
        socket.write(Buffer.concat([encodeInt32(said.length + 4), asked.subarray(4, 8), said]));
      }
    });
  });

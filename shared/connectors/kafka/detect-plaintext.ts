import type { Socket } from 'node:net';
import type { Dialer, HostPort } from '../../network/dialer.ts';
import { readFirstBytes } from '../../network/read-first-bytes.ts';
import { createNotKafkaProblem, encodeInt32, encodeKafkaString } from './protocol-types.ts';

/** Returns a new socket to a listener that answers Kafka without TLS; throws when it does not. */
export const detectKafkaPlaintext = async (dialer: Dialer, to: HostPort): Promise<Socket> => {
  const socket = await dialer.tcp(to);
  try {
    socket.write(kafkaGreeting);
    const answer = await readFirstBytes(socket, (bytes) => (bytes.length < 8 ? undefined : bytes));
    if (answer.readUInt32BE(0) > 2 ** 20 || answer.readInt32BE(4) !== GREETING_CORRELATION_ID)
      throw createNotKafkaProblem();
  } finally {
    socket.destroy();
  }
  // A listener with SASL answers ApiVersions only once on a connection.
  return dialer.tcp(to);
};

const GREETING_CORRELATION_ID = 0x6d6f6f72;
const greetingRequest = Buffer.concat([
  Buffer.from([0, 18, 0, 0]),
  encodeInt32(GREETING_CORRELATION_ID),
  encodeKafkaString('mooring'),
]);
/** ApiVersions, version 0: https://kafka.apache.org/protocol#The_Messages_ApiVersions */
const kafkaGreeting = Buffer.concat([encodeInt32(greetingRequest.length), greetingRequest]);

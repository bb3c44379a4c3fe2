import type { Socket } from 'node:net';
import type { Dialer, Place } from '../../network/dialer.ts';
import { hearFirst } from '../../network/hear-first.ts';
import { foreign, int32, text } from './wire.ts';

/** Returns a new socket to a listener that answers Kafka without TLS; throws when it does not. */
export const hearPlain = async (dialer: Dialer, to: Place): Promise<Socket> => {
  const socket = await dialer.tcp(to);
  try {
    socket.write(greeting);
    const answer = await hearFirst(socket, (heard) => (heard.length < 8 ? undefined : heard));
    if (answer.readUInt32BE(0) > 2 ** 20 || answer.readInt32BE(4) !== ours) throw foreign();
  } finally {
    socket.destroy();
  }
  // A listener with SASL answers ApiVersions only once on a connection.
  return dialer.tcp(to);
};

const ours = 0x6d6f6f72;
const question = Buffer.concat([Buffer.from([0, 18, 0, 0]), int32(ours), text('mooring')]);
/** ApiVersions, version 0: https://kafka.apache.org/protocol#The_Messages_ApiVersions */
const greeting = Buffer.concat([int32(question.length), question]);

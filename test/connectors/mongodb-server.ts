import type { Socket } from 'node:net';
import { createServer } from 'node:tls';
import { BSON } from 'mongodb';
import { listen, pem, plainServer } from '../network/servers.ts';

type Document = Readonly<Record<string, unknown>>;
/** Answers a command with a document, with raw bytes, or not at all. */
export type Answer = (command: Document, socket: Socket) => Document | Buffer | undefined;

const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};
const message = (opCode: number, ...parts: readonly Uint8Array[]) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([int32(body.length + 16), int32(1), int32(0), int32(opCode), body]);
};

/** An OP_MSG, as a server sends it. */
export const opMsg = (document: Document, flags = 0) =>
  message(2013, int32(flags), Buffer.from([0]), BSON.serialize(document));
/** An OP_REPLY, the answer to the legacy handshake. */
export const opReply = (document: Document, documents = 1) =>
  message(1, int32(8), int32(0), int32(0), int32(0), int32(documents), BSON.serialize(document));
export const raw = { int32, message };

/** The handshake answer of a primary without a replica set. */
export const hello = { isWritablePrimary: true, maxWireVersion: 17, minWireVersion: 0, ok: 1 };
/** Accepts every client that presents a certificate. */
export const certificateHello = { ...hello, speculativeAuthenticate: { user: 'CN=me', ok: 1 } };

const isGreeting = (command: Document) =>
  'hello' in command || 'ismaster' in command || 'isMaster' in command;

/** Answers handshakes with `greeting`, and other commands with `answer`. */
export const answerMongodbCommands =
  (greeting: Document | Buffer, answer: Answer = () => undefined) =>
  (socket: Socket) => {
    let pending = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 4 && pending.length >= pending.readInt32LE(0)) {
        const whole = pending.subarray(0, pending.readInt32LE(0));
        pending = pending.subarray(whole.length);
        const old = whole.readInt32LE(12) === 2004;
        const at = old ? whole.indexOf(0, 20) + 9 : 21;
        const command = BSON.deserialize(whole.subarray(at));
        const said = isGreeting(command) ? greeting : answer(command, socket);
        if (said && !socket.destroyed)
          socket.write(Buffer.isBuffer(said) ? said : old ? opReply(said) : opMsg(said));
      }
    });
  };

export const startFakeMongodb = (greeting: Document | Buffer, answer?: Answer) =>
  plainServer(answerMongodbCommands(greeting, answer));

/** The same over TLS, where an account needs no password. */
export const startFakeTlsMongodb = (greeting: Document | Buffer, answer?: Answer) =>
  listen(
    createServer(
      { key: pem('server.key'), cert: pem('server.crt') },
      answerMongodbCommands(greeting, answer),
    ),
  );

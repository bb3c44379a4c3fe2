import { Duplex } from 'node:stream';
import { framesOf } from './frames.ts';
import type { Frames } from './frames.ts';
import { type Line, type Protocol, firstChunk } from './recorder.ts';

/**
 * SQL Server: TDS 7.4, and TDS 8, where TLS comes first.
 * https://learn.microsoft.com/openspecs/windows_protocols/ms-tds
 */
export const tds: Protocol = async (first) => {
  let line = first;
  const chunk = await firstChunk(line.socket);
  line.socket.unshift(chunk);
  const strict = chunk[0] === 0x16;
  if (strict) line = await line.encrypt(line.socket, { ALPNProtocols: ['tds/8.0'] });
  let frames = framesOf(line.socket);
  const { body: greeting } = await messageIn(frames);
  const wanted = optionIn(greeting, 1);
  const encrypts = !strict && line.behaviour.tls !== 'off' && wanted !== unsupported;
  line.socket.write(packet(response, prelogin(encrypts ? on : unsupported)));
  if (encrypts) {
    frames.release();
    line = await line.encrypt(unwrapped(line), { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    frames = framesOf(line.socket);
  }
  const { body } = await messageIn(frames);
  line.heard.texts.push(body.toString('latin1'), passwordIn(body));
  const { announces } = line.behaviour;
  if (announces !== undefined) line.announce(announces);
  line.socket.end(packet(response, announces === undefined ? refusal() : routing(announces)));
};

const [response, prologue, on, unsupported] = [0x04, 0x12, 1, 2];

const packet = (type: number, body: Buffer) => {
  const header = Buffer.from([type, 1, 0, 0, 0, 0, 1, 0]);
  header.writeUInt16BE(8 + body.length, 2);
  return Buffer.concat([header, body]);
};

const messageIn = async (frames: Frames) => {
  const parts: Buffer[] = [];
  for (;;) {
    const head = await frames.bytes(8);
    parts.push(await frames.bytes(head.readUInt16BE(2) - 8));
    if ((head.readUInt8(1) & 1) === 1) return { body: Buffer.concat(parts) };
  }
};

const optionIn = (body: Buffer, wanted: number): number | undefined => {
  for (let at = 0; at + 5 <= body.length && body[at] !== 0xff; at += 5)
    if (body[at] === wanted) return body[body.readUInt16BE(at + 1)];
  return undefined;
};

const prelogin = (encryption: number) =>
  Buffer.from([0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 16, 0, 3, 0xe8, 0, 0, encryption]);

/**
 * Reads the password of LOGIN7. Its obfuscation is reversible without a key: the halves of each byte are
 * swapped and the byte is XORed with 0xA5.
 */
const passwordIn = (body: Buffer): string => {
  const at = body.readUInt16LE(44);
  const hidden = body.subarray(at, at + 2 * body.readUInt16LE(46));
  const plain = hidden.map((byte) => {
    const turned = byte ^ 0xa5;
    return ((turned << 4) | (turned >> 4)) & 0xff;
  });
  return Buffer.from(plain).toString('utf16le');
};

/** The stream under TLS. The handshake travels inside PRELOGIN packets, and later data without them. */
const unwrapped = ({ socket }: Line): Duplex => {
  let input = Buffer.alloc(0);
  let bare = false;
  const flight: Buffer[] = [];
  const flush = () => {
    if (flight.length > 0) socket.write(packet(prologue, Buffer.concat(flight.splice(0))));
  };
  const stream = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _, next) => {
      if (bare) return void socket.write(chunk, next);
      flight.push(chunk);
      setImmediate(flush); // all records of a flight form one message
      next();
    },
    final: (next) => void socket.end(next),
  });
  socket.on('data', (chunk: Buffer) => {
    input = Buffer.concat([input, chunk]);
    while (!bare && input.length >= 8) {
      bare = input[0] !== prologue;
      const length = input.readUInt16BE(2);
      if (bare || input.length < length) break;
      stream.push(input.subarray(8, length));
      input = input.subarray(length);
    }
    if (!bare) return;
    stream.push(input);
    input = Buffer.alloc(0);
  });
  socket.on('close', () => stream.destroy());
  stream.on('error', () => socket.destroy());
  socket.resume();
  return stream;
};

const ucs2 = (text: string, bytes: number) => {
  const length = Buffer.alloc(bytes);
  length.writeUIntLE(text.length, 0, bytes);
  return Buffer.concat([length, Buffer.from(text, 'utf16le')]);
};
const token = (type: number, body: Buffer) => {
  const head = Buffer.from([type, 0, 0]);
  head.writeUInt16LE(body.length, 1);
  return Buffer.concat([head, body]);
};
const done = (status: number) => Buffer.from([0xfd, status, ...Array.from({ length: 11 }, () => 0)]);

const refusal = () => {
  const number = Buffer.alloc(6);
  number.writeInt32LE(18_456);
  number.writeUInt8(1, 4);
  number.writeUInt8(14, 5);
  const text = Buffer.concat([ucs2('no', 2), ucs2('localhost', 1), ucs2('', 1), Buffer.from([1, 0, 0, 0])]);
  return Buffer.concat([token(0xaa, Buffer.concat([number, text])), done(2)]);
};

/** A redirect, as the gateway of Azure SQL sends it. */
const routing = (port: number) => {
  const target = Buffer.concat([Buffer.from([0, port & 255, port >> 8]), ucs2('localhost', 2)]);
  const size = Buffer.from([target.length & 255, target.length >> 8]);
  const name = ucs2('Microsoft SQL Server', 1);
  const ack = Buffer.concat([Buffer.from([1, 0x74, 0, 0, 4]), name, Buffer.from([16, 0, 3, 0xe8])]);
  const change = Buffer.concat([Buffer.from([20]), size, target, Buffer.from([0, 0])]);
  return Buffer.concat([token(0xad, ack), token(0xe3, change), done(0)]);
};

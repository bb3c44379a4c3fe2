import { once } from 'node:events';
import type { Socket } from 'node:net';
import { plainServer } from '../network/servers.ts';

type Value = number | string | boolean | null;
type Kind = 'int' | 'text' | 'bit';

/** One result set of an answer: the kinds of its columns, and its rows, produced on demand. */
export interface ResultSet {
  readonly kinds: readonly Kind[];
  readonly rows: () => Iterable<readonly Value[]>;
}

/**
 * A TDS 7.4 server that accepts every login, and answers each batch with the result sets or tokens from
 * `answer`.
 */
export const tdsServer = (answer: (sql: string) => readonly ResultSet[] | Buffer) =>
  plainServer((socket) => {
    let input = Buffer.alloc(0);
    let message: Buffer[] = [];
    let busy = Promise.resolve();
    socket.on('data', (chunk: Buffer) => {
      input = Buffer.concat([input, chunk]);
      while (input.length >= 8 && input.length >= input.readUInt16BE(2)) {
        const [type, status, length] = [input[0], input[1], input.readUInt16BE(2)];
        message.push(input.subarray(8, length));
        input = input.subarray(length);
        if (status !== undefined && (status & 1) === 0) continue;
        const body = Buffer.concat(message);
        message = [];
        busy = busy.then(() => reply(socket, type, body, answer)).catch(() => void socket.destroy());
      }
    });
  });

const [batch, login, prelogin] = [0x01, 0x10, 0x12];

const reply = async (
  socket: Socket,
  type: number | undefined,
  body: Buffer,
  answer: (sql: string) => readonly ResultSet[] | Buffer,
) => {
  const out = packets(socket);
  if (type === prelogin)
    await out.write(Buffer.from([1, 0, 6, 0, 1, 0xff, 2])); // encryption is not supported
  else if (type === login) await out.write(Buffer.concat([ack, done(false)]));
  else if (type === batch) {
    const sql = body.subarray(body.readUInt32LE(0)).toString('utf16le');
    const answered = answer(sql);
    if (Buffer.isBuffer(answered)) await out.write(answered);
    const sets = Buffer.isBuffer(answered) ? [] : answered;
    for (const [at, { kinds, rows }] of sets.entries()) {
      await out.write(Buffer.concat([Buffer.from([0x81, kinds.length, 0]), ...kinds.map(described)]));
      for (const row of rows()) await out.write(Buffer.concat([rowToken, ...kinds.map(valued(row))]));
      await out.write(done(at < sets.length - 1));
    }
    if (sets.length === 0) await out.write(done(false));
  }
  await out.end();
};

/** Writes one message in packets of the initial size, and waits for a slow reader. */
const packets = (socket: Socket) => {
  const size = 4096 - 8;
  let waiting: Buffer[] = [];
  let length = 0;
  const send = async (body: Buffer, last: boolean) => {
    const header = Buffer.from([4, last ? 1 : 0, 0, 0, 0, 0, 1, 0]);
    header.writeUInt16BE(8 + body.length, 2);
    if (!socket.write(Buffer.concat([header, body])) && !socket.destroyed) await once(socket, 'drain');
  };
  return {
    write: async (part: Buffer) => {
      waiting.push(part);
      length += part.length;
      if (length <= size) return;
      let whole = Buffer.concat(waiting);
      for (; whole.length > size; whole = whole.subarray(size)) await send(whole.subarray(0, size), false);
      waiting = [whole];
      length = whole.length;
    },
    end: () => send(Buffer.concat(waiting), true),
  };
};

const rowToken = Buffer.from([0xd1]);
const ucs2 = (text: string) => Buffer.from(text, 'utf16le');
/** https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/3c06f110-98bd-4d5b-b836-b1ba66452cb7 */
const done = (more: boolean) => Buffer.from([0xfd, more ? 1 : 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const name = ucs2('Microsoft SQL Server');
const ack = Buffer.concat([
  Buffer.from([0xad, 10 + name.length, 0, 1, 0x74, 0, 0, 4, name.length / 2]),
  name,
  Buffer.from([16, 0, 3, 0xe8]),
]);

const [intn, nvarchar, bitn] = [0x26, 0xe7, 0x68];
const types: Readonly<Record<Kind, readonly number[]>> = {
  int: [intn, 4],
  text: [nvarchar, 0x40, 0x1f, 0x09, 0x04, 0xd0, 0x00, 0x34],
  bit: [bitn, 1],
};
/** A nullable column without a name. */
const described = (kind: Kind) => Buffer.from([0, 0, 0, 0, 1, 0, ...types[kind], 0]);

const valued = (row: readonly Value[]) => (kind: Kind, at: number) => {
  const value = row[at] ?? null;
  if (kind === 'bit') return value === null ? Buffer.from([0]) : Buffer.from([1, value === true ? 1 : 0]);
  if (kind === 'text') {
    const text = ucs2(String(value));
    return value === null
      ? Buffer.from([0xff, 0xff])
      : Buffer.concat([Buffer.from([text.length & 255, text.length >> 8]), text]);
  }
  const number = Buffer.from([4, 0, 0, 0, 0]);
  number.writeInt32LE(Number(value), 1);
  return value === null ? Buffer.from([0]) : number;
};

import type { Socket } from 'node:net';
import { readFirstBytes } from '../../network/read-first-bytes.ts';
import { Problem } from '../../problem.ts';

/** The server's answer to PRELOGIN. */
export interface SqlserverPrelogin {
  /** Whether the server encrypts the session. */
  readonly encrypts: boolean;
  /** Whether the login must state again that it uses a token. */
  readonly fedAuthRequired: boolean;
}

/** Sends PRELOGIN and reads its answer: https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/60f56408-0188-4cd5-8b90-25c6f2423868 */
export const exchangePrelogin = async (
  socket: Socket,
  {
    encrypt,
    fedAuth,
    strict = false,
  }: {
    readonly encrypt: boolean;
    readonly fedAuth: boolean;
    /** The socket has TLS already (TDS 8), so the server's encryption option is ignored. */
    readonly strict?: boolean;
  },
): Promise<SqlserverPrelogin> => {
  const answer = readFirstBytes(socket, parsePreloginMessage);
  socket.write(
    encodeTdsMessage(TDS_PRELOGIN, encodePrelogin(encrypt ? ENCRYPT_ON : ENCRYPT_NOT_SUPPORTED, fedAuth)),
  );
  const options = parsePreloginOptions(await answer);
  const encryption = options.get(PRELOGIN_ENCRYPTION)?.[0];
  if (encryption === undefined && !strict) throw createNotSqlserverProblem();
  return {
    encrypts: encryption === ENCRYPT_ON || encryption === ENCRYPT_REQUIRED,
    fedAuthRequired: options.get(PRELOGIN_FED_AUTH)?.[0] === 1,
  };
};

export const TDS_PRELOGIN = 0x12;
export const TDS_RESPONSE = 0x04;
const TDS_END_OF_MESSAGE = 1;
/** The packet size that every server accepts before another one is negotiated. */
export const TDS_PACKET_BYTES = 4096;

/** Splits the message into packets. */
export const encodeTdsMessage = (type: number, body: Buffer): Buffer => {
  const maxBytes = TDS_PACKET_BYTES - 8;
  const packets: Buffer[] = [];
  for (let at = 0; at === 0 || at < body.length; at += maxBytes) {
    const part = body.subarray(at, at + maxBytes);
    const header = Buffer.from([
      type,
      at + maxBytes < body.length ? 0 : TDS_END_OF_MESSAGE,
      0,
      0,
      0,
      0,
      1,
      0,
    ]);
    header.writeUInt16BE(8 + part.length, 2);
    packets.push(header, part);
  }
  return Buffer.concat(packets);
};

export const createNotSqlserverProblem = () =>
  new Problem('protocol-mismatch', 'Expected the wire protocol of SQL Server (TDS)');

const PRELOGIN_VERSION = 0;
const PRELOGIN_ENCRYPTION = 1;
const PRELOGIN_INSTANCE = 2;
const PRELOGIN_THREAD = 3;
const PRELOGIN_MARS = 4;
const PRELOGIN_FED_AUTH = 6;
const [ENCRYPT_ON, ENCRYPT_NOT_SUPPORTED, ENCRYPT_REQUIRED] = [1, 2, 3];

const encodePrelogin = (encryption: number, fedAuth: boolean): Buffer => {
  const options: readonly (readonly [number, readonly number[]])[] = [
    [PRELOGIN_VERSION, [16, 0, 0, 0, 0, 0]],
    [PRELOGIN_ENCRYPTION, [encryption]],
    [PRELOGIN_INSTANCE, [0]],
    [PRELOGIN_THREAD, [0, 0, 0, 0]],
    [PRELOGIN_MARS, [0]],
    ...(fedAuth ? [[PRELOGIN_FED_AUTH, [1]] as const] : []),
  ];
  const heads: number[] = [];
  let at = options.length * 5 + 1;
  for (const [token, { length }] of options) {
    heads.push(token, at >> 8, at & 255, length >> 8, length & 255);
    at += length;
  }
  return Buffer.from([...heads, 0xff, ...options.flatMap(([, value]) => value)]);
};

const SQLSERVER_TLS_ALERT = 0x15;

const parsePreloginOptions = (body: Buffer): ReadonlyMap<number, Buffer> => {
  const options = new Map<number, Buffer>();
  for (let at = 0; at + 5 <= body.length && body[at] !== 0xff; at += 5) {
    const [offset, length] = [body.readUInt16BE(at + 1), body.readUInt16BE(at + 3)];
    if (offset + length > body.length) throw createNotSqlserverProblem();
    options.set(body.readUInt8(at), body.subarray(offset, offset + length));
  }
  return options;
};

/** Every server answers in one packet. Data after it is refused, because nothing requested it. */
const parsePreloginMessage = (received: Buffer): Buffer | undefined => {
  if (received[0] === SQLSERVER_TLS_ALERT)
    throw Object.assign(new Error('the port accepts only TLS'), { code: 'ECONNRESET' });
  if (received[0] !== TDS_RESPONSE) throw createNotSqlserverProblem();
  if (received.length < 8) return undefined;
  const length = received.readUInt16BE(2);
  if (length < 8 || received.length > length || received[1] !== TDS_END_OF_MESSAGE)
    throw createNotSqlserverProblem();
  return received.length < length ? undefined : received.subarray(8);
};

import type { Socket } from 'node:net';
import { hearFirst } from '../../network/hear-first.ts';
import { Problem } from '../../problem.ts';

/** The server's answer to PRELOGIN. */
export interface Greeting {
  /** Whether the server encrypts the session. */
  readonly encrypts: boolean;
  /** Whether the login must state again that it uses a token. */
  readonly fedAuthRequired: boolean;
}

/** Sends PRELOGIN and reads its answer: https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/60f56408-0188-4cd5-8b90-25c6f2423868 */
export const greet = async (
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
): Promise<Greeting> => {
  const answer = hearFirst(socket, wholeMessage);
  socket.write(packet(PRELOGIN, prelogin(encrypt ? ON : UNSUPPORTED, fedAuth)));
  const options = optionsIn(await answer);
  const encryption = options.get(ENCRYPTION)?.[0];
  if (encryption === undefined && !strict) throw foreign();
  return {
    encrypts: encryption === ON || encryption === REQUIRED,
    fedAuthRequired: options.get(FEDAUTHREQUIRED)?.[0] === 1,
  };
};

export const PRELOGIN = 0x12;
export const RESPONSE = 0x04;
const ENDS = 1;
/** The packet size that every server accepts before another one is negotiated. */
export const packetSize = 4096;

/** Splits the message into packets. */
export const packet = (type: number, body: Buffer): Buffer => {
  const most = packetSize - 8;
  const packets: Buffer[] = [];
  for (let at = 0; at === 0 || at < body.length; at += most) {
    const part = body.subarray(at, at + most);
    const header = Buffer.from([type, at + most < body.length ? 0 : ENDS, 0, 0, 0, 0, 1, 0]);
    header.writeUInt16BE(8 + part.length, 2);
    packets.push(header, part);
  }
  return Buffer.concat(packets);
};

export const foreign = () =>
  new Problem('protocol-mismatch', 'Expected SQL Server; the server speaks something else');

const VERSION = 0;
const ENCRYPTION = 1;
const INSTANCE = 2;
const THREAD = 3;
const MARS = 4;
const FEDAUTHREQUIRED = 6;
const [ON, UNSUPPORTED, REQUIRED] = [1, 2, 3];

const prelogin = (encryption: number, fedAuth: boolean): Buffer => {
  const options: readonly (readonly [number, readonly number[]])[] = [
    [VERSION, [16, 0, 0, 0, 0, 0]],
    [ENCRYPTION, [encryption]],
    [INSTANCE, [0]],
    [THREAD, [0, 0, 0, 0]],
    [MARS, [0]],
    ...(fedAuth ? [[FEDAUTHREQUIRED, [1]] as const] : []),
  ];
  const heads: number[] = [];
  let at = options.length * 5 + 1;
  for (const [token, { length }] of options) {
    heads.push(token, at >> 8, at & 255, length >> 8, length & 255);
    at += length;
  }
  return Buffer.from([...heads, 0xff, ...options.flatMap(([, value]) => value)]);
};

const ALERT = 0x15;

const optionsIn = (body: Buffer): ReadonlyMap<number, Buffer> => {
  const options = new Map<number, Buffer>();
  for (let at = 0; at + 5 <= body.length && body[at] !== 0xff; at += 5) {
    const [offset, length] = [body.readUInt16BE(at + 1), body.readUInt16BE(at + 3)];
    if (offset + length > body.length) throw foreign();
    options.set(body.readUInt8(at), body.subarray(offset, offset + length));
  }
  return options;
};

/** Every server answers in one packet. Data after it is refused, because nothing requested it. */
const wholeMessage = (heard: Buffer): Buffer | undefined => {
  if (heard[0] === ALERT) throw Object.assign(new Error('TLS alone is spoken here'), { code: 'ECONNRESET' });
  if (heard[0] !== RESPONSE) throw foreign();
  if (heard.length < 8) return undefined;
  const length = heard.readUInt16BE(2);
  if (length < 8 || heard.length > length || heard[1] !== ENDS) throw foreign();
  return heard.length < length ? undefined : heard.subarray(8);
};

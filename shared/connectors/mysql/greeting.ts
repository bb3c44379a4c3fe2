import type { Socket } from 'node:net';
import { hearFirst } from '../../network/hear-first.ts';
import { Problem } from '../../problem.ts';
import { serverOf, type Server } from './version.ts';

/** The server's first packet, which it sends before the client sends anything. */
export interface Greeting extends Server {
  readonly packet: Buffer;
  /** Whether the server has TLS. */
  readonly tls: boolean;
}

/** Leaves the socket paused. If the server refuses the connection with an error packet, throws an error with its `errno`. */
export const readGreeting = async (socket: Socket): Promise<Greeting> => {
  const packet = await hearFirst(socket, wholePacket);
  const body = packet.subarray(4);
  if (body[0] === errorPacket) {
    throw Object.assign(new Error('refused before any name was told'), { errno: body.readUInt16LE(1) });
  }
  const end = body.indexOf(0, 1);
  // After the version: the thread id (4 bytes), the salt (8), a zero, the capabilities (2).
  if (end < 2 || body.length < end + 16) throw foreign();
  const version = body.toString('latin1', 1, end);
  return {
    packet: plain(packet, 4 + end + 14),
    ...serverOf(version),
    tls: (body.readUInt16LE(end + 14) & flags.ssl) !== 0,
  };
};

/**
 * SSLRequest, which is the first part of a login, without the names:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_ssl_request.html
 */
export const sslRequest = (): Buffer => {
  const packet = Buffer.alloc(36);
  packet.writeUIntLE(32, 0, 3);
  packet.writeUInt8(1, 3);
  packet.writeUInt32LE(spoken | flags.ssl, 4);
  packet.writeUInt8(utf8mb4, 12);
  return packet;
};

/**
 * The greeting with the sequence number 1, for a driver that gets a socket with TLS already on it: the SSLRequest sent before has used up a
 * number.
 */
export const counted = ({ packet }: Greeting): Buffer => {
  const copy = Buffer.from(packet);
  copy.writeUInt8(1, 3);
  return copy;
};

/**
 * Changes to the driver's default flags, so that its login states the same capabilities as `encodeMysqlSslRequest`. Without LOCAL_FILES the
 * server cannot request a local file.
 */
export const flagNames = (encrypted: boolean): string[] => [
  ...'FOUND_ROWS ODBC LOCAL_FILES IGNORE_SPACE IGNORE_SIGPIPE RESERVED SESSION_TRACK CLIENT_QUERY_ATTRIBUTES'
    .split(' ')
    .map((name) => `-${name}`),
  ...(encrypted ? ['SSL'] : []),
];

/** https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html */
const flags = { ssl: 1 << 11, mysql: 1 } as const;
/**
 * LONG_PASSWORD LONG_FLAG CONNECT_WITH_DB PROTOCOL_41 TRANSACTIONS SECURE_CONNECTION MULTI_RESULTS PLUGIN_AUTH CONNECT_ATTRS
 * PLUGIN_AUTH_LENENC_CLIENT_DATA
 */
const spoken = 1 | 4 | 8 | 512 | 8192 | 32768 | (1 << 17) | (1 << 19) | (1 << 20) | (1 << 21);
/** utf8mb4_unicode_ci, the driver's default. */
const utf8mb4 = 224;

const errorPacket = 0xff;
const protocol = 10;
const longest = 1024;

/**
 * MariaDB offers its own capabilities, such as more metadata of columns, in the last 4 of the 10 reserved bytes. Clears them, because
 * otherwise the driver's login would accept them and differ from the SSLRequest.
 */
const plain = (packet: Buffer, capabilities: number): Buffer => {
  const own = (packet.readUInt16LE(capabilities) & flags.mysql) === 0;
  const at = capabilities + 2 + 1 + 2 + 2 + 1 + 6;
  const copy = Buffer.from(packet);
  if (own && copy.length >= at + 4) copy.fill(0, at, at + 4);
  return copy;
};

const wholePacket = (heard: Buffer): Buffer | undefined => {
  const length = heard.length < 3 ? 1 : heard.readUIntLE(0, 3);
  // Bytes after the greeting would be read as part of the encrypted session (as in CVE-2021-23222).
  if (length < 1 || length > longest || heard.length > length + 4) throw foreign();
  if (heard.length > 4 && heard[4] !== protocol && heard[4] !== errorPacket) throw foreign();
  if (heard.length < length + 4) return undefined;
  if (heard[4] === errorPacket && length < 3) throw foreign();
  return heard;
};

const foreign = () =>
  new Problem('protocol-mismatch', 'Expected the greeting of a MySQL server; something else came');

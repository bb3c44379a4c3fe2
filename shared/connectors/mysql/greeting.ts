import type { Socket } from 'node:net';
import { readFirstBytes } from '../../network/read-first-bytes.ts';
import { Problem } from '../../problem.ts';
import { parseMysqlServer, type MysqlServer } from './version.ts';

/** The server's first packet, which it sends before the client sends anything. */
export interface MysqlGreeting extends MysqlServer {
  readonly packet: Buffer;
  /** Whether the server has TLS. */
  readonly tls: boolean;
}

/** Leaves the socket paused. If the server refuses the connection with an error packet, throws an error with its `errno`. */
export const readMysqlGreeting = async (socket: Socket): Promise<MysqlGreeting> => {
  const packet = await readFirstBytes(socket, parseMysqlGreetingPacket);
  const body = packet.subarray(4);
  if (body[0] === MYSQL_GREETING_ERROR) {
    throw Object.assign(new Error('refused before the login'), { errno: body.readUInt16LE(1) });
  }
  const end = body.indexOf(0, 1);
  // After the version: the thread id (4 bytes), the salt (8), a zero, the capabilities (2).
  if (end < 2 || body.length < end + 16) throw createMysqlGreetingProblem();
  const version = body.toString('latin1', 1, end);
  return {
    packet: clearMariadbCapabilities(packet, 4 + end + 14),
    ...parseMysqlServer(version),
    tls: (body.readUInt16LE(end + 14) & mysqlCapabilities.ssl) !== 0,
  };
};

/**
 * SSLRequest, which is the first part of a login, without the names:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_ssl_request.html
 */
export const encodeMysqlSslRequest = (): Buffer => {
  const packet = Buffer.alloc(36);
  packet.writeUIntLE(32, 0, 3);
  packet.writeUInt8(1, 3);
  packet.writeUInt32LE(MYSQL_CLIENT_CAPABILITIES | mysqlCapabilities.ssl, 4);
  packet.writeUInt8(MYSQL_UTF8MB4_COLLATION, 12);
  return packet;
};

/**
 * The greeting with the sequence number 1, for a driver that gets a socket with TLS already on it: the SSLRequest sent before has used up a
 * number.
 */
export const renumberMysqlGreeting = ({ packet }: MysqlGreeting): Buffer => {
  const copy = Buffer.from(packet);
  copy.writeUInt8(1, 3);
  return copy;
};

/**
 * Changes to the driver's default flags, so that its login states the same capabilities as `encodeMysqlSslRequest`. Without LOCAL_FILES the
 * server cannot request a local file.
 */
export const listMysqlDriverFlags = (encrypted: boolean): string[] => [
  ...'FOUND_ROWS ODBC LOCAL_FILES IGNORE_SPACE IGNORE_SIGPIPE RESERVED SESSION_TRACK CLIENT_QUERY_ATTRIBUTES'
    .split(' ')
    .map((name) => `-${name}`),
  ...(encrypted ? ['SSL'] : []),
];

/** https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html */
const mysqlCapabilities = { ssl: 1 << 11, mysql: 1 } as const;
/**
 * LONG_PASSWORD LONG_FLAG CONNECT_WITH_DB PROTOCOL_41 TRANSACTIONS SECURE_CONNECTION MULTI_RESULTS PLUGIN_AUTH CONNECT_ATTRS
 * PLUGIN_AUTH_LENENC_CLIENT_DATA
 */
const MYSQL_CLIENT_CAPABILITIES =
  1 | 4 | 8 | 512 | 8192 | 32768 | (1 << 17) | (1 << 19) | (1 << 20) | (1 << 21);
/** utf8mb4_unicode_ci, the driver's default. */
const MYSQL_UTF8MB4_COLLATION = 224;

const MYSQL_GREETING_ERROR = 0xff;
const MYSQL_PROTOCOL_VERSION = 10;
const MAX_MYSQL_GREETING_BYTES = 1024;

/**
 * MariaDB offers its own capabilities, such as more metadata of columns, in the last 4 of the 10 reserved bytes. Clears them, because
 * otherwise the driver's login would accept them and differ from the SSLRequest.
 */
const clearMariadbCapabilities = (packet: Buffer, capabilities: number): Buffer => {
  const isMariadbServer = (packet.readUInt16LE(capabilities) & mysqlCapabilities.mysql) === 0;
  const at = capabilities + 2 + 1 + 2 + 2 + 1 + 6;
  const copy = Buffer.from(packet);
  if (isMariadbServer && copy.length >= at + 4) copy.fill(0, at, at + 4);
  return copy;
};

const parseMysqlGreetingPacket = (received: Buffer): Buffer | undefined => {
  const length = received.length < 3 ? 1 : received.readUIntLE(0, 3);
  // Bytes after the greeting would be read as part of the encrypted session (as in CVE-2021-23222).
  if (length < 1 || length > MAX_MYSQL_GREETING_BYTES || received.length > length + 4)
    throw createMysqlGreetingProblem();
  if (received.length > 4 && received[4] !== MYSQL_PROTOCOL_VERSION && received[4] !== MYSQL_GREETING_ERROR)
    throw createMysqlGreetingProblem();
  if (received.length < length + 4) return undefined;
  if (received[4] === MYSQL_GREETING_ERROR && length < 3) throw createMysqlGreetingProblem();
  return received;
};

const createMysqlGreetingProblem = () =>
  new Problem('protocol-mismatch', 'Expected the greeting of a MySQL server');

import type { Socket } from 'node:net';
import type { SessionTarget } from '../../shared/connectors/connector.ts';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import type { SourceSessionOptions } from '../../shared/connectors/run-source-test.ts';
import { mysql } from '../../shared/connectors/mysql/connector.ts';
import { plainServer } from '../network/servers.ts';

type Mode = SourceSessionOptions['tlsSettings']['mode'];

const password = { auth_method: 'password', password: 'obviously-fake' };
export const targetOf = (port: number, seconds = 5): SessionTarget => ({
  config: { host: 'localhost', port, database: 'shop', username: 'me' },
  credentials: password,
  options: { ssl_mode: 'disable', query_timeout_seconds: seconds, max_connections: 1 },
  role: 'source',
});
export const optionsOf = (
  mode: Mode,
  policy: SourceSessionOptions['policy'] = { loopback: true },
): SourceSessionOptions => ({
  policy,
  environment: 'default',
  tlsSettings: { mode },
  options: { connection_timeout_seconds: 5 },
});

/** A packet with its length and sequence number. */
export const packet = (number: number, ...parts: readonly (Buffer | string | readonly number[])[]) => {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))),
  );
  const header = Buffer.alloc(4);
  header.writeUIntLE(body.length, 0, 3);
  header.writeUInt8(number & 255, 3);
  return Buffer.concat([header, body]);
};

const tlsFlag = 1 << 11;
const capabilities = 1 | 4 | 8 | 512 | 8192 | 32768 | (1 << 17) | (1 << 19) | (1 << 21);
export const greetingOf = ({ version = '8.4.0', tls = false, plugin = 'mysql_native_password' } = {}) => {
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(tls ? capabilities | tlsFlag : capabilities);
  return packet(
    0,
    [10],
    `${version}\0`,
    [1, 0, 0, 0],
    'saltsalt\0',
    flags.subarray(0, 2),
    [45, 2, 0],
    flags.subarray(2),
    [21],
    Buffer.alloc(10),
    'saltsaltsalt\0',
    `${plugin}\0`,
  );
};
export const encodeOkPacket = (number: number) => packet(number, [0, 0, 0, 2, 0, 0, 0]);
export const refusal = (number: number, errno: number, text = 'no') =>
  packet(number, [0xff, errno & 255, errno >> 8], `#28000${text}`);
export const end = (number: number) => packet(number, [0xfe, 0, 0, 2, 0]);
export const lengthCoded = (text: string) =>
  Buffer.concat([Buffer.from([0xfc, text.length & 255, text.length >> 8]), Buffer.from(text)]);
export const column = (number: number, type = 253) =>
  packet(number, ...['def', '', '', '', 'v', 'v'].map(lengthCoded), [
    0x0c,
    45,
    0,
    255,
    0,
    0,
    0,
    type,
    0,
    0,
    0,
    0,
    0,
  ]);
/** The answer to a query with one column. */
export const table = (...values: readonly string[]) =>
  Buffer.concat([head(1), ...values.map((value, at) => rowOf(4 + at, [value])), end(4 + values.length)]);
/** The answer of a server without any tables. */
export const nothing = (query: string) => {
  if (query.startsWith('show')) return table('GRANT SELECT ON *.* TO `me`@`%`');
  return query.includes('version()') ? table('8.4.0') : table();
};
export const head = (width: number) =>
  Buffer.concat([
    packet(1, [width]),
    ...Array.from({ length: width }, (_, at) => column(2 + at)),
    end(2 + width),
  ]);
export const rowOf = (number: number, values: readonly string[]) =>
  packet(number, ...values.map(lengthCoded));

export const isQuery = (said: Buffer) => said[3] === 0 && said[4] === 3;
export const queryIn = (said: Buffer) => said.toString('utf8', 5);

/** Accepts every login, and passes queries to `answer`. */
export const answerMysqlQueries =
  (answer: (socket: Socket, query: string) => void) => (socket: Socket, said: Buffer) => {
    if (!isQuery(said)) return void socket.write(encodeOkPacket(said.readUInt8(3) + 1));
    const query = queryIn(said);
    if (query.startsWith('set session') || query.startsWith('do '))
      return void socket.write(encodeOkPacket(1));
    answer(socket, query);
  };

/** Tests a server that behaves as given. Returns the result and the bytes that the server received. */
export const testFakeMysql = async (
  { greeting = greetingOf(), answer = () => {} }: Behaviour,
  mode: Mode = 'disable',
) => {
  const told: Buffer[] = [];
  await using server = await plainServer((socket) => {
    socket.on('data', (said) => {
      told.push(said);
      answer(socket, said);
    });
    socket.write(greeting);
  });
  const { details, steps } = await runSourceTest(mysql, targetOf(server.port), optionsOf(mode));
  return { details, failed: steps.find(({ status }) => status === 'failed'), told: Buffer.concat(told) };
};

interface Behaviour {
  readonly greeting?: Buffer;
  readonly answer?: (socket: Socket, said: Buffer) => void;
}

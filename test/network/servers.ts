import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

export interface Running extends AsyncDisposable {
  readonly port: number;
  /** Every connection that the server has accepted. */
  readonly accepted: readonly Socket[];
}

/** Listens on a free loopback port. Disposal closes the server and the sockets that it accepted. */
export const listen = async (server: Server, host = '127.0.0.1', port = 0): Promise<Running> => {
  const accepted: Socket[] = [];
  server.on('connection', (socket: Socket) => {
    accepted.push(socket);
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: portOf(server.address()),
    accepted,
    [Symbol.asyncDispose]: async () => {
      for (const socket of accepted) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};

export const plainServer = (
  onConnection: (socket: Socket) => void = () => {},
  host?: string,
): Promise<Running> => listen(createServer({ noDelay: true }, onConnection), host);

/** Forwards all bytes to a local port and back, and counts the bytes that come back. */
export const countingFront = async (port: number) => {
  let received = 0;
  const front = await plainServer((socket) => {
    const behind = connect(port, '127.0.0.1');
    for (const each of [socket, behind]) each.on('error', () => {});
    behind.on('data', (piece) => (received += piece.length));
    socket.on('close', () => behind.destroy());
    behind.on('close', () => socket.destroy());
    socket.pipe(behind).pipe(socket);
  });
  return { ...front, received: () => received };
};

/** Sends a greeting to each client over TLS. */
export const tlsServer = (options: TlsOptions, host?: string): Promise<Running> =>
  listen(
    createTlsServer(options, (socket) => {
      socket.on('error', () => {});
      socket.write('hello');
    }),
    host,
  );

/**
 * A port that never answers, as behind a firewall that drops packets: its backlog is full and no connection
 * is accepted.
 */
export const droppingPort = async (host = '127.0.0.1', port = 0) => {
  const done = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(neverAccepting, { eval: true, workerData: { host, port, done } });
  const [taken]: number[] = await once(worker, 'message');
  const waiting: Socket[] = [];
  const connects = async () => {
    const socket = connect({ host, port: taken ?? 0 });
    waiting.push(socket);
    socket.on('error', () => {});
    return Promise.race([
      once(socket, 'connect').then(() => true),
      // An event loop that was held up must process the connect event before the time-out counts.
      new Promise<false>((late) => void setTimeout(() => setImmediate(late, false), 200)),
    ]);
  };
  while (await connects());
  return {
    port: taken ?? 0,
    [Symbol.asyncDispose]: async () => {
      for (const socket of waiting) socket.destroy();
      const exit = once(worker, 'exit');
      Atomics.store(done, 0, 1);
      Atomics.notify(done, 0);
      await exit;
    },
  };
};

const neverAccepting = `
  const { parentPort, workerData: { host, port, done } } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ host, port, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => {
      Atomics.wait(done, 0, 0);
      process.exit();
    });
  });`;

/**
 * Answers A and AAAA questions with these addresses and NXDOMAIN for other names. Without records it never
 * answers.
 */
export const dnsServer = async (
  records?: Readonly<Record<string, readonly string[]>>,
  onQuestion = () => {},
) => {
  const socket = createSocket('udp4');
  let questions = 0;
  socket.on('message', (query, from) => {
    questions += 1;
    onQuestion();
    if (records) socket.send(answer(query, records), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    server: `127.0.0.1:${socket.address().port}`,
    questions: () => questions,
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
};

/** Answers each datagram with the result of `answer`. Without a result it sends nothing. */
export const udpServer = async (
  answer: (question: Buffer, count: number) => Buffer | undefined = () => undefined,
  { host = '127.0.0.1', port = 0 }: { readonly host?: string; readonly port?: number } = {},
) => {
  const socket = createSocket('udp4');
  const heard: Buffer[] = [];
  socket.on('message', (question, from) => {
    heard.push(question);
    const said = answer(question, heard.length);
    if (said) socket.send(said, from.port, from.address);
  });
  socket.bind(port, host);
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    /** Every datagram that arrived. */
    heard: heard as readonly Buffer[],
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
};

/** A loopback port on which no server listens. */
export const closedPort = async (): Promise<number> => {
  await using server = await plainServer();
  return server.port;
};

/** The folder of the test certificates, created on first use. */
export const pem = (name: string): string => readFileSync(`${certs()}/${name}`, 'utf8');

let folder: string | undefined;
const certs = (): string =>
  (folder ??= execFileSync(fileURLToPath(new URL('../engines/certs', import.meta.url)), {
    encoding: 'utf8',
  }).trim());

const portOf = (address: AddressInfo | string | null): number =>
  typeof address === 'object' && address ? address.port : 0;

const answer = (query: Buffer, records: Readonly<Record<string, readonly string[]>>): Buffer => {
  const labels: string[] = [];
  let at = 12;
  for (let size = query[at] ?? 0; size > 0; size = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + size));
    at += size + 1;
  }
  const question = query.subarray(12, at + 5);
  const wantsV6 = query.readUInt16BE(at + 1) === 28;
  const known = records[labels.join('.').toLowerCase()];
  const matching = (known ?? []).filter((address) => address.includes(':') === wantsV6);
  const header = Buffer.from([
    query[0] ?? 0,
    query[1] ?? 0,
    0x81,
    known ? 0x80 : 0x83,
    0,
    1,
    0,
    matching.length,
    0,
    0,
    0,
    0,
  ]);
  return Buffer.concat([header, question, ...matching.map(record)]);
};

const record = (address: string): Buffer => {
  const data = address.includes(':')
    ? Buffer.from(
        address
          .split(':')
          .map((part) => part.padStart(4, '0'))
          .join(''),
        'hex',
      ) // all eight groups are written out
    : Buffer.from(address.split('.').map(Number));
  const head = Buffer.from([0xc0, 12, 0, data.length === 16 ? 28 : 1, 0, 1, 0, 0, 0, 60, 0, data.length]);
  return Buffer.concat([head, data]);
};

/**
 * Counts the resources of these kinds that the process still holds, beyond `before`. It waits until closing
 * resources are closed, which may take a while on a busy machine.
 */
export const countOpenResources = async (kinds: RegExp, before = 0): Promise<number> => {
  const held = () => process.getActiveResourcesInfo().filter((name) => kinds.test(name)).length;
  const end = performance.now() + 20_000;
  while (held() > before && performance.now() < end) await new Promise((again) => void setTimeout(again, 1));
  return Math.max(0, held() - before);
};

import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket, type TLSSocketOptions } from 'node:tls';
import type { Duplex } from 'node:stream';
import { pem } from '../network/servers.ts';

/** What a server shows of TLS: nothing, or a certificate of one of these kinds. */
export const tlsKinds = ['off', 'self-signed', 'other-name', 'trusted'] as const;
export type TlsKind = (typeof tlsKinds)[number];

/** How a server asks for the secret: in clear, by a challenge, or in clear under a key of its own (MySQL's RSA). */
export const asks = ['clear', 'challenge', 'key'] as const;
export type Asks = (typeof asks)[number];

export interface Behaviour {
  readonly tls: TlsKind;
  readonly asks: Asks;
  /** The port of another server that it sends its callers to. */
  readonly announces?: number | undefined;
}

/** Whether an answer that a server received was made from this secret. */
export type Proof = (secret: string) => boolean;

/** What one server received over one layer of one connection. */
export interface Heard {
  readonly port: number;
  /** `off`: outside of TLS. */
  readonly tls: TlsKind;
  /** In clear, after the protocol's own framing and obfuscation were taken away. */
  readonly texts: string[];
  readonly proofs: Proof[];
  /** The certificate of the client, in PEM. */
  certificate?: string;
  /** Which account of a service that serves many was asked for. */
  account?: string;
}

/** One layer of a connection, as a protocol speaks over it. */
export interface Line {
  readonly socket: Socket | TLSSocket;
  readonly heard: Heard;
  readonly behaviour: Behaviour;
  /** Starts TLS on it, or on a stream that carries the handshake; the protocol goes on over the line that comes back. */
  readonly encrypt: (over?: Duplex, options?: TLSSocketOptions) => Promise<Line>;
  /** Notes a proof, and answers the secret that it was made from where the server knows that one. */
  readonly prove: (proof: Proof) => string | undefined;
  /** Notes that the client was sent on. */
  readonly announce: (port: number) => void;
}

/** Speaks until it has received what it wanted; a throw ends the connection. */
export type Protocol = (line: Line) => Promise<void>;

/** Who was sent on to whom. */
export interface Announcement {
  readonly from: number;
  readonly to: number;
}

export interface Recorder extends AsyncDisposable {
  readonly port: number;
  /** What it heard since it was reset. */
  readonly heard: readonly Heard[];
  readonly announcements: readonly Announcement[];
  readonly behave: (behaviour: Behaviour) => void;
  /** Waits until everybody has hung up: what was sent has been heard then. */
  readonly idle: () => Promise<void>;
  /** Hangs up on everybody and forgets what it heard; from now on these are the secrets that it knows. */
  readonly reset: (known?: () => Iterable<string>) => Promise<void>;
}

/** What is of one connection, whatever its server is told meanwhile. */
interface Connection {
  readonly now: Behaviour;
  readonly heard: Heard[];
  readonly announcements: Announcement[];
  readonly layers: Socket[];
}

/** A server on loopback that records what it receives, in clear and inside of TLS, and changes its behaviour when it is told to. */
export const startRecorder = async (protocol: Protocol): Promise<Recorder> => {
  let heard: Heard[] = [];
  let announcements: Announcement[] = [];
  const sockets = new Set<Socket>();
  let behaviour: Behaviour = { tls: 'off', asks: 'clear' };
  let known: () => Iterable<string> = () => [];
  const lineOver = (socket: Socket | TLSSocket, tls: TlsKind, connection: Connection): Line => {
    const { now } = connection;
    const record: Heard = { port, tls, texts: [], proofs: [] };
    connection.heard.push(record);
    connection.layers.push(socket);
    return {
      socket,
      heard: record,
      behaviour: now,
      encrypt: async (over = socket, options = {}) => {
        if (now.tls === 'off') throw new Error('a server without TLS');
        const secured = await accept(over, now.tls, options);
        const line = lineOver(secured, now.tls, connection);
        const { raw } = secured.getPeerCertificate(true);
        if (raw) line.heard.certificate = raw.toString('base64');
        return line;
      },
      prove: (proof) => {
        record.proofs.push(proof);
        return [...known()].find(proof);
      },
      announce: (to) => void connection.announcements.push({ from: port, to }),
    };
  };
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    const layers: Socket[] = [];
    const readOn = () => {
      for (const layer of layers) layer.resume();
    };
    // Who has heard enough reads on, to hear the end.
    protocol(lineOver(socket, 'off', { now: behaviour, heard, announcements, layers })).then(readOn, () =>
      socket.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // of a server that listens on a port
  return {
    port,
    get heard() {
      return heard;
    },
    get announcements() {
      return announcements;
    },
    behave: (next) => {
      behaviour = next;
    },
    idle: async () => {
      await Promise.all([...sockets].map(untilClosed));
    },
    reset: async (secrets = () => []) => {
      const closed = [...sockets].map(untilClosed);
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
      heard = [];
      announcements = [];
      known = secrets;
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
};

const untilClosed = (socket: Socket) => new Promise<void>((done) => void socket.once('close', () => done()));

/** For ports that speak TLS from the first byte or not at all. */
export const fromTheFirstByte =
  (protocol: Protocol, options: TLSSocketOptions = {}): Protocol =>
  async (line) => {
    const first = await firstChunk(line.socket);
    const greetsInTls = first[0] === 0x16;
    line.socket.unshift(first);
    if (greetsInTls !== (line.behaviour.tls !== 'off')) {
      // What came all the same has been received.
      line.heard.texts.push(first.toString('latin1'));
      line.socket.destroy();
      return;
    }
    await protocol(greetsInTls ? await line.encrypt(line.socket, options) : line);
  };

export const firstChunk = (socket: Duplex): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    socket.once('data', (chunk: Buffer) => {
      socket.pause();
      resolve(chunk);
    });
    socket.once('close', () => reject(new Error('closed')));
  });

const contexts = new Map<TlsKind, SecureContext>();
const files = { 'self-signed': 'selfsigned', 'other-name': 'wronghost', trusted: 'server' } as const;

const accept = async (over: Duplex, kind: Exclude<TlsKind, 'off'>, options: TLSSocketOptions) => {
  const name = files[kind];
  const secureContext =
    contexts.get(kind) ?? createSecureContext({ key: pem(`${name}.key`), cert: pem(`${name}.crt`) });
  contexts.set(kind, secureContext);
  const secured = new TLSSocket(over as Socket, {
    isServer: true,
    secureContext,
    requestCert: true,
    rejectUnauthorized: false,
    ...options,
  });
  await new Promise<void>((resolve, reject) => {
    secured.once('secure', () => resolve());
    secured.on('error', reject);
    secured.once('close', () => reject(new Error('closed')));
  });
  return secured;
};

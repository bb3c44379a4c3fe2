import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket, type TLSSocketOptions } from 'node:tls';
import type { Duplex } from 'node:stream';
import { pem } from '../network/servers.ts';

/** The TLS that a server offers: none, or a certificate of one of these kinds. */
export const tlsKinds = ['off', 'self-signed', 'other-name', 'trusted'] as const;
export type TlsKind = (typeof tlsKinds)[number];

/**
 * How a server asks for the secret: in clear, by a challenge, or encrypted with its own key (RSA in MySQL).
 */
export const asks = ['clear', 'challenge', 'key'] as const;
export type Asks = (typeof asks)[number];

export interface Behaviour {
  readonly tls: TlsKind;
  readonly asks: Asks;
  /** The port of another server to which it sends its clients. */
  readonly announces?: number | undefined;
}

/** Tells whether an answer that a server received was derived from this secret. */
export type Proof = (secret: string) => boolean;

/** What one server received over one layer of one connection. */
export interface ReceivedData {
  readonly port: number;
  /** `off` means outside TLS. */
  readonly tls: TlsKind;
  /** Texts in clear, without the framing and obfuscation of the protocol. */
  readonly texts: string[];
  readonly proofs: Proof[];
  /** The client's certificate, in PEM. */
  certificate?: string;
  /** The account that the client named, for a service with many accounts. */
  account?: string;
}

/** One layer of a connection, over which a protocol runs. */
export interface Line {
  readonly socket: Socket | TLSSocket;
  readonly heard: ReceivedData;
  readonly behaviour: Behaviour;
  /**
   * Starts TLS on the line, or on a stream that carries the handshake. The protocol continues on the returned
   * line.
   */
  readonly encrypt: (over?: Duplex, options?: TLSSocketOptions) => Promise<Line>;
  /** Records a proof. Returns the secret that it was derived from, if the server knows it. */
  readonly prove: (proof: Proof) => string | undefined;
  /** Records that the client was sent to another server. */
  readonly announce: (port: number) => void;
}

/** Runs until the server has received what it waits for. An error ends the connection. */
export type Protocol = (line: Line) => Promise<void>;

/** Which server sent a client to which other server. */
export interface Announcement {
  readonly from: number;
  readonly to: number;
}

export interface Recorder extends AsyncDisposable {
  readonly port: number;
  /** What the server received since the last reset. */
  readonly heard: readonly ReceivedData[];
  readonly announcements: readonly Announcement[];
  readonly behave: (behaviour: Behaviour) => void;
  /** Waits until all clients have disconnected. By then all that they sent has been received. */
  readonly idle: () => Promise<void>;
  /** Closes all connections, forgets what was received, and sets the secrets that the server knows. */
  readonly reset: (known?: () => Iterable<string>) => Promise<void>;
}

/** The state of one connection. Later changes of the server's behaviour do not affect it. */
interface Connection {
  readonly now: Behaviour;
  readonly heard: ReceivedData[];
  readonly announcements: Announcement[];
  readonly layers: Socket[];
}

/**
 * Starts a loopback server that records what it receives, inside and outside TLS. Its behaviour can be
 * changed.
 */
export const startRecorder = async (protocol: Protocol): Promise<Recorder> => {
  let heard: ReceivedData[] = [];
  let announcements: Announcement[] = [];
  const sockets = new Set<Socket>();
  let behaviour: Behaviour = { tls: 'off', asks: 'clear' };
  let known: () => Iterable<string> = () => [];
  const lineOver = (socket: Socket | TLSSocket, tls: TlsKind, connection: Connection): Line => {
    const { now } = connection;
    const record: ReceivedData = { port, tls, texts: [], proofs: [] };
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
    // Once the protocol has finished, the sockets are read on, so that their end is seen.
    protocol(lineOver(socket, 'off', { now: behaviour, heard, announcements, layers })).then(readOn, () =>
      socket.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a server on a port has this type
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

/** For ports that require TLS from the first byte or have none. */
export const fromTheFirstByte =
  (protocol: Protocol, options: TLSSocketOptions = {}): Protocol =>
  async (line) => {
    const first = await firstChunk(line.socket);
    const greetsInTls = first[0] === 0x16;
    line.socket.unshift(first);
    if (greetsInTls !== (line.behaviour.tls !== 'off')) {
      // The server has received these bytes, although it refuses them.
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

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Socket } from 'node:net';
import type { Address, Transport } from 'oracledb/lib/thin/sqlnet/ntTcp.js';
import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';

export interface Way {
  readonly raw: Socket;
  readonly socket: Socket;
}

/** How one login comes to its sockets: the first is there already, others follow where the server sends us on or wants TLS anew. */
export interface Dialling {
  readonly next: (to: { readonly host: string; readonly port: number }) => Promise<Way>;
  readonly again: (raw: Socket) => Promise<Way>;
}

/** The driver makes sockets deep inside of a login; what it runs in tells whose. */
export const dialling = new AsyncLocalStorage<Dialling>();

/**
 * Has the driver take its sockets, TLS and all, from whoever opens the session, and none without. It knows of no such hook: these are the two
 * methods that dial and encrypt, of exactly the version in package-lock.json.
 */
export const takeOver = async (): Promise<void> => {
  const { prototype } = (await import('oracledb/lib/thin/sqlnet/ntTcp.js')).default;
  if (Object.hasOwn(prototype, 'mooring')) return;
  Object.assign(prototype, {
    mooring: true,
    connect: async function (this: Transport, address: Address) {
      const way = await current().next({ host: address.hostname ?? address.host, port: address.port });
      this.originHost = address.originHost;
      this.host = address.host;
      this.hostName = address.hostname ?? address.host;
      this.port = address.port;
      this.stream = guarded(way.socket);
      this.connStream = way.raw;
      this.connected = true;
      listen(this);
    },
    renegTLS: async function (this: Transport) {
      this.checkErr();
      const way = await current().again(this.connStream);
      this.stream = guarded(way.socket);
      listen(this);
    },
  });
};

/** As the driver's own `setupEventHandlers`, which would first take away the listeners of everybody else. */
const listen = (transport: Transport): void => {
  const { stream } = transport;
  const over = (error?: Error) => {
    if (transport.stream !== stream) return; // sent on, or encrypted anew
    if (error) transport.savedErr = error;
    transport.err = true;
    transport._notifyWaiters();
  };
  stream.on('error', over);
  stream.on('end', () => over());
  stream.on('close', () => {
    over();
    if (transport.stream === stream) transport.connected = false;
  });
  stream.on('drain', () => {
    transport.needsDrain = false;
    transport.drainWaiter?.();
    transport.drainWaiter = null;
  });
  stream.resume();
};

const current = (): Dialling => {
  const running = dialling.getStore();
  if (!running) throw new Problem('internal', 'A driver dialled outside of a session');
  return running;
};

/** Dials, and encrypts where it is asked for: on Oracle that is a port of its own (TCPS), and nothing is negotiated. */
export const reach = async (
  to: { readonly host: string; readonly port: number },
  dialer: Dialer,
): Promise<Way> => {
  const raw = await dialer.tcp(to);
  const socket = await dialer.tls(
    raw,
    to,
    dialer.tlsAsk.mode === 'prefer' ? () => speaksTls(to, dialer) : undefined,
  );
  return { raw, socket };
};

/** Asks a second socket as `tnsping` does: a port of TLS answers with an alert or hangs up, a listener in its own words. */
const speaksTls = async (
  to: { readonly host: string; readonly port: number },
  dialer: Dialer,
): Promise<boolean> => {
  const socket = await dialer.tcp(to);
  const first = new Promise<number | undefined>((resolve) => {
    socket.once('data', (bytes) => resolve(bytes[0]));
    socket.once('close', () => resolve(undefined));
    socket.once('end', () => resolve(undefined));
  });
  socket.write(ping());
  const byte = await first;
  socket.destroy();
  return byte === undefined || byte === alert;
};

const alert = 0x15;

/** A connect packet of version 3.14 whose data is 58 bytes in: layout as in the driver's packet.js. */
const ping = (): Buffer => {
  const words = Buffer.from('(CONNECT_DATA=(COMMAND=ping))');
  const head = Buffer.alloc(58);
  head.writeUInt16BE(head.length + words.length, 0);
  head.writeUInt8(1, 4);
  for (const [at, value] of [
    [8, 314],
    [10, 300],
    [14, 2048],
    [16, 32_767],
    [18, 0x860e],
    [22, 1],
    [24, words.length],
    [26, head.length],
  ] as const) {
    head.writeUInt16BE(value, at);
  }
  return Buffer.concat([head, words]);
};

/** Types of packets run from 1 to 19; whatever begins otherwise is no listener. Endless answers end here too. */
const guarded = (socket: Socket): Socket => {
  let seen = 0;
  let first = Buffer.alloc(0);
  const emit = socket.emit.bind(socket);
  socket.emit = (event: string | symbol, ...values: unknown[]) => {
    if (event !== 'data' || !Buffer.isBuffer(values[0])) return emit(event, ...values);
    try {
      seen += values[0].length;
      if (seen > mostBytes)
        throw new Problem('protocol-mismatch', 'Expected a short answer; the server sends without end');
      if (first.length < 5) {
        first = Buffer.concat([first, values[0].subarray(0, 5)]);
        const type = first[4];
        if (type !== undefined && (type < 1 || type > 19))
          throw new Problem(
            'protocol-mismatch',
            'Expected an Oracle listener; the server speaks something else',
          );
      }
      return emit(event, ...values);
    } catch (error) {
      const fault = error instanceof Problem ? error : new Problem('protocol-mismatch');
      faults.set(socket, fault);
      socket.destroy(fault);
      return true;
    }
  };
  return socket;
};

/** What we ourselves ended a socket for: the driver tells of its end alone. */
const faults = new WeakMap<Socket, Problem>();
export const faultOf = (socket: Socket): Problem | undefined => faults.get(socket);

const mostBytes = 2 ** 30;

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Socket } from 'node:net';
import type { SessionData } from 'oracledb/lib/thin/protocol/encryptDecrypt.js';
import type { Node, Strategy } from 'oracledb/lib/thin/sqlnet/navNodes.js';
import type { Address, Transport } from 'oracledb/lib/thin/sqlnet/ntTcp.js';
import type { Dialer, Place } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import { guard } from './guard.ts';
import { speaksTls } from './speaks-tls.ts';

export interface Way {
  readonly raw: Socket;
  readonly socket: Socket;
  /** How many bytes more the server may send. */
  readonly allow: (bytes: number) => void;
}

export const wayOver = (raw: Socket, socket: Socket): Way => ({ raw, socket, ...guard(socket) });

/** How one login comes to its sockets: the first is there already, others follow where the server sends us on or wants TLS anew. */
export interface Dialling {
  readonly next: (to: Place) => Promise<Way>;
  readonly again: (raw: Socket) => Promise<Way>;
}

/** The driver makes sockets deep inside of a login; what it runs in tells whose. */
export const dialling = new AsyncLocalStorage<Dialling>();

/**
 * Has the driver take its sockets, TLS and all, from whoever opens the session, and none without. It knows of no such hook: these are the
 * methods that dial, encrypt and look names up, of exactly the version in package-lock.json.
 */
export const takeOver = async (): Promise<void> => {
  const { prototype } = (await import('oracledb/lib/thin/sqlnet/ntTcp.js')).default;
  const crypto = (await import('oracledb/lib/thin/protocol/encryptDecrypt.js')).default;
  const nodes = (await import('oracledb/lib/thin/sqlnet/navNodes.js')).default.NavAddress.prototype;
  if (Object.hasOwn(prototype, 'mooring')) return;
  const { navigate } = nodes;
  const { updateVerifierData } = crypto;
  const methods = [prototype.connect, prototype.renegTLS, navigate, updateVerifierData];
  if (methods.some((method) => typeof method !== 'function'))
    throw new Problem('internal', 'The driver dials in another way than the one that is known');
  // A listener that sends on would have us look up what it likes, before the name is judged; and without a host our own.
  nodes.navigate = async function (this: Node, strategy: Strategy) {
    if (!this.host) throw new Problem('protocol-mismatch', 'Expected the host that the listener sends on to');
    await navigate.call(this, Object.assign(strategy, { httpsProxy: 'a proxy looks names up by itself' }));
  };
  crypto.updateVerifierData = (sessionData, ...rest) => {
    checkSessionKey(sessionData);
    updateVerifierData.call(crypto, sessionData, ...rest);
  };
  Object.assign(prototype, {
    mooring: true,
    connect: async function (this: Transport, address: Address) {
      const way = await current().next({ host: address.hostname ?? address.host, port: address.port });
      this.originHost = address.originHost;
      this.host = address.host;
      this.hostName = address.hostname ?? address.host;
      this.port = address.port;
      this.stream = way.socket;
      this.connStream = way.raw;
      this.connected = true;
      listen(this);
    },
    renegTLS: async function (this: Transport) {
      this.checkErr();
      const way = await current().again(this.connStream);
      this.stream = way.socket;
      listen(this);
    },
  });
};

/**
 * The password goes under a key of two halves, one of which the server sends: where that half is empty, so is the driver's own, and the key
 * is one that anybody can work out. Servers send 32 or 48 bytes.
 */
const checkSessionKey = ({ AUTH_SESSKEY: key }: SessionData): void => {
  if (typeof key !== 'string' || !/^([0-9A-Fa-f]{64}|[0-9A-Fa-f]{96})$/.test(key))
    throw new Problem('protocol-mismatch', 'Expected the session key of an Oracle Database');
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
export const reach = async (to: Place, dialer: Dialer): Promise<Way> => {
  const raw = await dialer.tcp(to);
  if (dialer.tlsAsk.mode === 'prefer')
    return wayOver(raw, await dialer.tls(raw, to, () => speaksTls(to, dialer)));
  // A listener in clear takes the greeting of TLS for the beginning of a long packet, and waits for the rest.
  let silent = false;
  const impatient = setTimeout(() => {
    silent = raw.bytesRead === 0;
    if (silent) raw.destroy();
  }, patience);
  try {
    const socket = await dialer.tls(raw, to, undefined, async (error) => {
      if (!silent) throw error;
      if (await speaksTls(to, dialer)) throw new Problem('timeout');
      return raw;
    });
    return wayOver(raw, socket);
  } finally {
    clearTimeout(impatient);
  }
};

/** Milliseconds; whoever speaks TLS answers a greeting in one round trip. */
const patience = 3000;

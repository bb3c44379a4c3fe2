import { AsyncLocalStorage } from 'node:async_hooks';
import type { Socket } from 'node:net';
import type { SessionData } from 'oracledb/lib/thin/protocol/encryptDecrypt.js';
import type { Node, Strategy } from 'oracledb/lib/thin/sqlnet/navNodes.js';
import type { Address, Transport } from 'oracledb/lib/thin/sqlnet/ntTcp.js';
import type { Dialer, HostPort } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import { guardOracleSocket } from './guard.ts';
import { detectOracleTls } from './detect-tls.ts';

export interface OracleTransport {
  readonly raw: Socket;
  readonly socket: Socket;
  /** Limits how many bytes the server may still send. */
  readonly allow: (bytes: number) => void;
}

export const createOracleTransport = (raw: Socket, socket: Socket): OracleTransport => ({
  raw,
  socket,
  ...guardOracleSocket(socket),
});

/** Where one login gets its sockets: the first is open already, and others follow when the server redirects or requests a new TLS handshake. */
export interface OracleSocketSource {
  /** The socket for that address: the open one on the first call, a new one on a redirect. */
  readonly next: (to: HostPort) => Promise<OracleTransport>;
  /** Starts TLS anew on a socket. */
  readonly again: (raw: Socket) => Promise<OracleTransport>;
}

/** The driver opens sockets deep inside of a login: this context says which login it is. */
export const oracleSocketSources = new AsyncLocalStorage<OracleSocketSource>();

/**
 * Makes the driver take all sockets, with TLS, from the session that logs in, and open none itself. The driver has no hook for this, so the
 * methods that dial, encrypt and resolve names are replaced. They are those of exactly the version in package-lock.json.
 */
export const patchOracleDriver = async (): Promise<void> => {
  const { prototype } = (await import('oracledb/lib/thin/sqlnet/ntTcp.js')).default;
  const crypto = (await import('oracledb/lib/thin/protocol/encryptDecrypt.js')).default;
  const nodes = (await import('oracledb/lib/thin/sqlnet/navNodes.js')).default.NavAddress.prototype;
  if (Object.hasOwn(prototype, 'mooring')) return;
  const { navigate } = nodes;
  const { updateVerifierData } = crypto;
  const methods = [prototype.connect, prototype.renegTLS, navigate, updateVerifierData];
  if (methods.some((method) => typeof method !== 'function'))
    throw new Problem('internal', 'Expected the methods of the oracledb version in package-lock.json');
  // On a redirect the driver would resolve any host that the listener names, before the egress policy checks it, and the local host if it
  // names none. With a proxy set, the driver leaves the host name unresolved.
  nodes.navigate = async function (this: Node, strategy: Strategy) {
    if (!this.host) throw new Problem('protocol-mismatch', 'Expected a host in the redirect of the listener');
    await navigate.call(this, Object.assign(strategy, { httpsProxy: 'unused; keeps host names unresolved' }));
  };
  crypto.updateVerifierData = (sessionData, ...rest) => {
    checkOracleSessionKey(sessionData);
    updateVerifierData.call(crypto, sessionData, ...rest);
  };
  Object.assign(prototype, {
    mooring: true,
    connect: async function (this: Transport, address: Address) {
      const transport = await getOracleSocketSource().next({
        host: address.hostname ?? address.host,
        port: address.port,
      });
      this.originHost = address.originHost;
      this.host = address.host;
      this.hostName = address.hostname ?? address.host;
      this.port = address.port;
      this.stream = transport.socket;
      this.connStream = transport.raw;
      this.connected = true;
      attachOracleListeners(this);
    },
    renegTLS: async function (this: Transport) {
      this.checkErr();
      const transport = await getOracleSocketSource().again(this.connStream);
      this.stream = transport.socket;
      attachOracleListeners(this);
    },
  });
};

/**
 * The password is encrypted with a key of two halves, one of which the server sends. If that half is empty, the driver's half is empty too,
 * and anyone can compute the key. Servers send 32 or 48 bytes.
 */
const checkOracleSessionKey = ({ AUTH_SESSKEY: key }: SessionData): void => {
  if (typeof key !== 'string' || !/^([0-9A-Fa-f]{64}|[0-9A-Fa-f]{96})$/.test(key))
    throw new Problem('protocol-mismatch', 'Expected the session key of an Oracle Database');
};

/** Does what the driver's `setupEventHandlers` does, which would first remove all other listeners. */
const attachOracleListeners = (transport: Transport): void => {
  const { stream } = transport;
  const endStream = (error?: Error) => {
    if (transport.stream !== stream) return; // replaced after a redirect or a new TLS handshake
    if (error) transport.savedErr = error;
    transport.err = true;
    transport._notifyWaiters();
  };
  stream.on('error', endStream);
  stream.on('end', () => endStream());
  stream.on('close', () => {
    endStream();
    if (transport.stream === stream) transport.connected = false;
  });
  stream.on('drain', () => {
    transport.needsDrain = false;
    transport.drainWaiter?.();
    transport.drainWaiter = null;
  });
  stream.resume();
};

const getOracleSocketSource = (): OracleSocketSource => {
  const running = oracleSocketSources.getStore();
  if (!running) throw new Problem('internal', 'The driver opened a socket outside of a login');
  return running;
};

/** Dials and, if requested, starts TLS. Oracle has a separate port for TLS (TCPS) and negotiates nothing. */
export const openOracleTransport = async (to: HostPort, dialer: Dialer): Promise<OracleTransport> => {
  const raw = await dialer.tcp(to);
  if (dialer.tlsSettings.mode === 'prefer')
    return createOracleTransport(raw, await dialer.tls(raw, to, () => detectOracleTls(to, dialer)));
  // A plaintext listener reads a TLS ClientHello as the start of a long packet, and waits for the rest.
  let isSilent = false;
  const timer = setTimeout(() => {
    isSilent = raw.bytesRead === 0;
    if (isSilent) raw.destroy();
  }, ORACLE_TLS_ANSWER_MS);
  try {
    const socket = await dialer.tls(raw, to, undefined, async (error) => {
      if (!isSilent) throw error;
      if (await detectOracleTls(to, dialer))
        throw new Problem('timeout', undefined, { remediation: slowTlsRemediation });
      return raw;
    });
    return createOracleTransport(raw, socket);
  } finally {
    clearTimeout(timer);
  }
};

const slowTlsRemediation =
  'The server did not answer the TLS handshake within 3 s. Check its load, and try again.';

/** A TLS server answers a ClientHello in one round trip. */
const ORACLE_TLS_ANSWER_MS = 3000;

import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Login } from './login.ts';

export const stepNames = [
  'resolve',
  'egress',
  'connect',
  'tls',
  'authenticate',
  'query',
  'privileges',
] as const;
export type StepName = (typeof stepNames)[number];

/** How TLS is to be done towards one connection; the same meaning on every connector. */
export interface TlsAsk {
  readonly mode: 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';
  /** PEM, or the word `rds` for Amazon's authorities; left out: the system's. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** A host as a caller spells it, and a port of it. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** The only way to a socket. Every address passes the egress policy; every phase is a step of the test; all that it opened closes with it. */
export interface Dialer {
  readonly tlsAsk: TlsAsk;
  /** Aborts when the running step's limit is reached or the work is given up. */
  readonly signal: AbortSignal;
  /** Resolves (once), judges every address, connects to a judged one: the steps `resolve`, `egress`, `connect`. */
  tcp(to: Place): Promise<Socket>;
  /** The same for a source of several members: whichever answers first is it. One that has no address is passed over; one that may not be dialled forbids all. */
  tcpAny<To extends Place>(members: readonly To[]): Promise<{ readonly socket: Socket; readonly to: To }>;
  /** Asks by UDP, every address judged as for a socket: the same three steps. Nothing where nobody answers; an answer is one datagram. */
  udp(to: Place, question: Buffer): Promise<Buffer | undefined>;
  /**
   * Upgrades a socket as `tlsAsk` says: the step `tls`. `negotiate` asks the server for TLS in the protocol's own way and answers whether it
   * agreed, or with the name (ALPN) under which the protocol goes inside of TLS. Where a port speaks TLS from its first byte or not at all,
   * `inClear` is asked when there was no TLS to be had, and told of what: it answers a new socket to a server that it has heard speak in clear,
   * and throws where there is none.
   */
  tls(
    socket: Socket,
    to: { readonly host: string },
    negotiate?: (socket: Socket) => Promise<boolean | string>,
    inClear?: (error: unknown) => Promise<Socket>,
  ): Promise<Socket | TLSSocket>;
  /**
   * To be called before a secret, or anything made of it, is sent: throws where it would be heard without TLS, and warns at the step
   * `authenticate`. `inClear`: what else than `ssl_mode: disable` the caller said to have it sent in clear.
   */
  permitLogin(login: Login, on: { readonly encrypted: boolean; readonly inClear?: boolean }): void;
  /** Runs a part of the work as that step, within its limit; a throw marks the step as failed. */
  step<T>(name: StepName, work: () => Promise<T>): Promise<T>;
  /**
   * The same way to somebody else than the source, such as who hands out its passwords: judged and closed alike, with TLS as `ask` says, and
   * without steps of its own. It counts to the step that runs. What the owner of a secret named does not bind it: it is for hosts that no
   * caller chooses, asked by a signature or under verified TLS.
   */
  aside(ask: TlsAsk): Dialer;
}

import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { LoginMethod } from './login-methods.ts';

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

/** The TLS settings of one connection. They have the same meaning for every connector. */
export interface TlsSettings {
  readonly mode: 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';
  /** Certificates in PEM, or the word `rds` for the authorities of Amazon RDS. Default: the authorities of the system. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** A host as the caller spells it, and a port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * The only way to open a socket. Every address is checked against the egress policy, every phase is a step of the test, and disposing the
 * dialer closes every socket that it opened.
 */
export interface Dialer {
  readonly tlsSettings: TlsSettings;
  /** Aborts when the running step reaches its limit or the work is cancelled. */
  readonly signal: AbortSignal;
  /** Resolves the host once, checks every address, and connects to one of those: the steps `resolve`, `egress`, `connect`. */
  tcp(to: HostPort): Promise<Socket>;
  /**
   * Connects to the first member that answers, for a source with several members. Skips a member without addresses. Fails if one of the
   * members is forbidden.
   */
  tcpAny<To extends HostPort>(members: readonly To[]): Promise<{ readonly socket: Socket; readonly to: To }>;
  /** Sends a UDP request, with the same checks and the same three steps as `tcp`. Returns one datagram, or `undefined` without a reply. */
  udp(to: HostPort, question: Buffer): Promise<Buffer | undefined>;
  /**
   * Upgrades a socket as `tlsSettings` demands: the step `tls`. `negotiate` requests TLS in the way of the protocol and returns whether the
   * server agreed, or the ALPN name that the protocol uses inside TLS. `inClear` is for protocols without such a
   * request, whose ports use TLS from the first byte or not at all. It gets the error of the handshake and returns a new socket without TLS if
   * the server proves that it speaks plaintext there, or throws. Only `prefer` keeps that socket; stricter modes fail with `tls-unsupported`.
   */
  tls(
    socket: Socket,
    to: { readonly host: string },
    negotiate?: (socket: Socket) => Promise<boolean | string>,
    inClear?: (error: unknown) => Promise<Socket>,
  ): Promise<Socket | TLSSocket>;
  /**
   * Must be called before a secret, or a value derived from it, is sent. Throws if the login would expose the secret without TLS, or adds a
   * warning to the step `authenticate`. `inClear` is true if the caller allowed plaintext in another way than `ssl_mode: disable`.
   */
  permitLogin(login: LoginMethod, on: { readonly encrypted: boolean; readonly inClear?: boolean }): void;
  /** Runs part of the work as the named step, within its time limit. A thrown error marks the step as failed. */
  step<T>(name: StepName, work: () => Promise<T>): Promise<T>;
  /**
   * Returns a dialer for a host other than the source, such as a service that issues its passwords. It applies the egress policy and closes
   * sockets in the same way, uses the TLS settings `ask`, and records no steps: its time counts towards the step that runs. The tags of a
   * secret do not restrict it, so use it only for hosts that no caller chooses, with signed requests or verified TLS.
   */
  withoutSteps(ask: TlsSettings): Dialer;
}

/** The part of the driver's internals that is used here: one connection, with its framing and its login. */
declare module 'kafkajs/src/network/connection.js' {
  import type { Socket } from 'node:net';

  interface Logger {
    namespace(name: string): Logger;
    debug(): void;
    info(): void;
    warn(): void;
    error(): void;
  }

  interface Protocol<T> {
    readonly request: {
      readonly apiKey: number;
      readonly apiVersion: number;
      readonly apiName: string;
      encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
    };
    readonly response: {
      decode(payload: Buffer): Promise<T>;
      parse(answer: T): Promise<T>;
    };
    readonly logResponseError?: boolean;
  }

  class Connection {
    constructor(options: {
      readonly host: string;
      readonly port: number;
      readonly clientId: string;
      readonly logger: Logger;
      readonly socketFactory: (options: { readonly onConnect: () => void }) => Socket;
      readonly connectionTimeout: number;
      readonly requestTimeout: number;
      readonly enforceRequestTimeout: boolean;
      readonly sasl: {
        readonly mechanism: string;
        readonly username: string;
        readonly password: string;
      } | null;
    });
    readonly requestQueue: { scheduleCheckPendingRequests: () => void };
    connect(): Promise<boolean>;
    disconnect(): Promise<boolean>;
    authenticate(): Promise<void>;
    setVersions(versions: Readonly<Record<number, { minVersion: number; maxVersion: number }>>): void;
    setSupportAuthenticationProtocol(supported: boolean): void;
    send<T>(protocol: Protocol<T>): Promise<T>;
    rejectRequests(error: Error): void;
  }

  export = Connection;
}

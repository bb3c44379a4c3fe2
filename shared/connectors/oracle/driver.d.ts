/** The part of the driver that Mooring uses. The package has no types. */
declare module 'oracledb' {
  export interface Connection {
    readonly oracleServerVersionString: string;
    callTimeout: number;
    ping(): Promise<void>;
    rollback(): Promise<void>;
    execute(sql: string): Promise<unknown>;
    execute(
      sql: string,
      binds: Readonly<Record<string, unknown>>,
      options: {
        readonly resultSet: true;
        readonly fetchArraySize: number;
        readonly prefetchRows: number;
        readonly outFormat: number;
        readonly fetchTypeHandler?: unknown;
      },
    ): Promise<{ readonly resultSet: ResultSet }>;
    close(options?: { readonly drop?: boolean }): Promise<void>;
  }
  export interface ResultSet {
    getRows(count: number): Promise<readonly (readonly unknown[])[]>;
    close(): Promise<void>;
  }
  const oracledb: {
    readonly OUT_FORMAT_ARRAY: number;
    getConnection(config: Readonly<Record<string, unknown>>): Promise<Connection>;
  };
  export default oracledb;
}

declare module 'oracledb/lib/thin/sqlnet/ntTcp.js' {
  import type { Socket } from 'node:net';

  /** The driver's transport over a TCP socket. */
  export interface Transport {
    stream: Socket;
    connected: boolean;
    originHost: string | undefined;
    host: string;
    hostName: string;
    port: number;
    connStream: Socket;
    err: boolean;
    savedErr: Error | undefined;
    needsDrain: boolean;
    drainWaiter: (() => void) | null;
    _notifyWaiters(): void;
    checkErr(): void;
  }
  const transport: {
    readonly prototype: Transport & {
      connect(this: Transport, address: Address): Promise<void>;
      renegTLS(this: Transport): Promise<void>;
    };
  };
  export interface Address {
    readonly host: string;
    readonly hostname?: string;
    readonly originHost?: string;
    readonly port: number;
  }
  export default transport;
}

declare module 'oracledb/lib/thin/protocol/encryptDecrypt.js' {
  /** What the server sends before the driver sends the password. */
  export interface SessionData {
    readonly AUTH_SESSKEY?: unknown;
  }
  const crypto: {
    updateVerifierData: (sessionData: SessionData, ...rest: readonly unknown[]) => void;
  };
  export default crypto;
}

declare module 'oracledb/lib/thin/sqlnet/navNodes.js' {
  /** An address of a connect descriptor. */
  export interface Node {
    readonly host?: string;
    navigate(this: Node, strategy: Strategy): Promise<void>;
  }
  /** The addresses to try, in order. */
  export interface Strategy {
    httpsProxy?: string;
  }
  const nodes: { readonly NavAddress: { readonly prototype: Node } };
  export default nodes;
}

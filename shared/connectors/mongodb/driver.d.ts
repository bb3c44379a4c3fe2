/** The part of the driver's internals that is used here, for exactly the version in package.json. */

declare module 'mongodb/lib/cmap/connect.js' {
  import type { Socket } from 'node:net';

  interface Connection {
    readonly hello: Readonly<Record<string, unknown>> | null;
    serverApi: object | undefined;
    command(
      ns: { readonly db: string },
      command: Readonly<Record<string, unknown>>,
      options?: Readonly<Record<string, unknown>>,
    ): Promise<Readonly<Record<string, unknown>>>;
    destroy(): void;
  }
  const driver: {
    makeConnection(options: object, socket: Socket): Connection;
    performInitialHandshake(connection: Connection, options: object): Promise<void>;
  };
  export type { Connection };
  export default driver;
}

declare module 'mongodb/lib/cmap/auth/mongo_credentials.js' {
  const driver: { readonly MongoCredentials: new (credentials: object) => object };
  export default driver;
}

declare module 'mongodb/lib/cmap/auth/scram.js' {
  const driver: { readonly ScramSHA1: new () => object; readonly ScramSHA256: new () => object };
  export default driver;
}

declare module 'mongodb/lib/cmap/auth/x509.js' {
  const driver: { readonly X509: new () => object };
  export default driver;
}

declare module 'mongodb/lib/bson.js' {
  const driver: {
    readonly EJSON: { stringify(value: unknown): string };
    readonly ObjectId: new (bytes: Uint8Array) => object;
    readonly Binary: new (bytes: Uint8Array, subtype: number) => object;
  };
  export default driver;
}

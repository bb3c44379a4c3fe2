import type { Connection } from 'mongodb/lib/cmap/connect.js';
import type { Socket } from 'node:net';
import { Problem } from '../../problem.ts';
import { guard } from './guard.ts';
import { judgeScram } from './scram.ts';
import { settled, stableApi, wantsVersion } from './session-state.ts';

export type Document = Readonly<Record<string, unknown>>;

/** Who logs in; without a password as whom the certificate of the socket names. */
export interface Account {
  readonly username: string;
  readonly password?: string | undefined;
  readonly authSource: string;
}

/** One socket to one member. */
export interface Link {
  readonly hello: Document;
  /** Runs a command of that database; ends it, and the link, a second after `limit` milliseconds. `raw` leaves the documents of a cursor as they came. */
  run(
    db: string,
    command: Document,
    options?: { readonly limit?: number; readonly raw?: string },
  ): Promise<Document>;
  /** How many bytes more may come. */
  allow(bytes: number): void;
  close(): void;
}

/**
 * Greets and logs in over a socket that is there already; an error tells whether the server had `greeted` back. The driver's handshake and no more of it: its pool and its monitor would dial
 * by themselves, also members that the server announces.
 */
export const link = async (socket: Socket, account?: Account): Promise<Link> => {
  // The one after the other: they share modules.
  const { makeConnection, performInitialHandshake } = (await import('mongodb/lib/cmap/connect.js')).default;
  const { allow, leaveRaw } = guard(socket);
  const options = { ...settings, ...(account && (await credentialsOf(account))) };
  const connection = makeConnection(options, socket);
  const send = connection.command.bind(connection);
  const command: Connection['command'] = async (...values) => {
    try {
      return await send(...values);
    } catch (error) {
      if (!wantsVersion(error) || connection.serverApi) throw error;
      connection.serverApi = stableApi;
      return send(...values);
    }
  };
  Object.assign(connection, {
    command: async (...values: Parameters<Connection['command']>) => judgeScram(await command(...values)),
  });
  try {
    await performInitialHandshake(connection, options);
  } catch (error) {
    const greeted = connection.hello !== null;
    connection.destroy();
    const reason = reasonOf(error);
    throw reason instanceof Error && !(reason instanceof Problem)
      ? Object.assign(reason, { greeted })
      : reason;
  }
  return {
    hello: connection.hello ?? {},
    run: (db, text, { limit = 10_000, raw } = {}) => {
      leaveRaw(raw);
      return run(connection, command, db, settled(text), limit, raw);
    },
    allow,
    close: () => connection.destroy(),
  };
};

const run = async (
  connection: Connection,
  command: Connection['command'],
  db: string,
  text: Document,
  limit: number,
  raw: string | undefined,
): Promise<Document> => {
  let late = false;
  // The server has the same limit, and a second to say so itself.
  const timer = setTimeout(() => {
    late = true;
    connection.destroy();
  }, limit + 1000);
  try {
    return await command({ db }, text, {
      useBigInt64: true,
      directConnection: true,
      ...(raw !== undefined && { raw: true, documentsReturnedIn: raw }),
    });
  } catch (error) {
    throw late
      ? new Problem('timeout', 'The server did not answer within the query timeout', { cause: error })
      : reasonOf(error);
  } finally {
    clearTimeout(timer);
  }
};

/** What ended the socket says more than that it ended; what the driver stumbles over is not what a MongoDB sends. */
const reasonOf = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error;
  if (error.cause instanceof Problem) return error.cause;
  return /^(TypeError|RangeError|BSON\w*)$/.test(error.name)
    ? new Problem('protocol-mismatch', 'Expected an answer as MongoDB has it', { cause: error })
    : error;
};

/** The driver's own defaults live in its client, which is not used. */
const settings = {
  id: 1,
  generation: 0,
  monitorCommands: false,
  loadBalanced: false,
  directConnection: true, // lets a secondary answer
  socketTimeoutMS: 0,
  compressors: [],
  hostAddress: 'the member',
  metadata: Promise.resolve({
    application: { name: 'mooring' },
    driver: { name: 'mooring', version: '1' },
    os: { type: 'unknown' },
    platform: 'Node.js',
  }),
} as const;

const credentialsOf = async ({ username, password, authSource }: Account) => {
  const { MongoCredentials } = (await import('mongodb/lib/cmap/auth/mongo_credentials.js')).default;
  const { ScramSHA1, ScramSHA256 } = (await import('mongodb/lib/cmap/auth/scram.js')).default;
  const { X509 } = (await import('mongodb/lib/cmap/auth/x509.js')).default;
  // Whatever the server would like: no other way to log in is there, least of all with the identity of our own function.
  const providers: Readonly<Record<string, object>> = {
    'SCRAM-SHA-1': new ScramSHA1(),
    'SCRAM-SHA-256': new ScramSHA256(),
    'MONGODB-X509': new X509(),
  };
  return {
    credentials: new MongoCredentials(
      password === undefined
        ? { source: '$external', mechanism: 'MONGODB-X509', mechanismProperties: {} }
        : { username, password, source: authSource, mechanism: 'DEFAULT', mechanismProperties: {} },
    ),
    authProviders: { getOrCreateProvider: (name: string) => providers[name] },
  };
};

import type { Connection } from 'mongodb/lib/cmap/connect.js';
import type { Socket } from 'node:net';
import { Problem } from '../../problem.ts';
import { guardMongodbSocket } from './guard.ts';
import { checkScramIterations } from './scram.ts';
import { applyMongodbSettings, stableApi, isApiVersionRequired } from './session-state.ts';
import type { MongodbDocument } from './document.ts';

/** Without a password, the account is the subject of the client certificate. */
export interface MongodbAccount {
  readonly username: string;
  readonly password?: string | undefined;
  readonly authSource: string;
}

/** An authenticated connection to one member. */
export interface MemberSession {
  readonly hello: MongodbDocument;
  /**
   * Runs a command on the database `db`. A command that has not ended one second after `limit` milliseconds fails, and the session is closed.
   * The documents of the array named `raw` stay undecoded.
   */
  run(
    db: string,
    command: MongodbDocument,
    options?: { readonly limit?: number; readonly raw?: string },
  ): Promise<MongodbDocument>;
  /** Sets the number of bytes that may still arrive. */
  allow(bytes: number): void;
  close(): void;
}

/**
 * Sends hello and logs in over an open socket; `greeted` of an error says whether the server answered hello. Uses only the driver's
 * handshake, because its pool and its monitor would dial by themselves, including members that the server announces.
 */
export const openMemberSession = async (socket: Socket, account?: MongodbAccount): Promise<MemberSession> => {
  // Imports in sequence, because the modules share dependencies.
  const { makeConnection, performInitialHandshake } = (await import('mongodb/lib/cmap/connect.js')).default;
  const { allow, leaveRaw } = guardMongodbSocket(socket);
  const options = { ...mongodbDriverSettings, ...(account && (await createMongodbCredentials(account))) };
  const connection = makeConnection(options, socket);
  const send = connection.command.bind(connection);
  const runCommand: Connection['command'] = async (...values) => {
    try {
      return await send(...values);
    } catch (error) {
      if (!isApiVersionRequired(error) || connection.serverApi) throw error;
      connection.serverApi = stableApi;
      return send(...values);
    }
  };
  Object.assign(connection, {
    command: async (...values: Parameters<Connection['command']>) =>
      checkScramIterations(await runCommand(...values)),
  });
  try {
    await performInitialHandshake(connection, options);
  } catch (error) {
    const greeted = connection.hello !== null;
    connection.destroy();
    const reason = resolveMongodbError(error);
    throw reason instanceof Error && !(reason instanceof Problem)
      ? Object.assign(reason, { greeted })
      : reason;
  }
  return {
    hello: connection.hello ?? {},
    run: (db, document, { limit = 10_000, raw } = {}) => {
      leaveRaw(raw);
      return runMongodbCommand(connection, runCommand, db, applyMongodbSettings(document), limit, raw);
    },
    allow,
    close: () => connection.destroy(),
  };
};

const runMongodbCommand = async (
  connection: Connection,
  runCommand: Connection['command'],
  db: string,
  document: MongodbDocument,
  limit: number,
  raw: string | undefined,
): Promise<MongodbDocument> => {
  let late = false;
  // The server has the same limit, and one second to report that it is reached.
  const timer = setTimeout(() => {
    late = true;
    connection.destroy();
  }, limit + 1000);
  try {
    return await runCommand({ db }, document, {
      useBigInt64: true,
      directConnection: true,
      ...(raw !== undefined && { raw: true, documentsReturnedIn: raw }),
    });
  } catch (error) {
    throw late
      ? new Problem('timeout', `The server did not answer within ${limit / 1000} s.`, {
          cause: error,
          remediation:
            'Check the load of the server. If its queries need more time, raise query_timeout_seconds.',
        })
      : resolveMongodbError(error);
  } finally {
    clearTimeout(timer);
  }
};

/** Prefers the problem that closed the socket. A decoding error of the driver means that the server is not a MongoDB. */
const resolveMongodbError = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error;
  if (error.cause instanceof Problem) return error.cause;
  return /^(TypeError|RangeError|BSON\w*)$/.test(error.name)
    ? new Problem('protocol-mismatch', 'Expected an answer of MongoDB', { cause: error })
    : error;
};

/** The driver sets these defaults in its client, which is not used here. */
const mongodbDriverSettings = {
  id: 1,
  generation: 0,
  monitorCommands: false,
  loadBalanced: false,
  directConnection: true, // secondaries answer too
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

const createMongodbCredentials = async ({ username, password, authSource }: MongodbAccount) => {
  const { MongoCredentials } = (await import('mongodb/lib/cmap/auth/mongo_credentials.js')).default;
  const { ScramSHA1, ScramSHA256 } = (await import('mongodb/lib/cmap/auth/scram.js')).default;
  const { X509 } = (await import('mongodb/lib/cmap/auth/x509.js')).default;
  // The server cannot ask for any other mechanism, such as MONGODB-AWS with the function's own identity.
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

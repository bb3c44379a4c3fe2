import { detectTls } from '../../network/tls/detect-tls.ts';
import { Problem } from '../../problem.ts';
import type { Dialer, HostPort } from '../../network/dialer.ts';
import { hasDatabase } from './databases.ts';
import { readMongodbRights } from './rights.ts';
import { addMongodbLoginMethod } from './failures.ts';
import { openMemberSession } from './member-session.ts';
import { mongodbLogins } from './logins.ts';
import type { MongodbAccount, MemberSession } from './member-session.ts';
import { parseMemberAddress } from './member-address.ts';
import type { SrvResolver } from './srv.ts';
import type { MongodbTarget } from './config.ts';

export interface OpenMember {
  readonly session: MemberSession;
  /** Opens another session to the same member. */
  readonly openAnother: () => Promise<MemberSession>;
}

/** Logs in to the first member that answers and has data. Never dials members that the server announces, only those that the config names. */
export const findMember = async (
  { config, credentials, role }: MongodbTarget,
  dialer: Dialer,
  resolveSrv: SrvResolver,
): Promise<OpenMember> => {
  const named = await resolveMongodbMembers(config, dialer, resolveSrv);
  const { replicaSet } = named;
  const account: MongodbAccount = {
    username: config.username,
    password: credentials.auth_method === 'password' ? (credentials.password ?? '') : undefined,
    authSource: named.authSource,
  };
  for (let remaining = named.members; ;) {
    const { socket, to } = await dialer.tcpAny(remaining);
    const logIn = async (tcp: typeof socket): Promise<MemberSession> => {
      const secured = await dialer.tls(tcp, to, undefined, () => openPlaintextSocket(dialer, to));
      return dialer.step('authenticate', () =>
        logInToMember(dialer, to, secured, account, credentials.auth_method),
      );
    };
    const session = await logIn(socket);
    remaining = remaining.filter((member) => member !== to);
    const isReady = hasMemberData(session.hello);
    if (!isReady && remaining.length > 0) {
      session.close();
      continue;
    }
    await dialer.step('authenticate', async () => {
      try {
        if (!isReady)
          throw new Problem('server-error', 'Expected a MongoDB member that holds data', {
            remediation: unreadyMemberRemediation,
          });
        if (replicaSet !== undefined && session.hello['setName'] !== replicaSet)
          throw createWrongReplicaSetProblem();
        if (config.database !== undefined && role === 'source')
          await checkDatabaseExists(session, config.database);
      } catch (error) {
        session.close();
        throw error;
      }
    });
    return { session, openAnother: async () => logIn(await dialer.tcp(to)) };
  }
};

const resolveMongodbMembers = async (
  config: MongodbTarget['config'],
  dialer: Dialer,
  resolveSrv: SrvResolver,
) => {
  const { host, port, hosts, srv, auth_source, replica_set } = config;
  if (srv !== undefined) {
    const found = await dialer.step('resolve', () => resolveSrv(srv, dialer.signal));
    return {
      members: found.members,
      // The TXT record applies when the caller kept the default.
      authSource: auth_source === 'admin' ? (found.authSource ?? auth_source) : auth_source,
      replicaSet: replica_set ?? found.replicaSet,
    };
  }
  const members: readonly HostPort[] =
    host === undefined ? (hosts ?? []).map((member) => parseMemberAddress(member, port)) : [{ host, port }];
  return { members, authSource: auth_source, replicaSet: replica_set };
};

const logInToMember = async (
  dialer: Dialer,
  to: HostPort,
  socket: Parameters<typeof openMemberSession>[0],
  account: MongodbAccount,
  method: string,
) => {
  const encrypted = 'encrypted' in socket;
  dialer.permitLogin(account.password === undefined ? mongodbLogins.x509 : mongodbLogins.scram, {
    encrypted,
  });
  try {
    return await openMemberSession(socket, account);
  } catch (error) {
    if (!encrypted && isEarlyClose(error) && (await detectTls(await dialer.tcp(to))))
      throw new Problem('tls-required', undefined, { cause: error });
    // A server that requires a client certificate and gets none closes the connection without an error.
    if (encrypted && isEarlyClose(error)) {
      throw new Problem('client-certificate-required', undefined, {
        cause: error,
        remediation: missingCertificateRemediation,
      });
    }
    throw findOldServerProblem(error) ?? addMongodbLoginMethod(error, method);
  }
};

/** Whether the server closed the connection before it answered hello, as it does for a client without TLS or without a certificate. */
const isEarlyClose = (error: unknown) =>
  error instanceof Error && error.name === 'MongoNetworkError' && 'greeted' in error && !error.greeted;

const missingCertificateRemediation =
  'The server closed the connection right after the TLS handshake, as it does if the client sends no certificate that the server accepts. Send ssl.cert and ssl.key.';

/** Returns a new socket after the member has answered without TLS on another one. */
const openPlaintextSocket = async (dialer: Dialer, to: HostPort) => {
  (await openMemberSession(await dialer.tcp(to))).close();
  return dialer.tcp(to);
};

/** False for an arbiter: the driver skips the login there, so an answer from one does not prove that the login works. */
const hasMemberData = ({
  isWritablePrimary,
  ismaster,
  secondary,
  arbiterOnly,
  msg,
}: MemberSession['hello']): boolean =>
  (isWritablePrimary === true || ismaster === true || secondary === true || msg === 'isdbgrid') &&
  !arbiterOnly;

const unreadyMemberRemediation =
  'The member is an arbiter, or is starting or recovering. Set config.host or config.hosts to other members of the replica set, or try again in a minute.';

const createWrongReplicaSetProblem = () =>
  new Problem('server-error', 'Expected a member of the MongoDB replica set in config.replica_set', {
    remediation:
      'Correct config.replica_set or the host: the server is a member of another replica set or of none.',
  });

/** An account that may read the database would see it if it existed. Not called for a target, which creates its database. */
const checkDatabaseExists = async (session: MemberSession, database: string): Promise<void> => {
  if (await hasDatabase(session, database)) return;
  if ((await readMongodbRights(session)).can('find', database)) throw new Problem('database-not-found');
};

/**
 * The driver rejects servers by their wire version when they are too old even for it:
 * https://github.com/mongodb/specifications/blob/master/source/wireversion-featurelist/wireversion-featurelist.md
 */
const findOldServerProblem = (error: unknown): Problem | undefined => {
  if (!(error instanceof Error) || error.name !== 'MongoCompatibilityError') return undefined;
  const wire = Number(/maximum wire version "?(\d{1,3})/.exec(error.message)?.[1] ?? 0);
  const found = mongodbReleases[wire] ?? 'before 2.6';
  return new Problem(
    'unsupported-version',
    `Expected MongoDB 4.4 or later. The version of the server is ${found}.`,
    {
      cause: error,
      remediation: 'Upgrade the server to version 4.4 or later.',
    },
  );
};
const mongodbReleases: Readonly<Record<number, string>> = {
  2: '2.6',
  3: '3.0',
  4: '3.2',
  5: '3.4',
  6: '3.6',
  7: '4.0',
};

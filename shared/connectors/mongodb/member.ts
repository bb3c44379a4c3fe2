import { speaksTls } from '../../network/speaks-tls.ts';
import { Problem } from '../../problem.ts';
import type { Dialer, Place } from '../../network/dialer.ts';
import type { Target } from '../connector.ts';
import { isThere } from './databases.ts';
import { rightsOf } from './account.ts';
import { seenAtLogin } from './failures.ts';
import { link } from './link.ts';
import { logins } from './logins.ts';
import type { Account, Link } from './link.ts';
import { placeOf } from './place.ts';
import type { ResolveSrv } from './srv.ts';

export interface Settings {
  readonly host?: string | undefined;
  readonly port: number;
  readonly hosts?: readonly string[] | undefined;
  readonly srv?: string | undefined;
  readonly database?: string | undefined;
  readonly username: string;
  readonly auth_source: string;
  readonly replica_set?: string | undefined;
}

export type MongoTarget = Target<Settings, Readonly<Partial<Record<'password', string>>>>;

export interface Member {
  readonly link: Link;
  /** Opens another session to the same member. */
  readonly another: () => Promise<Link>;
}

/** Logs in to the first member that answers and has data. Never dials members that the server announces, only those that the config names. */
export const findMember = async (
  { config, credentials, role }: MongoTarget,
  dialer: Dialer,
  resolveSrv: ResolveSrv,
): Promise<Member> => {
  const named = await membersOf(config, dialer, resolveSrv);
  const { replicaSet } = named;
  const account: Account = {
    username: config.username,
    password: credentials.auth_method === 'password' ? (credentials.password ?? '') : undefined,
    authSource: named.authSource,
  };
  for (let left = named.members; ;) {
    const { socket, to } = await dialer.tcpAny(left);
    const logIn = async (tcp: typeof socket): Promise<Link> => {
      const secured = await dialer.tls(tcp, to, undefined, () => inClear(dialer, to));
      return dialer.step('authenticate', () => enter(dialer, to, secured, account, credentials.auth_method));
    };
    const found = await logIn(socket);
    left = left.filter((place) => place !== to);
    const fits = hasData(found.hello);
    if (!fits && left.length > 0) {
      found.close();
      continue;
    }
    await dialer.step('authenticate', async () => {
      try {
        if (!fits)
          throw new Problem('server-error', 'MongoDB: expected a member that has data', {
            remediation: unready,
          });
        if (replicaSet !== undefined && found.hello['setName'] !== replicaSet) throw otherSet();
        if (config.database !== undefined && role === 'source') await expectDatabase(found, config.database);
      } catch (error) {
        found.close();
        throw error;
      }
    });
    return { link: found, another: async () => logIn(await dialer.tcp(to)) };
  }
};

const membersOf = async (config: Settings, dialer: Dialer, resolveSrv: ResolveSrv) => {
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
  const members: readonly Place[] =
    host === undefined ? (hosts ?? []).map((member) => placeOf(member, port)) : [{ host, port }];
  return { members, authSource: auth_source, replicaSet: replica_set };
};

const enter = async (
  dialer: Dialer,
  to: Place,
  socket: Parameters<typeof link>[0],
  account: Account,
  method: string,
) => {
  const encrypted = 'encrypted' in socket;
  dialer.permitLogin(account.password === undefined ? logins.x509 : logins.scram, { encrypted });
  try {
    return await link(socket, account);
  } catch (error) {
    if (!encrypted && isEnd(error) && (await speaksTls(await dialer.tcp(to))))
      throw new Problem('tls-required', undefined, { cause: error });
    // A server that requires a client certificate and gets none closes the connection without an error.
    if (encrypted && isEnd(error)) {
      throw new Problem('client-certificate-required', undefined, { cause: error, remediation: hungUp });
    }
    throw tooOld(error) ?? seenAtLogin(error, method);
  }
};

/** Whether the server closed the connection before it answered hello, as it does for a client without TLS or without a certificate. */
const isEnd = (error: unknown) =>
  error instanceof Error && error.name === 'MongoNetworkError' && 'greeted' in error && !error.greeted;

const hungUp =
  'The server hung up right after the TLS handshake, as it does on whoever shows no certificate that it accepts: send ssl.cert and ssl.key.';

/** Returns a new socket after the member has answered without TLS on another one. */
const inClear = async (dialer: Dialer, to: Place) => {
  (await link(await dialer.tcp(to))).close();
  return dialer.tcp(to);
};

/** False for an arbiter: the driver skips the login there, so an answer from one does not prove that the login works. */
const hasData = ({ isWritablePrimary, ismaster, secondary, arbiterOnly, msg }: Link['hello']): boolean =>
  (isWritablePrimary === true || ismaster === true || secondary === true || msg === 'isdbgrid') &&
  !arbiterOnly;

const unready =
  'The member is an arbiter, or is starting or recovering: name others of its set, or try again in a minute.';

const otherSet = () =>
  new Problem('server-error', 'MongoDB: expected a member of the replica set that is named', {
    remediation: 'Correct config.replica_set, or the host: the server is a member of another set or of none.',
  });

/** An account that may read the database would see it if it existed. Not called for a target, which creates its database. */
const expectDatabase = async (found: Link, database: string): Promise<void> => {
  if (await isThere(found, database)) return;
  if ((await rightsOf(found)).may('find', database)) throw new Problem('database-not-found');
};

/**
 * The driver rejects servers by their wire version when they are too old even for it:
 * https://github.com/mongodb/specifications/blob/master/source/wireversion-featurelist/wireversion-featurelist.md
 */
const tooOld = (error: unknown): Problem | undefined => {
  if (!(error instanceof Error) || error.name !== 'MongoCompatibilityError') return undefined;
  const wire = Number(/maximum wire version "?(\d{1,3})/.exec(error.message)?.[1] ?? 0);
  const found = releases[wire] ?? 'before 2.6';
  return new Problem(
    'unsupported-version',
    `MongoDB: the server has version ${found}, and 4.4 is the oldest that works.`,
    {
      cause: error,
      remediation: 'Upgrade the server to version 4.4 or later.',
    },
  );
};
const releases: Readonly<Record<number, string>> = {
  2: '2.6',
  3: '3.0',
  4: '3.2',
  5: '3.4',
  6: '3.6',
  7: '4.0',
};

import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { Session } from '../connector.ts';
import { findMember } from './find-member.ts';
import type { MongodbTarget } from './config.ts';
import { readMongodbPrivileges } from './privileges.ts';
import { createSrvResolver } from './srv.ts';
import type { SrvResolver } from './srv.ts';
import { classifyMongodbError } from './failures.ts';

export const openMongodbSession = (target: MongodbTarget, dialer: Dialer): Promise<Session> =>
  openMongodbWithResolver(target, dialer, createSrvResolver());

export const openMongodbWithResolver = async (
  target: MongodbTarget,
  dialer: Dialer,
  resolveSrv: SrvResolver,
): Promise<Session> => {
  await import('mongodb/lib/cmap/connect.js'); // before any step, or the load time would count as network time
  const { config, options, role } = target;
  const { session, openAnother } = await findMember(target, dialer, resolveSrv);
  const sessions = [session];
  const limit = Math.round(options.query_timeout_seconds * 1000);
  session.allow(MAX_MONGODB_ANSWER_BYTES);
  return {
    ping: async () => {
      session.allow(MAX_MONGODB_ANSWER_BYTES);
      const { version } = await session.run(
        'admin',
        { buildInfo: 1 },
        { limit: Math.min(limit, MAX_PING_MS) },
      );
      if (typeof version !== 'string')
        throw new Problem('protocol-mismatch', 'Expected the version of the server');
      return `MongoDB ${/^[\w.+-]{1,40}/.exec(version)?.[0] ?? 'of unknown version'}`;
    },
    privileges: () => {
      session.allow(MAX_MONGODB_ANSWER_BYTES);
      return readMongodbPrivileges(session, { database: config.database, role });
    },
    introspect: async (scope, sink) => {
      const { introspectMongodb } = await import('./introspect.ts');
      session.allow(Infinity); // introspection has its own limits
      return introspectMongodb(session, scope, sink, {
        database: config.database,
        limit,
        maxSessions: Math.min(options.max_connections ?? 2, MAX_MEMBER_SESSIONS),
        openAnother: async () => {
          const more = await openAnother();
          sessions.push(more);
          more.allow(Infinity);
          return more;
        },
      });
    },
    [Symbol.asyncDispose]: async () => {
      for (const one of sessions) one.close();
    },
  };
};

/** Limits for `ping` and `privileges`. */
const MAX_PING_MS = 10_000;
const MAX_MONGODB_ANSWER_BYTES = 8 * 2 ** 20;
const MAX_MEMBER_SESSIONS = 4;

export const mongodbSessionModule = { open: openMongodbSession, failure: classifyMongodbError };

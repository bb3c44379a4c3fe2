import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { Session } from '../connector.ts';
import { findMember } from './member.ts';
import type { MongoTarget } from './member.ts';
import { privilegesOf } from './privileges.ts';
import { createResolveSrv } from './srv.ts';
import type { ResolveSrv } from './srv.ts';
import { failure } from './failures.ts';

export const open = (target: MongoTarget, dialer: Dialer): Promise<Session> =>
  openSession(target, dialer, createResolveSrv());

export const openSession = async (
  target: MongoTarget,
  dialer: Dialer,
  resolveSrv: ResolveSrv,
): Promise<Session> => {
  await import('mongodb/lib/cmap/connect.js'); // before any step, or the load time would count as network time
  const { config, options, role } = target;
  const { link, another } = await findMember(target, dialer, resolveSrv);
  const links = [link];
  const limit = Math.round(options.query_timeout_seconds * 1000);
  link.allow(mostPerAnswer);
  return {
    ping: async () => {
      link.allow(mostPerAnswer);
      const { version } = await link.run('admin', { buildInfo: 1 }, { limit: Math.min(limit, longest) });
      if (typeof version !== 'string')
        throw new Problem('protocol-mismatch', 'Expected the version of the server');
      return `MongoDB ${/^[\w.+-]{1,40}/.exec(version)?.[0] ?? 'of unknown version'}`;
    },
    privileges: () => {
      link.allow(mostPerAnswer);
      return privilegesOf(link, { database: config.database, role });
    },
    introspect: async (scope, sink) => {
      const { introspect } = await import('./introspect.ts');
      link.allow(Infinity); // introspection has its own limits
      return introspect(link, scope, sink, {
        database: config.database,
        limit,
        links: Math.min(options.max_connections ?? 2, mostLinks),
        another: async () => {
          const more = await another();
          links.push(more);
          more.allow(Infinity);
          return more;
        },
      });
    },
    [Symbol.asyncDispose]: async () => {
      for (const one of links) one.close();
    },
  };
};

/** Limits for `ping` and `privileges`. */
const longest = 10_000;
const mostPerAnswer = 8 * 2 ** 20;
const mostLinks = 4;

export const mongodbSessionModule = { open, failure };

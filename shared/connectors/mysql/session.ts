import type { Dialer } from '../../network/dialer.ts';
import type { Session } from '../connector.ts';
import { readGrants, type Grants } from './grants.ts';
import { findMissingButForRoles } from './idle-roles.ts';
import { openLink, type Link, type MysqlTarget } from './link.ts';
import { privilegesOf } from './privileges.ts';
import { askServer, nameOf, type Server } from './version.ts';
import { failure } from './failures.ts';

export const open = async (target: MysqlTarget, dialer: Dialer): Promise<Session> => {
  const link = await openLink(target, dialer);
  const { config, options, role } = target;
  const more: Promise<Link | undefined>[] = [];
  /** Records no steps and never fails: a server may allow one connection only. */
  const openOther = () => {
    const other = openLink(target, dialer, (_, work) => work()).catch(() => undefined);
    more.push(other);
    return other;
  };
  let server: Server | undefined;
  return {
    ping: async () => {
      link.allow({ left: mostPerAnswer });
      server = await askServer(link);
      return nameOf(server.version);
    },
    privileges: async () => {
      link.allow({ left: mostPerAnswer });
      server ??= await askServer(link);
      const grants = await readGrants(link, server);
      const found = (some: Grants) => privilegesOf(some, { role, database: config.database });
      const { missing, excess } = found(grants);
      if (missing.length === 0 || grants.roles.length === 0) return { missing, excess };
      const asked = server;
      return {
        missing: await findMissingButForRoles(link, asked, grants, (some) => found(some).missing),
        excess,
      };
    },
    introspect: async (scope, sink, learnNames) => {
      const { introspect } = await import('./introspect.ts');
      return introspect(link, scope, sink, {
        database: config.database,
        connections: options.max_connections ?? 2,
        openLink: openOther,
        learnNames,
      });
    },
    [Symbol.asyncDispose]: async () => {
      const closeOther = async (other: Promise<Link | undefined>) => (await other)?.[Symbol.asyncDispose]();
      await Promise.all([link[Symbol.asyncDispose](), ...more.map(closeOther)]);
    },
  };
};

/** Limit for the answers to `ping` and to `privileges`. */
const mostPerAnswer = 8 * 2 ** 20;

export const mysqlSessionModule = { open, failure };

import type { Dialer } from '../../network/dialer.ts';
import type { Session } from '../connector.ts';
import { readMysqlGrants, type MysqlGrants } from './grants.ts';
import { reduceMissingWithRoles } from './inactive-roles.ts';
import { openMysqlClient } from './open-client.ts';
import type { MysqlClient } from './client.ts';
import type { MysqlTarget } from './config.ts';
import { readMysqlPrivileges } from './privileges.ts';
import { readMysqlServer, renderMysqlVersion, type MysqlServer } from './version.ts';
import { classifyMysqlError } from './failures.ts';

export const openMysqlSession = async (target: MysqlTarget, dialer: Dialer): Promise<Session> => {
  const client = await openMysqlClient(target, dialer);
  const { config, options, role } = target;
  const extraClients: Promise<MysqlClient | undefined>[] = [];
  /** Records no steps and never fails: a server may allow one connection only. */
  const openExtraClient = () => {
    const other = openMysqlClient(target, dialer, (_, work) => work()).catch(() => undefined);
    extraClients.push(other);
    return other;
  };
  let server: MysqlServer | undefined;
  return {
    ping: async () => {
      client.allow({ left: MAX_MYSQL_ANSWER_BYTES });
      server = await readMysqlServer(client);
      return renderMysqlVersion(server.version);
    },
    privileges: async () => {
      client.allow({ left: MAX_MYSQL_ANSWER_BYTES });
      server ??= await readMysqlServer(client);
      const grants = await readMysqlGrants(client, server);
      const findPrivileges = (some: MysqlGrants) =>
        readMysqlPrivileges(some, { role, database: config.database });
      const { missing, excess } = findPrivileges(grants);
      if (missing.length === 0 || grants.roles.length === 0) return { missing, excess };
      const knownServer = server;
      return {
        missing: await reduceMissingWithRoles(
          client,
          knownServer,
          grants,
          (some) => findPrivileges(some).missing,
        ),
        excess,
      };
    },
    introspect: async (scope, sink, learnNames) => {
      const { introspectMysql } = await import('./introspect.ts');
      return introspectMysql(client, scope, sink, {
        database: config.database,
        connections: options.max_connections ?? 2,
        openClient: openExtraClient,
        learnNames,
      });
    },
    [Symbol.asyncDispose]: async () => {
      const closeExtraClient = async (other: Promise<MysqlClient | undefined>) =>
        (await other)?.[Symbol.asyncDispose]();
      await Promise.all([client[Symbol.asyncDispose](), ...extraClients.map(closeExtraClient)]);
    },
  };
};

/** Limit for the answers to `ping` and to `privileges`. */
const MAX_MYSQL_ANSWER_BYTES = 8 * 2 ** 20;

export const mysqlSessionModule = { open: openMysqlSession, failure: classifyMysqlError };

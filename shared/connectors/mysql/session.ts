import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { Session } from '../connector.ts';
import { readGrants } from './grants.ts';
import { openLink, type Link, type MysqlTarget } from './link.ts';
import { privilegesOf } from './privileges.ts';

export { failure } from './failures.ts';

export const open = async (target: MysqlTarget, dialer: Dialer): Promise<Session> => {
  const link = await openLink(target, dialer);
  const { config, options, role } = target;
  const more: Promise<Link | undefined>[] = [];
  /** Without steps, and without a failure: a server that grants only one connection is as good as another. */
  const openOther = () => {
    const other = openLink(target, dialer, (_, work) => work()).catch(() => undefined);
    more.push(other);
    return other;
  };
  return {
    ping: async () => {
      link.allow(mostPerAnswer);
      return nameOf(await versionOf(link));
    },
    privileges: async () => {
      link.allow(mostPerAnswer);
      return privilegesOf(await readGrants(link), { role, database: config.database });
    },
    introspect: async (scope, sink) => {
      const { introspect } = await import('./introspect.ts');
      return introspect(link, scope, sink, {
        database: config.database,
        connections: options.max_connections ?? 2,
        openLink: openOther,
      });
    },
    [Symbol.asyncDispose]: async () => {
      const closeOther = async (other: Promise<Link | undefined>) => (await other)?.[Symbol.asyncDispose]();
      await Promise.all([link[Symbol.asyncDispose](), ...more.map(closeOther)]);
    },
  };
};

/** What a ping or a look at privileges may take of our memory. */
const mostPerAnswer = 8 * 2 ** 20;

const versionOf = async ({ ask }: Link): Promise<string> => {
  let version: unknown;
  await ask('select version()', ([value]) => (version = value));
  if (typeof version === 'string') return version;
  throw new Problem('protocol-mismatch', 'Expected the version of the server');
};

/** `10.11.6-MariaDB-1:10.11.6+maria~deb12` → `MariaDB 10.11.6`, `8.0.36-28` → `MySQL 8.0.36`. */
const nameOf = (version: string): string => {
  const number = /^\d{1,4}(\.\d{1,4}){0,3}/.exec(version)?.[0] ?? 'of unknown version';
  if (!/mariadb/i.test(version)) return `MySQL ${number}`;
  const [major = 0, minor = 0] = number.split('.').map(Number);
  if (major < 10 || (major === 10 && minor < 3)) {
    throw new Problem(
      'unsupported-version',
      `MariaDB: the server has version ${number}, and 10.3 is the oldest that works.`,
      { remediation: 'Upgrade the server to MariaDB 10.3 or later.' },
    );
  }
  return `MariaDB ${number}`;
};

import type { Privileges } from '../connector.ts';
import { list, object, rightsOf, rolesIn } from './account.ts';
import type { Rights } from './account.ts';
import { databasesSeen } from './databases.ts';
import { grant, revoke } from './grants.ts';
import type { Role } from './grants.ts';
import type { Link } from './link.ts';

/** Returns the rights that the role lacks or does not need, with the statements that change them. */
export const privilegesOf = async (
  link: Link,
  { database, role }: { readonly database?: string | undefined; readonly role: 'source' | 'target' },
): Promise<Privileges> => {
  const rights = await rightsOf(link);
  if (role === 'target') return { missing: missingToWrite(rights, database), excess: [] };
  const databases = database === undefined ? await databasesSeen(link) : [database];
  return {
    missing: missingToRead(rights, databases).slice(0, most),
    excess: writers.some((action) => rights.actions.has(action)) ? await beyondReading(link, rights) : [],
  };
};

/** A longer list is of no use to a reader. */
const most = 20;

const missingToRead = (rights: Rights, databases: readonly string[]): Privileges['missing'] => {
  const { user } = rights;
  if (databases.length === 0 && !rights.may('find', undefined)) {
    return [{ what: 'reading any database', grant: grant(user, [{ role: 'readAnyDatabase', db: 'admin' }]) }];
  }
  return databases
    .filter((db) => !['find', 'listCollections'].every((action) => rights.may(action, db)))
    .map((db) => ({ what: `reading the database ${db}`, grant: grant(user, [{ role: 'read', db }]) }));
};

const missingToWrite = (rights: Rights, database: string | undefined): Privileges['missing'] => {
  const needed = ['find', 'insert', 'createCollection'];
  const { user } = rights;
  if (database !== undefined) {
    return needed.every((action) => rights.may(action, database))
      ? []
      : [
          {
            what: `writing to the database ${database}`,
            grant: grant(user, [{ role: 'readWrite', db: database }]),
          },
        ];
  }
  // Without a named database, a target needs to write to any one database.
  return needed.every((action) => rights.actions.has(action))
    ? []
    : [
        {
          what: 'writing to any database',
          grant: grant(user, [{ role: 'readWriteAnyDatabase', db: 'admin' }]),
        },
      ];
};

/** Every role that writes has one of these actions: https://www.mongodb.com/docs/manual/reference/privilege-actions/ */
const writers = [
  'insert',
  'update',
  'remove',
  'createCollection',
  'createIndex',
  'collMod',
  'dropCollection',
  'dropDatabase',
  'createUser',
  'createRole',
  'grantRole',
  'changePassword',
  'changeCustomData',
  'shutdown',
  'setParameter',
  'replSetConfigure',
];

/** Built-in roles that allow more than reading: https://www.mongodb.com/docs/manual/reference/built-in-roles/ */
const beyond = new Set(
  `readWrite readWriteAnyDatabase dbAdmin dbAdminAnyDatabase dbOwner userAdmin userAdminAnyDatabase clusterAdmin clusterManager
  hostManager backup restore root __system atlasAdmin enableSharding`.split(/\s+/),
);

const beyondReading = async (link: Link, rights: Rights): Promise<Privileges['excess']> => {
  const { user } = rights;
  const granted = (await grantedTo(link, rights)).filter(({ role }) => beyond.has(role));
  if (granted.length > 0) {
    return granted
      .slice(0, most)
      .map((role) => ({ what: `the role ${role.role} of ${role.db}`, cure: revoke(user, [role]) }));
  }
  return [
    {
      what: 'writing, by a role of the customer’s own',
      cure: '// A role of this account lets it write: use an account with the role read alone.',
    },
  ];
};

/** Lists the roles that can be revoked from the account: those granted directly. Every account may read its own entry. */
const grantedTo = async (link: Link, { user, roles }: Rights): Promise<readonly Role[]> => {
  try {
    const [entry] = list((await link.run(user.db, { usersInfo: { user: user.user, db: user.db } }))['users']);
    return entry ? rolesIn(object(entry)['roles']) : roles;
  } catch {
    return roles; // Atlas stores its accounts elsewhere
  }
};

import type { Privileges } from '../connector.ts';
import { toDocuments, toDocument, readMongodbRights, parseMongodbRoles } from './rights.ts';
import type { MongodbRights } from './rights.ts';
import { listVisibleDatabases } from './databases.ts';
import { renderMongodbGrant, renderMongodbRevoke } from './grants.ts';
import type { MongodbRole } from './grants.ts';
import type { MemberSession } from './member-session.ts';

/** Returns the rights that the role lacks or does not need, with the statements that change them. */
export const readMongodbPrivileges = async (
  session: MemberSession,
  { database, role }: { readonly database?: string | undefined; readonly role: 'source' | 'target' },
): Promise<Privileges> => {
  const rights = await readMongodbRights(session);
  if (role === 'target') return { missing: listMissingWriteGrants(rights, database), excess: [] };
  const databases = database === undefined ? await listVisibleDatabases(session) : [database];
  return {
    missing: listMissingReadGrants(rights, databases).slice(0, MAX_MONGODB_GRANTS),
    excess: mongodbWriteActions.some((action) => rights.actions.has(action))
      ? await listMongodbExcess(session, rights)
      : [],
  };
};

/** A longer list is of no use to a reader. */
const MAX_MONGODB_GRANTS = 20;

const listMissingReadGrants = (
  rights: MongodbRights,
  databases: readonly string[],
): Privileges['missing'] => {
  const { user } = rights;
  if (databases.length === 0 && !rights.can('find', undefined)) {
    return [
      {
        what: 'reading any database',
        grant: renderMongodbGrant(user, [{ role: 'readAnyDatabase', db: 'admin' }]),
      },
    ];
  }
  return databases
    .filter((db) => !['find', 'listCollections'].every((action) => rights.can(action, db)))
    .map((db) => ({
      what: `reading the database ${db}`,
      grant: renderMongodbGrant(user, [{ role: 'read', db }]),
    }));
};

const listMissingWriteGrants = (
  rights: MongodbRights,
  database: string | undefined,
): Privileges['missing'] => {
  const needed = ['find', 'insert', 'createCollection'];
  const { user } = rights;
  if (database !== undefined) {
    return needed.every((action) => rights.can(action, database))
      ? []
      : [
          {
            what: `writing to the database ${database}`,
            grant: renderMongodbGrant(user, [{ role: 'readWrite', db: database }]),
          },
        ];
  }
  // Without a named database, a target needs to write to any one database.
  return needed.every((action) => rights.actions.has(action))
    ? []
    : [
        {
          what: 'writing to any database',
          grant: renderMongodbGrant(user, [{ role: 'readWriteAnyDatabase', db: 'admin' }]),
        },
      ];
};

/** Every role that writes has one of these actions: https://www.mongodb.com/docs/manual/reference/privilege-actions/ */
const mongodbWriteActions = [
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
const mongodbExcessRoles = new Set(
  `readWrite readWriteAnyDatabase dbAdmin dbAdminAnyDatabase dbOwner userAdmin userAdminAnyDatabase clusterAdmin clusterManager
  hostManager backup restore root __system atlasAdmin enableSharding`.split(/\s+/),
);

const listMongodbExcess = async (
  session: MemberSession,
  rights: MongodbRights,
): Promise<Privileges['excess']> => {
  const { user } = rights;
  const granted = (await listGrantedRoles(session, rights)).filter(({ role }) =>
    mongodbExcessRoles.has(role),
  );
  if (granted.length > 0) {
    return granted.slice(0, MAX_MONGODB_GRANTS).map((role) => ({
      what: `the role ${role.role} of ${role.db}`,
      cure: renderMongodbRevoke(user, [role]),
    }));
  }
  return [
    {
      what: 'writing, by a role of the customer’s own',
      cure: '// A role of this account lets it write: use an account with the role read alone.',
    },
  ];
};

/** Lists the roles that can be revoked from the account: those granted directly. Every account may read its own entry. */
const listGrantedRoles = async (
  session: MemberSession,
  { user, roles }: MongodbRights,
): Promise<readonly MongodbRole[]> => {
  try {
    const [entry] = toDocuments(
      (await session.run(user.db, { usersInfo: { user: user.user, db: user.db } }))['users'],
    );
    return entry ? parseMongodbRoles(toDocument(entry)['roles']) : roles;
  } catch {
    return roles; // Atlas stores its accounts elsewhere
  }
};

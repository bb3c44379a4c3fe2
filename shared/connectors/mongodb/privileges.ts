import type { Privileges } from '../connector.ts';
import { toDocuments, toDocument, readMongodbRights, parseMongodbRoles } from './rights.ts';
import type { MongodbRights } from './rights.ts';
import { listVisibleDatabases } from './databases.ts';
import { renderMongodbGrant, renderMongodbRevoke } from './grants.ts';
import type { MongodbRole, MongodbUser } from './grants.ts';
import type { MemberSession } from './member-session.ts';

/** Lists missing and excess privileges for the role. */
export const readMongodbPrivileges = async (
  session: MemberSession,
  { database, role }: { readonly database?: string | undefined; readonly role: 'source' | 'target' },
): Promise<Privileges> => {
  const rights = await readMongodbRights(session);
  if (role === 'target') return { missing: listMissingWriteGrants(rights, database), excess: [] };
  const databases = database === undefined ? await listVisibleDatabases(session) : [database];
  const canWrite = mongodbWriteActions.some((action) => rights.actions.has(action));
  return {
    missing: listMissingReadGrants(rights, databases),
    excess: canWrite ? await listMongodbExcess(session, rights) : [],
  };
};

const listMissingReadGrants = (
  { user, can }: MongodbRights,
  databases: readonly string[],
): Privileges['missing'] => {
  if (databases.length === 0 && !can('find', undefined))
    return [toMissingMongodbRole(user, 'readAnyDatabase', 'reading any database')];
  return databases
    .filter((db) => !['find', 'listCollections'].every((action) => can(action, db)))
    .map((db) => toMissingMongodbRole(user, 'read', `reading the database ${db}`, db));
};

/** Without a named database, a target needs to write to any one database. */
const listMissingWriteGrants = (
  { user, can, actions }: MongodbRights,
  database: string | undefined,
): Privileges['missing'] => {
  const canDo = (action: string) => (database === undefined ? actions.has(action) : can(action, database));
  if (['find', 'insert', 'createCollection'].every(canDo)) return [];
  return database === undefined
    ? [toMissingMongodbRole(user, 'readWriteAnyDatabase', 'writing to any database')]
    : [toMissingMongodbRole(user, 'readWrite', `writing to the database ${database}`, database)];
};

const toMissingMongodbRole = (user: MongodbUser, role: string, what: string, db = 'admin') => ({
  what,
  grant: renderMongodbGrant(user, [{ role, db }]),
});

/** Every role that writes has one of these actions: https://www.mongodb.com/docs/manual/reference/privilege-actions/ */
const mongodbWriteActions =
  `insert update remove createCollection createIndex collMod dropCollection dropDatabase createUser
  createRole grantRole changePassword changeCustomData shutdown setParameter replSetConfigure`.split(/\s+/);

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
  if (granted.length === 0) {
    const comment = '// A custom role lets this account write. Use an account with the role read only.';
    return [{ what: 'writing, by a custom role', revoke: comment }];
  }
  return granted.map((role) => ({
    what: `the role ${role.role} of ${role.db}`,
    revoke: renderMongodbRevoke(user, [role]),
  }));
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

import type { MongodbRole, MongodbUser } from './grants.ts';
import type { MemberSession } from './member-session.ts';
import type { MongodbDocument } from './document.ts';

/** The account that is logged in, and its rights. */
export interface MongodbRights {
  readonly user: MongodbUser;
  /** Including inherited roles. */
  readonly roles: readonly MongodbRole[];
  /** Whether the account may perform the action on all collections of the database; `undefined` means every database. */
  can(action: string, db: string | undefined): boolean;
  /** Whether the account may perform the action on any part of the database. */
  canPartly(action: string, db: string): boolean;
  /** Actions on anything but system collections, including the cluster and the server. */
  readonly actions: ReadonlySet<string>;
}

/** https://www.mongodb.com/docs/manual/reference/command/connectionStatus/ */
export const readMongodbRights = async (session: MemberSession): Promise<MongodbRights> => {
  const { authInfo } = await session.run('admin', { connectionStatus: 1, showPrivileges: true });
  const { authenticatedUsers, authenticatedUserRoles, authenticatedUserPrivileges } = toDocument(authInfo);
  const [user] = toDocuments(authenticatedUsers);
  const privileges = toDocuments(authenticatedUserPrivileges).map(parseMongodbPrivilege);
  return {
    user: { user: toStringOr(user?.['user'], ''), db: toStringOr(user?.['db'], 'admin') },
    roles: parseMongodbRoles(authenticatedUserRoles),
    can: (action, db) => privileges.some(({ actions, covers }) => actions.has(action) && covers(db)),
    canPartly: (action, db) => privileges.some(({ actions, touches }) => actions.has(action) && touches(db)),
    actions: new Set(privileges.filter(({ ours }) => !ours).flatMap(({ actions }) => [...actions])),
  };
};

export const parseMongodbRoles = (value: unknown): readonly MongodbRole[] =>
  toDocuments(value).map(({ role, db }) => ({ role: String(role), db: String(db) }));

const toStringOr = (value: unknown, otherwise: string) => (typeof value === 'string' ? value : otherwise);

export const toDocuments = (value: unknown): readonly MongodbDocument[] =>
  Array.isArray(value) ? value.map(toDocument) : [];
export const toDocument = (value: unknown): MongodbDocument => Object(value);

/** https://www.mongodb.com/docs/manual/reference/resource-document/ */
const parseMongodbPrivilege = ({ resource, actions }: MongodbDocument) => {
  const { db, collection, anyResource } = toDocument(resource);
  const any = anyResource === true;
  return {
    actions: new Set(Array.isArray(actions) ? actions.map(String) : []),
    covers: (of: string | undefined) =>
      any || (collection === '' && (db === '' || (of !== undefined && db === of))),
    touches: (of: string) => any || db === '' || db === of,
    /** Every account has some rights on system collections and on itself. */
    ours: typeof collection === 'string' && collection.startsWith('system.'),
  };
};

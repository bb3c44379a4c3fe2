import type { Role, User } from './grants.ts';
import type { Document, Link } from './link.ts';

/** The account that is logged in, and its rights. */
export interface Rights {
  readonly user: User;
  /** Including inherited roles. */
  readonly roles: readonly Role[];
  /** Whether the account may perform the action on all collections of the database; `undefined` means every database. */
  may(action: string, db: string | undefined): boolean;
  /** Whether the account may perform the action on any part of the database. */
  mayPartly(action: string, db: string): boolean;
  /** Actions on anything but system collections, including the cluster and the server. */
  readonly actions: ReadonlySet<string>;
}

/** https://www.mongodb.com/docs/manual/reference/command/connectionStatus/ */
export const rightsOf = async (link: Link): Promise<Rights> => {
  const { authInfo } = await link.run('admin', { connectionStatus: 1, showPrivileges: true });
  const { authenticatedUsers, authenticatedUserRoles, authenticatedUserPrivileges } = object(authInfo);
  const [user] = list(authenticatedUsers);
  const privileges = list(authenticatedUserPrivileges).map(privilegeOf);
  return {
    user: { user: text(user?.['user'], ''), db: text(user?.['db'], 'admin') },
    roles: rolesIn(authenticatedUserRoles),
    may: (action, db) => privileges.some(({ actions, covers }) => actions.has(action) && covers(db)),
    mayPartly: (action, db) => privileges.some(({ actions, touches }) => actions.has(action) && touches(db)),
    actions: new Set(privileges.filter(({ ours }) => !ours).flatMap(({ actions }) => [...actions])),
  };
};

export const rolesIn = (value: unknown): readonly Role[] =>
  list(value).map(({ role, db }) => ({ role: String(role), db: String(db) }));

const text = (value: unknown, otherwise: string) => (typeof value === 'string' ? value : otherwise);

export const list = (value: unknown): readonly Document[] => (Array.isArray(value) ? value.map(object) : []);
export const object = (value: unknown): Document => Object(value);

/** https://www.mongodb.com/docs/manual/reference/resource-document/ */
const privilegeOf = ({ resource, actions }: Document) => {
  const { db, collection, anyResource } = object(resource);
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

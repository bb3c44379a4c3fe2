import type { Role, User } from './grants.ts';
import type { Document, Link } from './link.ts';

/** Who we are to the server, and what we may do there. */
export interface Rights {
  readonly user: User;
  /** Of the account and of what its roles inherit. */
  readonly roles: readonly Role[];
  /** Whether it may do that to all collections of a database; of `undefined`: to all of every database. */
  may(action: string, db: string | undefined): boolean;
  /** Whether it may do that to anything of a database. */
  mayPartly(action: string, db: string): boolean;
  /** Actions on what is the customer's, cluster and server included. */
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
    /** Every account may do some things to these and to itself. */
    ours: typeof collection === 'string' && collection.startsWith('system.'),
  };
};

export interface User {
  readonly user: string;
  readonly db: string;
}
export interface Role {
  readonly role: string;
  readonly db: string;
}

/** Renders a statement for mongosh; names may contain any characters. */
export const grant = (user: User, roles: readonly Role[]) => change('grantRolesToUser', user, roles);
export const revoke = (user: User, roles: readonly Role[]) => change('revokeRolesFromUser', user, roles);

const change = (method: string, { user, db }: User, roles: readonly Role[]) =>
  `db.getSiblingDB(${text(db)}).${method}(${text(user)}, [${roles
    .map((role) => `{ role: ${text(role.role)}, db: ${text(role.db)} }`)
    .join(', ')}])`;

/** JSON is valid JavaScript; escapes control characters and line separators, so that the statement stays on one line. */
const text = (name: string) =>
  JSON.stringify(name).replaceAll(
    /[\u007f-\u009f\u2028\u2029]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

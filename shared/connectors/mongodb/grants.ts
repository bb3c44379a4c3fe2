export interface MongodbUser {
  readonly user: string;
  readonly db: string;
}
export interface MongodbRole {
  readonly role: string;
  readonly db: string;
}

/** Renders a statement for mongosh; names may contain any characters. */
export const renderMongodbGrant = (user: MongodbUser, roles: readonly MongodbRole[]) =>
  renderRoleChange('grantRolesToUser', user, roles);
export const renderMongodbRevoke = (user: MongodbUser, roles: readonly MongodbRole[]) =>
  renderRoleChange('revokeRolesFromUser', user, roles);

const renderRoleChange = (method: string, { user, db }: MongodbUser, roles: readonly MongodbRole[]) =>
  `db.getSiblingDB(${quoteMongoshText(db)}).${method}(${quoteMongoshText(user)}, [${roles
    .map((role) => `{ role: ${quoteMongoshText(role.role)}, db: ${quoteMongoshText(role.db)} }`)
    .join(', ')}])`;

/** JSON is valid JavaScript; escapes control characters and line separators, so that the statement stays on one line. */
const quoteMongoshText = (name: string) =>
  JSON.stringify(name).replaceAll(
    /[\u007f-\u009f\u2028\u2029]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

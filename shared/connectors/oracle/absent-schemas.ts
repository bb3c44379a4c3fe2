import type { Query, Row } from './queries.ts';

/** A schema that was asked for and is not there, with the one of that name in capitals where there is one. */
export interface AbsentSchema {
  readonly name: string;
  readonly spelled: string | undefined;
}

/** Asks for users by their names in capitals, which a name has that was not quoted when the user was made. */
export const schemasQuery = (schemas: readonly string[]): Query => {
  const binds = Object.fromEntries(schemas.map((name, at) => [`s${at}`, name.toUpperCase()]));
  const places = Object.keys(binds).map((name) => `:${name}`);
  return { sql: `select username from all_users where upper(username) in (${places.join(', ')})`, binds };
};

export const findAbsentSchemas = (
  schemas: readonly string[],
  users: readonly Row[],
): readonly AbsentSchema[] => {
  const known = new Set(users.map(([name]) => String(name)));
  return schemas
    .filter((name) => !known.has(name))
    .map((name) => ({
      name,
      spelled: known.has(name.toUpperCase()) ? name.toUpperCase() : undefined,
    }));
};

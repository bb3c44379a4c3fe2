import type { Query, Row } from './queries.ts';

/** A schema of `config.schemas` that does not exist. */
export interface AbsentSchema {
  readonly name: string;
  /** The same name in upper case, if such a schema exists. */
  readonly spelled: string | undefined;
}

/** Compares names in upper case, because Oracle stores a name in upper case unless it was quoted when the user was created. */
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

import type { OracleQuery, OracleRow } from './queries.ts';

/** A schema of `config.schemas` that does not exist. */
export interface AbsentOracleSchema {
  readonly name: string;
  /** The same name in upper case, if such a schema exists. */
  readonly spelled: string | undefined;
}

/** Compares names in upper case, because Oracle stores a name in upper case unless it was quoted when the user was created. */
export const buildOracleSchemasQuery = (schemas: readonly string[]): OracleQuery => {
  const binds = Object.fromEntries(schemas.map((name, at) => [`s${at}`, name.toUpperCase()]));
  const placeholders = Object.keys(binds).map((name) => `:${name}`);
  return {
    sql: `select username from all_users where upper(username) in (${placeholders.join(', ')})`,
    binds,
  };
};

export const findAbsentOracleSchemas = (
  schemas: readonly string[],
  users: readonly OracleRow[],
): readonly AbsentOracleSchema[] => {
  const known = new Set(users.map(([name]) => String(name)));
  return schemas
    .filter((name) => !known.has(name))
    .map((name) => ({
      name,
      spelled: known.has(name.toUpperCase()) ? name.toUpperCase() : undefined,
    }));
};

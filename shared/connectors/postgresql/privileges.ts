import type { Privileges } from '../connector.ts';
import { createGrantStatements, renderSqlComment } from '../sql/grant-statements.ts';
import type { PrivilegeQueryInput } from './privilege-queries.ts';
import { quotePostgresqlName } from './quote.ts';

/** Lists missing and excess privileges for the role. */
export const readPostgresqlPrivileges = (
  account: Readonly<Record<string, unknown>> | undefined,
  schemaRows: readonly Readonly<Record<string, unknown>>[],
  { schemas: named, role }: Pick<PrivilegeQueryInput, 'schemas' | 'role'>,
): Privileges => {
  const user = quotePostgresqlName(String(account?.['name']));
  if (account?.['superuser'] === true) {
    return { missing: [], excess: [{ what: 'superuser', revoke: `ALTER ROLE ${user} NOSUPERUSER;` }] };
  }
  const schemas = schemaRows.map(toPostgresqlSchemaRights);
  if (role === 'source') {
    return {
      missing: schemas.flatMap((schema) => listPostgresqlReadGrants(schema, user)),
      excess: [
        ...listExcessAttributes(account, user),
        ...schemas.flatMap((schema) => listPostgresqlExcess(schema, user)),
      ],
    };
  }
  // A target needs one schema to write to, unless config.schemas names them.
  const canCreateSomewhere = account?.['may_create'] === true || schemas.some(({ create }) => create);
  const writable = named || !canCreateSomewhere ? schemas : [];
  return { missing: writable.flatMap((schema) => listPostgresqlWriteGrants(schema, user)), excess: [] };
};

interface PostgresqlSchemaRights {
  readonly name: string;
  readonly usage: boolean;
  readonly create: boolean;
  readonly tables: number;
  readonly unreadable: number;
  /** The first unreadable tables, if the engine returns names. */
  readonly unreadableNames: readonly string[];
  readonly writable: number;
  readonly unwritable: number;
  readonly owned: number;
}

const toPostgresqlSchemaRights = (row: Readonly<Record<string, unknown>>): PostgresqlSchemaRights => {
  const names: readonly unknown[] = Array.isArray(row['names']) ? row['names'] : [];
  return {
    name: String(row['schema']),
    usage: row['usage'] === true,
    create: row['create'] === true,
    tables: Number(row['tables']),
    unreadable: Number(row['unreadable']),
    unreadableNames: names.map(String),
    writable: Number(row['writable']),
    unwritable: Number(row['unwritable']),
    owned: Number(row['owned']),
  };
};

const listPostgresqlReadGrants = (
  { name, usage, tables, unreadable, unreadableNames }: PostgresqlSchemaRights,
  user: string,
): Privileges['missing'] => {
  if (tables === 0) return [];
  const { grant } = createGrantStatements(user);
  const schema = quotePostgresqlName(name);
  const missing = usage ? [] : [grant('USAGE', `SCHEMA ${schema}`, `schema ${name}`)];
  if (unreadable === 0) return missing;
  const isShort = unreadable < tables && unreadableNames.length === unreadable;
  const on = isShort
    ? `TABLE ${unreadableNames.map((table) => `${schema}.${quotePostgresqlName(table)}`).join(', ')}`
    : `ALL TABLES IN SCHEMA ${schema}`;
  return [...missing, grant('SELECT', on, `${unreadable} of ${tables} tables of schema ${name}`)];
};

const listPostgresqlWriteGrants = (
  { name, usage, create, unwritable, tables }: PostgresqlSchemaRights,
  user: string,
): Privileges['missing'] => {
  const { grant } = createGrantStatements(user);
  const schema = `SCHEMA ${quotePostgresqlName(name)}`;
  const missing = [];
  if (!usage) missing.push(grant('USAGE', schema, `schema ${name}`));
  if (!create) missing.push(grant('CREATE', schema, `schema ${name}`));
  if (unwritable > 0) {
    const subject = `${unwritable} of ${tables} tables of schema ${name}`;
    missing.push(grant('INSERT', `ALL TABLES IN ${schema}`, subject));
  }
  return missing;
};

const listPostgresqlExcess = (
  { name, writable, owned }: PostgresqlSchemaRights,
  user: string,
): Privileges['excess'] => {
  const schema = quotePostgresqlName(name);
  if (owned > 0) {
    const comment = `${user} owns tables in schema ${schema}. Use an account that owns no tables.`;
    return [{ what: `owner of ${owned} tables of schema ${name}`, revoke: renderSqlComment(comment) }];
  }
  if (writable === 0) return [];
  const subject = `${writable} tables of schema ${name}`;
  const { revoke } = createGrantStatements(user);
  return [revoke('INSERT, UPDATE, DELETE, TRUNCATE', `ALL TABLES IN SCHEMA ${schema}`, subject)];
};

const listExcessAttributes = (
  account: Readonly<Record<string, unknown>> | undefined,
  user: string,
): Privileges['excess'] => {
  const roles: readonly unknown[] = Array.isArray(account?.['member_of']) ? account['member_of'] : [];
  return [
    ...['createrole', 'createdb', 'replication', 'bypassrls']
      .filter((attribute) => account?.[attribute] === true)
      .map((attribute) => ({ what: attribute, revoke: `ALTER ROLE ${user} NO${attribute.toUpperCase()};` })),
    ...roles.map((role) => ({
      what: `member of ${String(role)}`,
      revoke: `REVOKE ${quotePostgresqlName(String(role))} FROM ${user};`,
    })),
  ];
};

import type { Privileges } from '../connector.ts';
import type { PrivilegeQueryInput } from './privilege-queries.ts';
import { quotePostgresqlName } from './quote.ts';

/** Lists missing and excess privileges for the role, with the statements that change them. Long lists are cut, and the last item says so. */
export const readPostgresqlPrivileges = (
  account: Readonly<Record<string, unknown>> | undefined,
  schemaRows: readonly Readonly<Record<string, unknown>>[],
  { schemas: named, role }: Pick<PrivilegeQueryInput, 'schemas' | 'role'>,
): Privileges => {
  const user = quotePostgresqlName(String(account?.['name']));
  if (account?.['superuser'] === true) {
    return { missing: [], excess: [{ what: 'superuser', cure: `ALTER ROLE ${user} NOSUPERUSER;` }] };
  }
  const schemas = schemaRows.map(toPostgresqlSchemaRights);
  if (role === 'source') {
    return {
      missing: truncatePostgresqlPrivileges(
        schemas.flatMap((schema) => listPostgresqlReadGrants(schema, user)),
      ),
      excess: truncatePostgresqlPrivileges([
        ...listExcessAttributes(account, user),
        ...schemas.flatMap((schema) => listPostgresqlExcess(schema, user)),
      ]),
    };
  }
  // A target needs one schema to write to, unless config.schemas names them.
  const canCreateSomewhere = account?.['may_create'] === true || schemas.some(({ create }) => create);
  const writable = named || !canCreateSomewhere ? schemas : [];
  return {
    missing: truncatePostgresqlPrivileges(
      writable.flatMap((schema) => listPostgresqlWriteGrants(schema, user)),
    ),
    excess: [],
  };
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

const listPostgresqlReadGrants = (schema: PostgresqlSchemaRights, user: string): Privileges['missing'] => {
  const { name, usage, tables, unreadable, unreadableNames } = schema;
  if (tables === 0) return [];
  const few = unreadable < tables && unreadableNames.length === unreadable;
  const on = few
    ? `TABLE ${unreadableNames.map((table) => `${quotePostgresqlName(name)}.${quotePostgresqlName(table)}`).join(', ')}`
    : `ALL TABLES IN SCHEMA ${quotePostgresqlName(name)}`;
  return [
    ...(usage ? [] : [createUsageGrant(name, user)]),
    ...(unreadable === 0
      ? []
      : [
          {
            what: `SELECT on ${unreadable} of ${tables} tables of schema ${name}`,
            grant: `GRANT SELECT ON ${on} TO ${user};`,
          },
        ]),
  ];
};

const listPostgresqlWriteGrants = (
  { name, usage, create, unwritable, tables }: PostgresqlSchemaRights,
  user: string,
): Privileges['missing'] => [
  ...(usage ? [] : [createUsageGrant(name, user)]),
  ...(create
    ? []
    : [
        {
          what: `CREATE on schema ${name}`,
          grant: `GRANT CREATE ON SCHEMA ${quotePostgresqlName(name)} TO ${user};`,
        },
      ]),
  ...(unwritable === 0
    ? []
    : [
        {
          what: `INSERT on ${unwritable} of ${tables} tables of schema ${name}`,
          grant: `GRANT INSERT ON ALL TABLES IN SCHEMA ${quotePostgresqlName(name)} TO ${user};`,
        },
      ]),
];

const createUsageGrant = (name: string, user: string) => ({
  what: `USAGE on schema ${name}`,
  grant: `GRANT USAGE ON SCHEMA ${quotePostgresqlName(name)} TO ${user};`,
});

const listPostgresqlExcess = (
  { name, writable, owned }: PostgresqlSchemaRights,
  user: string,
): Privileges['excess'] => {
  if (owned > 0) {
    return [
      {
        what: `${owned} tables of schema ${name} are its own`,
        cure: renderPostgresqlComment(
          `${user} owns tables of ${quotePostgresqlName(name)}: use an account that owns none.`,
        ),
      },
    ];
  }
  if (writable === 0) return [];
  return [
    {
      what: `writing to ${writable} tables of schema ${name}`,
      cure: `REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA ${quotePostgresqlName(name)} FROM ${user};`,
    },
  ];
};

/** Removes line breaks in names: a second line would not be a comment, and would run. */
const renderPostgresqlComment = (text: string) => `-- ${text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')}`;

const listExcessAttributes = (
  account: Readonly<Record<string, unknown>> | undefined,
  user: string,
): Privileges['excess'] => {
  const roles: readonly unknown[] = Array.isArray(account?.['member_of']) ? account['member_of'] : [];
  return [
    ...['createrole', 'createdb', 'replication', 'bypassrls']
      .filter((attribute) => account?.[attribute] === true)
      .map((attribute) => ({ what: attribute, cure: `ALTER ROLE ${user} NO${attribute.toUpperCase()};` })),
    ...roles.map((role) => ({
      what: `member of ${String(role)}`,
      cure: `REVOKE ${quotePostgresqlName(String(role))} FROM ${user};`,
    })),
  ];
};

/** People read a remediation, so it stays short. */
const MAX_LISTED_PRIVILEGES = 20;
const truncatePostgresqlPrivileges = <Item extends object>(items: readonly Item[]): readonly Item[] => {
  if (items.length <= MAX_LISTED_PRIVILEGES) return items;
  const rest = `${items.length - MAX_LISTED_PRIVILEGES} more of the kind; name the schemas that are needed in config.schemas`;
  // The last item mentions the rest in a comment, so that the whole text can still be pasted and run.
  return items
    .slice(0, MAX_LISTED_PRIVILEGES)
    .map((item, at) => (at === MAX_LISTED_PRIVILEGES - 1 ? annotatePostgresqlPrivilege(item, rest) : item));
};
const annotatePostgresqlPrivilege = <Item extends object>(item: Item, rest: string): Item => ({
  ...item,
  ...('grant' in item && { grant: `${String(item.grant)} -- and ${rest}` }),
  ...('cure' in item && { cure: `${String(item.cure)} -- and ${rest}` }),
});

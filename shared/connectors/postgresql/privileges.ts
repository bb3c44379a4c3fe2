import type { Privileges } from '../connector.ts';
import type { Asking } from './privilege-queries.ts';
import { quote } from './quote.ts';

/** Lists missing and excess privileges for the role, with the statements that change them. Long lists are cut, and the last item says so. */
export const privilegesOf = (
  account: Readonly<Record<string, unknown>> | undefined,
  schemaRows: readonly Readonly<Record<string, unknown>>[],
  { schemas: named, role }: Pick<Asking, 'schemas' | 'role'>,
): Privileges => {
  const user = quote(String(account?.['name']));
  if (account?.['superuser'] === true) {
    return { missing: [], excess: [{ what: 'superuser', cure: `ALTER ROLE ${user} NOSUPERUSER;` }] };
  }
  const schemas = schemaRows.map(schemaOf);
  if (role === 'source') {
    return {
      missing: cut(schemas.flatMap((schema) => missingToRead(schema, user))),
      excess: cut([
        ...attributesOf(account, user),
        ...schemas.flatMap((schema) => beyondReading(schema, user)),
      ]),
    };
  }
  // A target needs one schema to write to, unless config.schemas names them.
  const somewhere = account?.['may_create'] === true || schemas.some(({ create }) => create);
  const writable = named || !somewhere ? schemas : [];
  return { missing: cut(writable.flatMap((schema) => missingToWrite(schema, user))), excess: [] };
};

interface Schema {
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

const schemaOf = (row: Readonly<Record<string, unknown>>): Schema => {
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

const missingToRead = (schema: Schema, user: string): Privileges['missing'] => {
  const { name, usage, tables, unreadable, unreadableNames } = schema;
  if (tables === 0) return [];
  const few = unreadable < tables && unreadableNames.length === unreadable;
  const on = few
    ? `TABLE ${unreadableNames.map((table) => `${quote(name)}.${quote(table)}`).join(', ')}`
    : `ALL TABLES IN SCHEMA ${quote(name)}`;
  return [
    ...(usage ? [] : [usageOf(name, user)]),
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

const missingToWrite = (
  { name, usage, create, unwritable, tables }: Schema,
  user: string,
): Privileges['missing'] => [
  ...(usage ? [] : [usageOf(name, user)]),
  ...(create
    ? []
    : [{ what: `CREATE on schema ${name}`, grant: `GRANT CREATE ON SCHEMA ${quote(name)} TO ${user};` }]),
  ...(unwritable === 0
    ? []
    : [
        {
          what: `INSERT on ${unwritable} of ${tables} tables of schema ${name}`,
          grant: `GRANT INSERT ON ALL TABLES IN SCHEMA ${quote(name)} TO ${user};`,
        },
      ]),
];

const usageOf = (name: string, user: string) => ({
  what: `USAGE on schema ${name}`,
  grant: `GRANT USAGE ON SCHEMA ${quote(name)} TO ${user};`,
});

const beyondReading = ({ name, writable, owned }: Schema, user: string): Privileges['excess'] => {
  if (owned > 0) {
    return [
      {
        what: `${owned} tables of schema ${name} are its own`,
        cure: comment(`${user} owns tables of ${quote(name)}: use an account that owns none.`),
      },
    ];
  }
  if (writable === 0) return [];
  return [
    {
      what: `writing to ${writable} tables of schema ${name}`,
      cure: `REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA ${quote(name)} FROM ${user};`,
    },
  ];
};

/** Removes line breaks in names: a second line would not be a comment, and would run. */
const comment = (text: string) => `-- ${text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')}`;

const attributesOf = (
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
      cure: `REVOKE ${quote(String(role))} FROM ${user};`,
    })),
  ];
};

/** People read a remediation, so it stays short. */
const most = 20;
const cut = <Item extends object>(items: readonly Item[]): readonly Item[] => {
  if (items.length <= most) return items;
  const rest = `${items.length - most} more of the kind; name the schemas that are needed in config.schemas`;
  // The last item mentions the rest in a comment, so that the whole text can still be pasted and run.
  return items.slice(0, most).map((item, at) => (at === most - 1 ? annotated(item, rest) : item));
};
const annotated = <Item extends object>(item: Item, rest: string): Item => ({
  ...item,
  ...('grant' in item && { grant: `${String(item.grant)} -- and ${rest}` }),
  ...('cure' in item && { cure: `${String(item.cure)} -- and ${rest}` }),
});
